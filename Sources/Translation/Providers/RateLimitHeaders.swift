import Routing
import Wire

/// What a reply's head says of the account's limits at the provider: `x-ratelimit-*` as OpenAI, Azure, Groq, Together, xAI and
/// Mistral send it, `anthropic-ratelimit-*` as Anthropic does (from recorded replies of each).
public struct RateLimitHeaders: Sendable {
    public private(set) var limits = AccountLimits()
    public private(set) var isEmpty = true
    /// Unix milliseconds.
    private let now: Int64

    public init(now: Int64) { self.now = now }

    /// Whether a field could be one of these, by its length and first letters: most are not.
    @inline(__always)
    public static func mayTake(_ name: UnsafeRawBufferPointer) -> Bool {
        guard name.count >= 20 else { return false }
        let first = name[0] | 0x20
        let other = name[1] | 0x20
        return (first == UInt8(ascii: "x") && other == UInt8(ascii: "-") && name[2] | 0x20 == UInt8(ascii: "r"))
            || (first == UInt8(ascii: "a") && other == UInt8(ascii: "n") && name[2] | 0x20 == UInt8(ascii: "t"))
    }

    private enum Meaning { case requests, requestsReset, tokens, tokensReset }

    private static let meanings: [(name: StaticString, meaning: Meaning)] = [
        ("x-ratelimit-remaining-requests", .requests), ("x-ratelimit-reset-requests", .requestsReset),
        ("x-ratelimit-remaining-tokens", .tokens), ("x-ratelimit-reset-tokens", .tokensReset),
        ("anthropic-ratelimit-requests-remaining", .requests), ("anthropic-ratelimit-requests-reset", .requestsReset),
        ("anthropic-ratelimit-tokens-remaining", .tokens), ("anthropic-ratelimit-tokens-reset", .tokensReset),
        ("anthropic-ratelimit-input-tokens-remaining", .tokens), ("anthropic-ratelimit-input-tokens-reset", .tokensReset),
        // Mistral counts a minute and does not say when it ends.
        ("x-ratelimit-remaining-req-minute", .requests), ("x-ratelimit-remaining-tokens-minute", .tokens),
        ("x-ratelimitbysize-remaining-minute", .tokens),
    ]

    /// Of several that mean the same the tightest counts.
    public mutating func take(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
        guard let meaning = Self.meanings.first(where: { Self.matches(name, $0.name) })?.meaning else { return }
        switch meaning {
        case .requests: if let count = Self.count(value) { limits.requestsRemaining = min(limits.requestsRemaining ?? .max, count) }
        case .tokens: if let count = Self.count(value) { limits.tokensRemaining = min(limits.tokensRemaining ?? .max, count) }
        case .requestsReset: limits.requestsResetIn = ResetTime.parse(value, now: now) ?? limits.requestsResetIn
        case .tokensReset: limits.tokensResetIn = ResetTime.parse(value, now: now) ?? limits.tokensResetIn
        }
        isEmpty = limits.requestsRemaining == nil && limits.tokensRemaining == nil
    }

    private static func matches(_ name: UnsafeRawBufferPointer, _ wanted: StaticString) -> Bool {
        guard name.count == wanted.utf8CodeUnitCount else { return false }
        for at in 0..<name.count {
            let byte = name[at]
            if (byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte) != wanted.utf8Start[at] { return false }
        }
        return true
    }

    /// A whole number, zero or more; providers also send `-1` and floats, which say nothing.
    private static func count(_ value: UnsafeRawBufferPointer) -> Int? {
        guard !value.isEmpty, value.count <= 15 else { return nil }
        var sum = 0
        for byte in value {
            guard byte >= 0x30, byte <= 0x39 else { return nil }
            sum = sum * 10 + Int(byte - 0x30)
        }
        return sum
    }
}
