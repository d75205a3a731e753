import Wire

/// Base64 of what is short or rare: sealed state and text documents. Media travel as they are.
public enum Base64 {
    private static let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func encode(_ text: TextSlice) -> String {
        var plain: [UInt8] = []
        text.decode { plain.append($0) }
        return encode(plain)
    }

    /// The text in the standard alphabet: itself, unless it has letters of the one for addresses, which Google's SDK writes.
    static func standard(_ text: TextSlice, _ conversation: Conversation) -> TextSlice {
        guard text.bytes.contains(where: { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }) else { return text }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.bytes.count)
        text.decode { byte in
            bytes.append(byte == UInt8(ascii: "-") ? UInt8(ascii: "+") : byte == UInt8(ascii: "_") ? UInt8(ascii: "/") : byte)
        }
        return conversation.keep(bytes)
    }

    static func encode(_ bytes: [UInt8]) -> String {
        var out: [UInt8] = []
        out.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let count = min(3, bytes.count - start)
            var group: UInt32 = 0
            for i in 0..<3 { group = group << 8 | (i < count ? UInt32(bytes[start + i]) : 0) }
            for i in 0..<4 { out.append(i <= count ? letters[Int(group >> UInt32(18 - 6 * i)) & 63] : UInt8(ascii: "=")) }
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// The same of bytes as they are.
    public static func decode(plain bytes: UnsafeRawBufferPointer) -> [UInt8]? { decode(TextSlice(plain: bytes)) }

    /// Either alphabet, with or without padding. Nil: it is no base64.
    static func decode(_ text: TextSlice) -> [UInt8]? {
        var out: [UInt8] = []
        var group: UInt32 = 0
        var bits = 0
        var isValid = true
        text.decode { byte in
            let value: UInt32
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = UInt32(byte) - 65
            case UInt8(ascii: "a")...UInt8(ascii: "z"): value = UInt32(byte) - 71
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = UInt32(byte) + 4
            case UInt8(ascii: "+"), UInt8(ascii: "-"): value = 62
            case UInt8(ascii: "/"), UInt8(ascii: "_"): value = 63
            case UInt8(ascii: "="): return
            default:
                isValid = false
                return
            }
            group = group << 6 | value
            bits += 6
            if bits >= 8 {
                bits -= 8
                out.append(UInt8(truncatingIfNeeded: group >> UInt32(bits)))
            }
        }
        return isValid ? out : nil
    }
}
