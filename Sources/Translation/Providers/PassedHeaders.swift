import Wire

/// The headers of a provider's reply that a client gets to see: an allow list, since others say more than a client should
/// know (cookies, server names) or are about a connection that is not the client's.
///
/// Request ids, timings and rate limits of OpenAI and those who follow it (API reference, "Debugging requests", read 2026-11).
public enum PassedHeaders {
    /// `name` in any case.
    public static func pass(_ name: UnsafeRawBufferPointer) -> Bool {
        guard let first = name.first else { return false }
        switch (first | 0x20, name.count) {
        case (UInt8(ascii: "c"), 12): return name.isLower("content-type")
        case (UInt8(ascii: "o"), 12): return name.isLower("openai-model")
        case (UInt8(ascii: "o"), 14): return name.isLower("openai-version")
        case (UInt8(ascii: "o"), 20): return name.isLower("openai-processing-ms")
        case (UInt8(ascii: "r"), 11): return name.isLower("retry-after")
        case (UInt8(ascii: "r"), 14): return name.isLower("retry-after-ms")
        case (UInt8(ascii: "x"), 12): return name.isLower("x-request-id")
        case (UInt8(ascii: "x"), 14): return name.isLower("x-should-retry")
        case (UInt8(ascii: "x"), 13...): return UnsafeRawBufferPointer(rebasing: name[..<12]).isLower("x-ratelimit-")
        default: return false
        }
    }
}

extension UnsafeRawBufferPointer {
    /// Whether the bytes are `text`, which is in lower case, in any case of ASCII letters.
    fileprivate func isLower(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        for at in 0..<count {
            let byte = self[at]
            let lower = byte &- 0x41 < 26 ? byte | 0x20 : byte
            if lower != text.utf8Start[at] { return false }
        }
        return true
    }
}
