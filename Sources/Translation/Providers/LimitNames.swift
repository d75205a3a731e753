import NIOCore
import Routing
import Wire

/// The names that clients of a dialect read an account's limits by: `x-ratelimit-…` and spans such as `12s` in OpenAI's, `anthropic-
/// ratelimit-…` and moments in Anthropic's. Google's and AWS's SDKs read none.
public enum LimitNames {
    private enum Style { case openAI, anthropic }

    private static func style(of api: API) -> Style? {
        switch api {
        case .messages, .countTokens: .anthropic
        case .chatCompletions, .completions, .embeddings, .responses: .openAI
        default: nil
        }
    }

    /// The client's own names are among the lines already, or it has none.
    public static func areIn(_ lines: ByteBuffer, for api: API) -> Bool {
        guard let style = style(of: api) else { return true }
        return lines.withUnsafeReadableBytes { bytes in
            style == .anthropic ? bytes.contains("anthropic-ratelimit-") : bytes.contains("x-ratelimit-remaining-")
        }
    }

    /// What is left of a limit of ours. `what` is `requests` or `tokens`; clients of Anthropic's API read its names, all others OpenAI's.
    public static func write(
        _ what: String, limit: Int64, remaining: Int64, resetIn: Duration?, for api: API, moment: (Duration) -> String, into lines: inout ByteBuffer
    ) {
        if style(of: api) == .anthropic {
            lines.writeString("anthropic-ratelimit-\(what)-limit: \(limit)\r\nanthropic-ratelimit-\(what)-remaining: \(remaining)\r\n")
            if let resetIn { lines.writeString("anthropic-ratelimit-\(what)-reset: \(moment(resetIn))\r\n") }
            return
        }
        lines.writeString("x-ratelimit-limit-\(what): \(limit)\r\nx-ratelimit-remaining-\(what): \(remaining)\r\n")
        if let resetIn { lines.writeString("x-ratelimit-reset-\(what): \(span(resetIn.nanoseconds / 1_000_000))\r\n") }
    }

    /// As OpenAI writes spans: `250ms`, `12.5s`, `6m0s`, `1h2m3s`.
    public static func span(_ milliseconds: Int64) -> String {
        if milliseconds < 1_000 { return "\(milliseconds)ms" }
        let seconds = milliseconds / 1_000
        if seconds < 60 {
            let tenths = milliseconds % 1_000 / 100
            return tenths == 0 ? "\(seconds)s" : "\(seconds).\(tenths)s"
        }
        let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60)
        return (hours > 0 ? "\(hours)h" : "") + "\(minutes)m\(seconds % 60)s"
    }

    /// - Parameter moment: What the clock will say after a while, as RFC 3339 writes it.
    public static func write(_ limits: AccountLimits, for api: API, moment: (Duration) -> String, into lines: inout ByteBuffer) {
        let all = [("requests", limits.requestsRemaining, limits.requestsResetIn), ("tokens", limits.tokensRemaining, limits.tokensResetIn)]
        for (what, remaining, resetIn) in all {
            guard let remaining else { continue }
            switch style(of: api) {
            case .openAI:
                lines.writeString("x-ratelimit-remaining-\(what): \(remaining)\r\n")
                if let resetIn { lines.writeString("x-ratelimit-reset-\(what): \(resetIn.nanoseconds / 1_000_000)ms\r\n") }
            case .anthropic:
                lines.writeString("anthropic-ratelimit-\(what)-remaining: \(remaining)\r\n")
                if let resetIn { lines.writeString("anthropic-ratelimit-\(what)-reset: \(moment(resetIn))\r\n") }
            case nil: return
            }
        }
    }
}
