/// Pieces of base64 (RFC 4648, both alphabets, with or without padding, in lines or not) that decode to text. What instructions are hidden
/// in is short; of longer pieces the first `maxLength` characters are looked at.
enum Base64Payloads {
    static let minLength = 16
    static let maxLength = 4096

    /// Each character is read once to find the pieces and once to decode them.
    static func find(in text: UnsafeBufferPointer<UInt8>, _ found: (Range<Int>, [UInt8]) -> Void) {
        var index = 0
        while index < text.count {
            guard value(text[index]) != nil else {
                index += 1
                continue
            }
            let start = index
            var line = start
            while index < text.count {
                if value(text[index]) != nil {
                    index += 1
                } else if let next = continuation(text, at: index, lineStart: line) {
                    (index, line) = (next, next)
                } else {
                    break
                }
            }
            let end = index
            while index < text.count, text[index] == UInt8(ascii: "=") { index += 1 }
            guard end - start >= minLength, let bytes = decoded(UnsafeBufferPointer(rebasing: text[start..<min(end, start + maxLength)])) else {
                continue
            }
            found(start..<index, bytes)
        }
    }

    /// Lines of encoded text are long and of whole groups.
    static func continuation(_ text: UnsafeBufferPointer<UInt8>, at index: Int, lineStart: Int) -> Int? {
        let length = index - lineStart
        guard length >= 60, length % 4 == 0 else { return nil }
        var next = index
        if text[next] == UInt8(ascii: "\r") { next += 1 }
        guard next < text.count, text[next] == UInt8(ascii: "\n"), next + 1 < text.count, value(text[next + 1]) != nil else { return nil }
        return next + 1
    }

    /// Nil as soon as it is no text.
    static func decoded(_ encoded: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        var result: [UInt8] = []
        result.reserveCapacity(encoded.count / 4 * 3 + 2)
        var bits: UInt32 = 0
        var held: UInt32 = 0
        var letters = 0
        for byte in encoded {
            guard let six = value(byte) else { continue }
            bits = bits << 6 | UInt32(six)
            held += 6
            guard held >= 8 else { continue }
            held -= 8
            let plain = UInt8(truncatingIfNeeded: bits >> held)
            let isText = plain >= 0x20 && plain != 0x7F || plain == 0x0A || plain == 0x0D || plain == 0x09
            guard isText else { return nil }
            if (plain | 0x20) &- 0x61 < 26 || plain >= 0x80 || plain == 0x20 { letters += 1 }
            result.append(plain)
        }
        guard letters * 4 >= result.count * 3, isUTF8(result) else { return nil }
        return result
    }

    /// A character cut off at the end is no mistake.
    private static func isUTF8(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBufferPointer { text in
            var index = 0
            while index < text.count {
                let (scalar, length) = UTF8Scalar.decode(text, at: index)
                if scalar == UTF8Scalar.broken { return text.count - index < 4 && index > 0 }
                index += length
            }
            return true
        }
    }

    static func value(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte - 0x41
        case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - 0x61 + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - 0x30 + 52
        case UInt8(ascii: "+"), UInt8(ascii: "-"): 62
        case UInt8(ascii: "/"), UInt8(ascii: "_"): 63
        default: nil
        }
    }
}
