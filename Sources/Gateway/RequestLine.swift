import Routing
import Storage
import Translation

/// One request's line in the access log. Always the same keys; never a prompt, a reply or a key's secret.
struct RequestLine {
    private static let nothing = QuotedText("")

    var id: RequestID
    var status: Int
    /// done, failed, cancelled; refused where no exchange began.
    var outcome: StaticString
    var key = nothing
    var route = nothing
    var deployment = nothing
    var api: StaticString = ""
    var fault: StaticString = ""
    /// What failed, in words for an operator.
    var detail = ""
    /// Nil for a refused request.
    var entry: LedgerEntry?

    init(id: RequestID, status: Int, outcome: StaticString) {
        self.id = id
        self.status = status
        self.outcome = outcome
    }

    func write(_ time: inout Timestamp.Cache) -> LogLine {
        var line = LogLine()
        line.time(&time, WallClock.milliseconds())
        line.plain("level", entry?.state == .done ? "info" : "notice")
        line.plain("message", "request")
        line.requestID(id)
        line.quoted("key", key)
        line.plain("api", api)
        line.quoted("route", route)
        line.quoted("deployment", deployment)
        line.number("status", Int64(status))
        line.plain("outcome", outcome)
        line.plain("fault", fault)
        line.text("detail", detail)
        line.number("attempts", Int64(entry?.attempts ?? 0))
        line.flag("stream", entry?.streamed ?? false)
        line.number("input_tokens", entry?.usage.totalInput ?? 0)
        line.number("output_tokens", entry?.usage.totalOutput ?? 0)
        line.number("cost_nanodollars", entry?.cost.amount ?? 0)
        line.number("duration_us", entry?.durationMicroseconds ?? 0)
        line.number("first_byte_us", entry?.firstByteMicroseconds ?? 0)
        if let entry, entry.receivedBytes | entry.sentBytes != 0 {
            line.number("received_bytes", entry.receivedBytes)
            line.number("sent_bytes", entry.sentBytes)
        }
        line.end()
        return line
    }
}
