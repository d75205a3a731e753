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

    /// The beginnings of the lines that say how a limit of ours stands; all but the first with the end of the line before.
    public struct Names: Sendable {
        public let limit: StaticString
        public let remaining: StaticString
        public let reset: StaticString
        /// Moments as RFC 3339 writes them, else spans such as `6m0s`.
        public let resetsAtMoments: Bool
    }

    /// Clients of Anthropic's API read its names, all others OpenAI's.
    public static func requests(for api: API) -> Names { style(of: api) == .anthropic ? anthropicRequests : openAIRequests }
    public static func tokens(for api: API) -> Names { style(of: api) == .anthropic ? anthropicTokens : openAITokens }

    private static let openAIRequests = Names(
        limit: "x-ratelimit-limit-requests: ", remaining: "\r\nx-ratelimit-remaining-requests: ", reset: "\r\nx-ratelimit-reset-requests: ",
        resetsAtMoments: false)
    private static let openAITokens = Names(
        limit: "x-ratelimit-limit-tokens: ", remaining: "\r\nx-ratelimit-remaining-tokens: ", reset: "\r\nx-ratelimit-reset-tokens: ",
        resetsAtMoments: false)
    private static let anthropicRequests = Names(
        limit: "anthropic-ratelimit-requests-limit: ", remaining: "\r\nanthropic-ratelimit-requests-remaining: ",
        reset: "\r\nanthropic-ratelimit-requests-reset: ", resetsAtMoments: true)
    private static let anthropicTokens = Names(
        limit: "anthropic-ratelimit-tokens-limit: ", remaining: "\r\nanthropic-ratelimit-tokens-remaining: ",
        reset: "\r\nanthropic-ratelimit-tokens-reset: ", resetsAtMoments: true)

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
