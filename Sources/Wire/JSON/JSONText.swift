import CBytes

extension JSONScanner {
    /// Whether `text` says `word`, however it is escaped. `word` is ASCII. Most answers follow from the lengths.
    @inlinable @inline(__always) public func text(_ text: JSONText, is word: StaticString) -> Bool {
        if text.range.count == word.utf8CodeUnitCount { return sameText(text, word) }
        return text.escaped && escapedText(text, is: word)
    }

    /// Of equal length: an escape would make the text shorter than its bytes, so an escaped one is another.
    @inlinable @inline(__always) func sameText(_ text: JSONText, _ word: StaticString) -> Bool {
        cjson_same(grammar.base + Int(text.range.start), word.utf8Start, word.utf8CodeUnitCount) != 0
    }

    @usableFromInline func escapedText(_ text: JSONText, is word: StaticString) -> Bool {
        let bytes = UnsafeRawBufferPointer(start: grammar.base + Int(text.range.start), count: text.range.count)
        var matched = 0
        var same = true
        JSONEscapes.decode(bytes) { byte in
            if matched < word.utf8CodeUnitCount, word.utf8Start[matched] == byte { matched += 1 } else { same = false }
        }
        return same && matched == word.utf8CodeUnitCount
    }

    /// The text with its escapes undone, as a `String`: for names and messages, not for the path of a request.
    public func decoded(_ text: JSONText) -> String {
        JSONEscapes.decoded(UnsafeRawBufferPointer(start: grammar.base + Int(text.range.start), count: text.range.count))
    }
}

/// Escapes of JSON strings, there and back.
public enum JSONEscapes {
    /// Hands out the bytes of a validated string's text with its escapes undone, as UTF-8. A lone surrogate becomes U+FFFD.
    public static func decode(_ bytes: UnsafeRawBufferPointer, _ emit: (UInt8) -> Void) {
        var i = 0
        while i < bytes.count {
            let byte = bytes[i]
            guard byte == UInt8(ascii: "\\"), i + 1 < bytes.count else {
                emit(byte)
                i += 1
                continue
            }
            i += 2
            switch bytes[i - 1] {
            case UInt8(ascii: "b"): emit(0x08)
            case UInt8(ascii: "f"): emit(0x0c)
            case UInt8(ascii: "n"): emit(0x0a)
            case UInt8(ascii: "r"): emit(0x0d)
            case UInt8(ascii: "t"): emit(0x09)
            case UInt8(ascii: "u"): UTF8.encode(scalar(bytes, &i)).map { $0.forEach(emit) }
            case let other: emit(other)
            }
        }
    }

    public static func decoded(_ bytes: UnsafeRawBufferPointer) -> String {
        var plain: [UInt8] = []
        plain.reserveCapacity(bytes.count)
        decode(bytes) { plain.append($0) }
        return String(decoding: plain, as: UTF8.self)
    }

    /// Reads the four digits at `i`, and the escape after it where both are a surrogate pair.
    private static func scalar(_ bytes: UnsafeRawBufferPointer, _ i: inout Int) -> Unicode.Scalar {
        let first = hex(bytes, i)
        i += 4
        if let scalar = Unicode.Scalar(first) { return scalar }
        let low = 0xdc00...0xdfff as ClosedRange<UInt32>
        if first < 0xdc00, i + 5 < bytes.count, bytes[i] == UInt8(ascii: "\\"), bytes[i + 1] == UInt8(ascii: "u") {
            let second = hex(bytes, i + 2)
            if low.contains(second), let scalar = Unicode.Scalar(0x10000 + (first - 0xd800) << 10 + (second - 0xdc00)) {
                i += 6
                return scalar
            }
        }
        return "\u{fffd}"
    }

    private static func hex(_ bytes: UnsafeRawBufferPointer, _ start: Int) -> UInt32 {
        var value: UInt32 = 0
        for i in start..<min(start + 4, bytes.count) {
            let digit = bytes[i]
            value = value << 4 | UInt32(digit <= UInt8(ascii: "9") ? digit & 0xf : (digit & 0x7) + 9)
        }
        return value
    }
}
