import Wire

/// White space that JSON does not need. Strings and numbers keep every byte.
enum WhiteSpace {
    /// Between the tokens of `json`, which is valid.
    static func cuts(of json: UnsafeRawBufferPointer) -> Cuts {
        var cuts = Cuts()
        var isString = false
        var at = 0
        while at < json.count {
            let byte = json[at]
            if isString {
                if byte == UInt8(ascii: "\\") { at += 1 } else if byte == UInt8(ascii: "\"") { isString = false }
            } else if byte == UInt8(ascii: "\"") {
                isString = true
            } else if isSpace(byte) {
                cuts.cut(at, at + 1)
            }
            at += 1
        }
        return cuts
    }

    /// Within a string of `body` that holds an object or an array as text, as places in `body`. Another string has none.
    static func cut(text: JSONText, of body: UnsafeRawBufferPointer, from cuts: inout Cuts) {
        let raw = text.range.of(body)
        guard isContainer(raw) else { return }
        let start = Int(text.range.start)
        var (isString, isEscaped) = (false, false)
        var at = 0
        while at < raw.count {
            let (byte, length) = unit(raw, at)
            if isEscaped {
                isEscaped = false
            } else if isString {
                if byte == UInt8(ascii: "\\") { isEscaped = true } else if byte == UInt8(ascii: "\"") { isString = false }
            } else if byte == UInt8(ascii: "\"") {
                isString = true
            } else if isSpace(byte) {
                cuts.cut(start + at, start + at + length)
            }
            at += length
        }
    }

    /// Whether a string's text, with its escapes undone, is an object or an array and nothing else.
    private static func isContainer(_ raw: UnsafeRawBufferPointer) -> Bool {
        var at = 0
        while at < raw.count {
            let (byte, length) = unit(raw, at)
            if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") { break }
            guard isSpace(byte) else { return false }
            at += length
        }
        guard at < raw.count else { return false }
        var plain: [UInt8] = []
        plain.reserveCapacity(raw.count)
        JSONEscapes.decode(raw) { plain.append($0) }
        return plain.withUnsafeBytes { plain in
            do throws(JSONProblem) {
                try JSONScanner.validate(plain)
                return true
            } catch { return false }
        }
    }

    /// A character of a string's text and how many bytes it takes there; 0xff for one that is none of ASCII's.
    private static func unit(_ raw: UnsafeRawBufferPointer, _ at: Int) -> (byte: UInt8, length: Int) {
        guard raw[at] == UInt8(ascii: "\\"), at + 1 < raw.count else { return (raw[at], 1) }
        switch raw[at + 1] {
        case UInt8(ascii: "n"): return (0x0a, 2)
        case UInt8(ascii: "r"): return (0x0d, 2)
        case UInt8(ascii: "t"): return (0x09, 2)
        case UInt8(ascii: "b"), UInt8(ascii: "f"): return (0xff, 2)
        case UInt8(ascii: "u"):
            guard at + 6 <= raw.count else { return (0xff, raw.count - at) }
            guard raw[at + 2] == UInt8(ascii: "0"), raw[at + 3] == UInt8(ascii: "0") else { return (0xff, 6) }
            let value = hex(raw[at + 4]) << 4 | hex(raw[at + 5])
            return (value < 0x80 ? value : 0xff, 6)
        case let other: return (other, 2)
        }
    }

    private static func hex(_ digit: UInt8) -> UInt8 { digit <= UInt8(ascii: "9") ? digit & 0xf : (digit & 0x7) &+ 9 }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 }
}
