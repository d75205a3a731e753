import Wire

/// The headers of a provider's reply that a client gets to see: an allow list, since others say more than a client should
/// know (cookies, server names) or are about a connection that is not the client's.
///
/// Request ids, timings and rate limits of OpenAI and those who follow it (API reference, "Debugging requests", read 2026-11), and
/// of Anthropic (API reference, "Response headers" and "Rate limits", read 2026-11).
public enum PassedHeaders {
    /// `name` in any case.
    @inlinable public static func pass(_ name: UnsafeRawBufferPointer) -> Bool {
        switch name.count {
        case 10: return name.isLowered("request-id")
        case 11: return name.isLowered("retry-after")
        case 12: return name.isLowered("content-type") || name.isLowered("x-request-id") || name.isLowered("openai-model")
        case 14: if name.isLowered("x-should-retry") || name.isLowered("retry-after-ms") || name.isLowered("openai-version") { return true }
        case 20: if name.isLowered("openai-processing-ms") { return true }
        case ..<13: return false
        default: break
        }
        return name.beginsLowered("x-ratelimit-") || name.beginsLowered("anthropic-ratelimit-")
    }

    /// Those of them that say when to come back, beside `retry-after`: they belong to an error too.
    public static func isLimit(_ name: UnsafeRawBufferPointer) -> Bool {
        name.beginsLowered("x-ratelimit-") || name.beginsLowered("anthropic-ratelimit-") || name.isLowered("retry-after-ms")
            || name.isLowered("x-should-retry")
    }
}
