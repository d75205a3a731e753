import Routing
import Settings
import Storage
import Translation

/// The end of an exchange in numbers: its row for the ledger, its counts, its line in the access log.
struct Settlement {
    let entry: LedgerEntry
    private let exchange: Exchange
    private let duration: Duration
    private let firstByte: Duration?
    private let cost: Nanodollars?

    init(
        _ exchange: Exchange, _ state: LedgerState, fault: Fault?, status: Int, usage: Usage, firstByte: Instant?, at now: Instant
    ) {
        self.exchange = exchange
        duration = now - exchange.started
        self.firstByte = firstByte.map { $0 - exchange.started }
        // Nothing was produced: nothing is owed, whatever the price.
        cost = usage == Usage() ? .zero : exchange.target.flatMap { $0.price?.cost(of: usage) }
        var entry = LedgerEntry(id: exchange.id, startedUnixMilliseconds: exchange.id.unixMilliseconds)
        entry.durationMicroseconds = duration.microseconds
        entry.firstByteMicroseconds = self.firstByte?.microseconds
        let names = exchange.live.numbers
        entry.key = names.keys[exchange.request.key]
        entry.route = names.routes[exchange.request.model.route]
        entry.model = entry.route
        if let deployment = exchange.deployment { entry.deployment = names.deployments[deployment] }
        entry.usage = usage
        entry.cost = cost ?? .zero
        entry.priced = cost != nil
        entry.api = exchange.request.api.rawValue
        entry.status = UInt16(clamping: status)
        entry.attempts = UInt8(clamping: exchange.attemptCount)
        entry.state = state
        entry.fault = fault
        entry.streamed = exchange.request.call.stream
        entry.attemptLog = exchange.attempts
        self.entry = entry
    }

    func count(in counters: inout Counters) {
        counters.inFlight -= 1
        counters.request(exchange.request.api, status: Int(entry.status))
        counters.duration.add(duration)
        if let firstByte { counters.firstByte.add(firstByte) }
        if let deployment = exchange.deployment, entry.usage != Usage() {
            counters.charge(entry.usage, cost: cost, deployment: deployment)
        }
    }

    func log(to lane: AccessLog.Lane) {
        guard lane.enabled else { return }
        let live = exchange.live
        var line = RequestLine(id: exchange.id, status: Int(entry.status), outcome: entry.state.name)
        line.key = live.keyName(exchange.request.key)
        line.api = exchange.request.api.name
        line.route = live.routeName(exchange.request.model.route)
        line.deployment = exchange.deployment.map { live.deploymentName($0) } ?? ""
        line.fault = entry.fault?.name ?? ""
        line.detail = entry.state == .done ? "" : exchange.lastDetail ?? ""
        line.entry = entry
        lane.add(line.json)
    }
}

/// One request's line in the access log. Always the same keys; never a prompt, a reply or a key's secret.
struct RequestLine {
    var id: RequestID
    var status: Int
    /// done, failed, cancelled; refused where no exchange began.
    var outcome: String
    var key = ""
    var api = ""
    var route = ""
    var deployment = ""
    var fault = ""
    /// What failed, in words for an operator.
    var detail = ""
    /// Nil for a refused request.
    var entry: LedgerEntry?

    init(id: RequestID, status: Int, outcome: String) {
        self.id = id
        self.status = status
        self.outcome = outcome
    }

    var json: LogLine {
        var line = LogLine()
        line.text("time", Timestamp.now())
        line.text("level", outcome == "done" ? "info" : "notice")
        line.text("message", "request")
        line.text("request_id", id.description)
        line.text("key", key)
        line.text("api", api)
        line.text("route", route)
        line.text("deployment", deployment)
        line.number("status", Int64(status))
        line.text("outcome", outcome)
        line.text("fault", fault)
        line.text("detail", detail)
        line.number("attempts", Int64(entry?.attempts ?? 0))
        line.flag("stream", entry?.streamed ?? false)
        line.number("input_tokens", entry?.usage.totalInput ?? 0)
        line.number("output_tokens", entry?.usage.totalOutput ?? 0)
        line.number("cost_nanodollars", entry?.cost.amount ?? 0)
        line.number("duration_us", entry?.durationMicroseconds ?? 0)
        line.number("first_byte_us", entry?.firstByteMicroseconds ?? 0)
        line.end()
        return line
    }
}

extension Duration {
    var microseconds: Int64 { nanoseconds / 1_000 }
}
