/// What a character is to the scorers; the same as `training/guardrails/fold.py`.
enum CharacterKind: UInt8 {
    case letter, digit
    /// Of a script without spaces, read by pairs and triples.
    case dense
    case space, line
    case mark
    /// As though it were not there: accents, variation selectors.
    case skip
    /// Not seen by a reader and used to hide: zero width, directions, tags.
    case unseen
    case other
}

/// A kind, and the code point that a character is read as: without accents, in lower case.
struct FoldedCharacter {
    var kind: CharacterKind
    var reading: UInt32

    init(_ kind: CharacterKind, _ reading: UInt32) {
        self.kind = kind
        self.reading = reading
    }

    /// From an entry of the table in the weights.
    init(entry: UInt16) {
        kind = CharacterKind(rawValue: UInt8(truncatingIfNeeded: entry >> 12)) ?? .other
        reading = UInt32(entry & 0xFFF)
    }

    /// Code points from U+0800 on, but for the Latin letters of U+1E00…U+1EFF, which stand in the table.
    init(far code: UInt32, ascii fold: UnsafePointer<UInt16>) {
        switch code {
        case 0x2000...0x206F: self = Self.punctuation(code)
        case 0x300C, 0x300D, 0x300E, 0x300F: self.init(.mark, 0x22)
        case 0x3002: self.init(.mark, 0x2E)
        case 0x3001: self.init(.mark, 0x2C)
        case 0x3010: self.init(.mark, 0x5B)
        case 0x3011: self.init(.mark, 0x5D)
        case 0x0964, 0x0965: self.init(.mark, 0x2E)
        case 0xFF01...0xFF5E: self.init(entry: fold[Int(code - 0xFEE0)])
        case 0x1D400...0x1D6A3: self.init(.letter, 0x61 + (code - 0x1D400) % 26)
        case 0x1D7CE...0x1D7FF: self.init(.digit, 0x30 + (code - 0x1D7CE) % 10)
        case 0xFE00...0xFE0F: self.init(.skip, 0)
        case 0xFEFF, 0xE0000...0xE007F: self.init(.unseen, 0)
        case 0x3000: self.init(.space, 0x20)
        case 0x2070...0x2E7F, 0x3003...0x303F, 0xFFFC, 0xFFFD, 0x30FB: self.init(.other, 0x20)
        case 0x0966...0x096F: self.init(.digit, 0x30 + (code - 0x0966))
        case 0x0E00...0x0EFF, 0x1000...0x109F, 0x1780...0x17FF, 0x2E80...0x9FFF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFF66...0xFF9F,
            0x20000...0x3FFFF:
            self.init(.dense, code)
        case 0x0800...0xABFF, 0xFB00...0xFDFF, 0xFE70...0xFEFC: self.init(.letter, code)
        default: self.init(.other, 0x20)
        }
    }

    private static func punctuation(_ code: UInt32) -> Self {
        switch code {
        case 0x2018, 0x2019, 0x201A: Self(.mark, 0x27)
        case 0x201C, 0x201D, 0x201E, 0x2039, 0x203A: Self(.mark, 0x22)
        case 0x2026: Self(.mark, 0x2E)
        case 0x2013, 0x2014, 0x2022: Self(.mark, 0x2D)
        case 0x200C, 0x200D: Self(.skip, 0)
        case 0x200B, 0x200E, 0x200F, 0x202A...0x202E, 0x2060...0x2069: Self(.unseen, 0)
        case 0x2000...0x200A, 0x202F, 0x205F: Self(.space, 0x20)
        default: Self(.other, 0x20)
        }
    }
}
