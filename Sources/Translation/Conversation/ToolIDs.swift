import Wire

/// Ids of tool calls under the rules of the dialect they go to. The same id always becomes the same one, in the call and in
/// its result, this turn and the next: it is kept where it fits and else derived from its bytes.
public enum ToolIDs {
    public enum Rule: Sendable {
        case any
        /// Mistral: exactly nine of [a-zA-Z0-9].
        case nineAlphanumerics
        /// Anthropic: [a-zA-Z0-9_-]+.
        case wordsAndDashes
        /// Bedrock: [a-zA-Z0-9_.:-]{1,64}.
        case bedrock
    }

    public static func fit(_ id: TextSlice, _ rule: Rule, _ conversation: Conversation) -> TextSlice {
        if !id.hasEscapes, fits(id.bytes, rule) { return id }
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        id.decode { hash = (hash ^ UInt64($0)) &* 0x0000_0100_0000_01b3 }
        hash ^= hash >> 29
        hash = hash &* 0xbf58_476d_1ce4_e5b9
        hash ^= hash >> 32
        return conversation.keep(rule == .nineAlphanumerics ? letters(&hash, 9) : Array("toolu_".utf8) + letters(&hash, 10))
    }

    private static func fits(_ id: UnsafeRawBufferPointer, _ rule: Rule) -> Bool {
        switch rule {
        case .any: true
        case .nineAlphanumerics: id.count == 9 && id.allSatisfy { isAlphanumeric($0) }
        case .wordsAndDashes: !id.isEmpty && id.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-") }
        case .bedrock: (1...64).contains(id.count) && id.allSatisfy { isAlphanumeric($0) || "_.:-".utf8.contains($0) }
        }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 26 }

    /// Nine of 62 letters are 53 bits, ten 59: a conversation has not so many calls that two would meet.
    private static func letters(_ hash: inout UInt64, _ count: Int) -> [UInt8] {
        let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
        return (0..<count).map { _ in
            defer { hash /= 62 }
            return alphabet[Int(hash % 62)]
        }
    }
}
