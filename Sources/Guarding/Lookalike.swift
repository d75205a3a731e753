/// What characters look like (Unicode Technical Standard 39, confusables.txt, version 16; the part that shows Latin letters, digits and
/// ASCII signs), and which are not seen at all.
enum Lookalike {
    enum Shape {
        /// Read as it is.
        case kept
        /// Without width.
        case nothing
        /// Nobody writes with it but for its looks: always read as this.
        case styled(UInt32)
        case pair(UInt32, UInt32)
        /// A letter of another script: read as this in a word that is Latin otherwise. A twin cannot be told from it.
        case twin(UInt32)
        case alike(UInt32)
        /// Combines with the letter before.
        case accent
    }

    static func shape(of scalar: UInt32) -> Shape {
        switch scalar {
        case 0..<0xA0: .kept
        case 0xA0..<0x370: latin(scalar)
        case 0x370..<0x400: letter(scalar, from: 0x370, in: greek)
        case 0x400..<0x460: letter(scalar, from: 0x400, in: cyrillic)
        case 0x460..<0x530: rareCyrillic(scalar)
        case 0x660...0x669, 0x6F0...0x6F9: .styled(0x30 + (scalar & 0xF))
        case 0x966...0x96F: .styled(0x30 + scalar - 0x966)
        case 0x61C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B...0x180F, 0x3164, 0xFE00...0xFE0F, 0xFEFF, 0xFFA0: .nothing
        case 0x1AB0...0x1AFF, 0x1DC0...0x1DFF, 0x20D0...0x20FF, 0xFE20...0xFE2F: .accent
        case 0x1D00...0x1D22: smallCapital(scalar)
        case 0x2000..<0x2500: sign(scalar)
        case 0x3000: .styled(0x20)
        case 0xA730: .styled(0x66)
        case 0xA731: .styled(0x73)
        case 0xFB00...0xFB06: ligature(scalar)
        case 0xFE58, 0xFE63: .styled(0x2D)
        case 0xFF01...0xFF5E: .styled(scalar - 0xFF01 + 0x21)
        case 0x1_D400...0x1_D6A3: .styled(cased((scalar - 0x1_D400) % 52))
        case 0x1_D7CE...0x1_D7FF: .styled(0x30 + (scalar - 0x1_D7CE) % 10)
        case 0x1_D173...0x1_D17A: .nothing
        case 0x1_F130...0x1_F149: .styled(0x41 + scalar - 0x1_F130)
        case 0x1_F150...0x1_F169: .styled(0x41 + scalar - 0x1_F150)
        case 0x1_F170...0x1_F189: .styled(0x41 + scalar - 0x1_F170)
        case 0x1_F1E6...0x1_F1FF: .styled(0x41 + scalar - 0x1_F1E6)
        // Tag characters: an invisible ASCII that models read and people do not see.
        case 0xE_0020...0xE_007E: .styled(scalar - 0xE_0000)
        case 0xE_0000...0xE_0FFF: .nothing
        default: .kept
        }
    }

    /// Whether a character that is read as it is belongs to a word: of alphabets, not of ideographs.
    static func isLetter(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0xC0...0x2AF: scalar != 0xD7 && scalar != 0xF7
        case 0x370...0x52F, 0x531...0x587, 0x5D0...0x5EA, 0x620...0x64A, 0x1E00...0x1FFF: true
        default: false
        }
    }

    /// The letter that a letter and a combining accent make, of Latin-1 and the letters of central Europe.
    static func joined(_ letter: UInt32, _ accent: UInt32) -> UInt32? {
        guard let row = accents.first(where: { $0.accent == accent }), letter < 0x80 else { return nil }
        return row.letters.first { $0.base == letter }?.joined
    }

    private static func letter(_ scalar: UInt32, from first: UInt32, in table: StaticString) -> Shape {
        let plain = UInt32(table.utf8Start[Int(scalar - first)])
        if plain == 0x20 { return .kept }
        // Capital letters of Greek and Cyrillic that have a Latin shape have exactly it; of small ones some.
        return plain < 0x61 || isTwin(scalar) ? .twin(plain) : .alike(plain)
    }

    private static func isTwin(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x3BD, 0x3BF, 0x3F2, 0x3F3: true
        case 0x430, 0x435, 0x43E, 0x440, 0x441, 0x443, 0x445, 0x455, 0x456, 0x458: true
        default: false
        }
    }

    private static func rareCyrillic(_ scalar: UInt32) -> Shape {
        switch scalar {
        case 0x474: .twin(0x56)
        case 0x475: .twin(0x76)
        case 0x4AE: .twin(0x59)
        case 0x4AF: .alike(0x79)
        case 0x4BA: .alike(0x68)
        case 0x4BB: .twin(0x68)
        case 0x4C0: .twin(0x49)
        case 0x4CF: .twin(0x6C)
        case 0x501: .twin(0x64)
        case 0x50C: .twin(0x47)
        case 0x51A: .twin(0x51)
        case 0x51B: .twin(0x71)
        case 0x51C: .twin(0x57)
        case 0x51D: .twin(0x77)
        default: .kept
        }
    }

    private static func latin(_ scalar: UInt32) -> Shape {
        switch scalar {
        case 0xA0: .styled(0x20)
        case 0xAA: .styled(0x61)
        case 0xAD, 0x34F: .nothing
        case 0xB2, 0xB3: .styled(scalar - 0x80)
        case 0xB9: .styled(0x31)
        case 0xBA: .styled(0x6F)
        case 0x131: .alike(0x69)
        case 0x17F: .styled(0x73)
        case 0x1C3: .styled(0x21)
        case 0x251: .alike(0x61)
        case 0x261: .alike(0x67)
        case 0x262: .styled(0x67)
        case 0x26A: .styled(0x69)
        case 0x274: .styled(0x6E)
        case 0x280: .styled(0x72)
        case 0x28F: .styled(0x79)
        case 0x299: .styled(0x62)
        case 0x29C: .styled(0x68)
        case 0x29F: .styled(0x6C)
        case 0x2B0...0x2B8: .kept
        case 0x300...0x36F: .accent
        default: .kept
        }
    }

    /// U+1D00…1D22.
    private static func smallCapital(_ scalar: UInt32) -> Shape {
        let plain = UInt32(smallCapitals.utf8Start[Int(scalar - 0x1D00)])
        return plain == 0x20 ? .kept : .styled(plain)
    }

    private static let smallCapitals: StaticString = "a   cd e  jk m o        p  tu   vwz"

    /// General punctuation, superscripts, letterlike and enclosed characters.
    private static func sign(_ scalar: UInt32) -> Shape {
        switch scalar {
        case 0x2000...0x200A, 0x202F, 0x205F: .styled(0x20)
        case 0x200B...0x200F, 0x202A...0x202E, 0x2060...0x206F: .nothing
        case 0x2010...0x2015, 0x2212: .styled(0x2D)
        case 0x2018, 0x2019, 0x201B, 0x2032: .styled(0x27)
        case 0x201C, 0x201D, 0x201F, 0x2033: .styled(0x22)
        case 0x2024: .styled(0x2E)
        case 0x2044, 0x2215: .styled(0x2F)
        case 0x2070, 0x2074...0x2079: .styled(0x30 + scalar - 0x2070)
        case 0x2071: .styled(0x69)
        case 0x207F: .styled(0x6E)
        case 0x2080...0x2089: .styled(0x30 + scalar - 0x2080)
        case 0x2100..<0x2140: letterlike(scalar)
        case 0x2460...0x2468: .styled(0x31 + scalar - 0x2460)
        case 0x249C...0x24B5: .styled(0x61 + scalar - 0x249C)
        case 0x24B6...0x24CF: .styled(0x41 + scalar - 0x24B6)
        case 0x24D0...0x24E9: .styled(0x61 + scalar - 0x24D0)
        default: .kept
        }
    }

    private static func letterlike(_ scalar: UInt32) -> Shape {
        let plain = UInt32(letterlikes.utf8Start[Int(scalar - 0x2100)])
        return plain == 0x20 ? .kept : .styled(plain)
    }

    /// U+2100…213F.
    private static let letterlikes: StaticString = "  C       gHHHhhIILl N   PQRRR      Z   Z KABC eEF Mo    i      "

    /// ff, fi, fl, ffi, ffl, ſt, st; of three letters the last two, which is what words are told by.
    private static func ligature(_ scalar: UInt32) -> Shape {
        switch scalar {
        case 0xFB00: .pair(0x66, 0x66)
        case 0xFB01, 0xFB03: .pair(0x66, 0x69)
        case 0xFB02, 0xFB04: .pair(0x66, 0x6C)
        default: .pair(0x73, 0x74)
        }
    }

    /// A…Z, a…z.
    private static func cased(_ place: UInt32) -> UInt32 { place < 26 ? 0x41 + place : 0x61 + place - 26 }

    private struct Accent {
        let accent: UInt32
        let letters: [(base: UInt32, joined: UInt32)]

        init(_ accent: UInt32, _ pairs: KeyValuePairs<String, String>) {
            self.accent = accent
            letters = pairs.flatMap { bases, joined in zip(bases.unicodeScalars, joined.unicodeScalars).map { ($0.value, $1.value) } }
        }
    }

    private static let accents: [Accent] = [
        Accent(0x300, ["AEIOUaeiou": "\u{C0}\u{C8}\u{CC}\u{D2}\u{D9}\u{E0}\u{E8}\u{EC}\u{F2}\u{F9}"]),
        Accent(
            0x301,
            [
                "AEIOUYaeiouy": "\u{C1}\u{C9}\u{CD}\u{D3}\u{DA}\u{DD}\u{E1}\u{E9}\u{ED}\u{F3}\u{FA}\u{FD}",
                "CNSZcnsz": "\u{106}\u{143}\u{15A}\u{179}\u{107}\u{144}\u{15B}\u{17A}",
            ]),
        Accent(0x302, ["AEIOUaeiou": "\u{C2}\u{CA}\u{CE}\u{D4}\u{DB}\u{E2}\u{EA}\u{EE}\u{F4}\u{FB}"]),
        Accent(0x303, ["ANOano": "\u{C3}\u{D1}\u{D5}\u{E3}\u{F1}\u{F5}"]),
        Accent(0x308, ["AEIOUaeiouy": "\u{C4}\u{CB}\u{CF}\u{D6}\u{DC}\u{E4}\u{EB}\u{EF}\u{F6}\u{FC}\u{FF}"]),
        Accent(0x30A, ["AaUu": "\u{C5}\u{E5}\u{16E}\u{16F}"]),
        Accent(
            0x30C,
            ["CDENRSTZcdenrstz": "\u{10C}\u{10E}\u{11A}\u{147}\u{158}\u{160}\u{164}\u{17D}\u{10D}\u{10F}\u{11B}\u{148}\u{159}\u{161}\u{165}\u{17E}"]),
        Accent(0x327, ["CScs": "\u{C7}\u{15E}\u{E7}\u{15F}"]),
        Accent(0x328, ["AEae": "\u{104}\u{118}\u{105}\u{119}"]),
    ]

    /// U+0370…03FF.
    private static let greek: StaticString =
        "          i    J                 AB  EZH IK MN O P  TY X         aby e n ik  v o p otu x w                                        cj     CM     "
    /// U+0400…045F.
    private static let cyrillic: StaticString =
        " E   SIIJ       A B  E    K MHO PCTY X          a br e  u k mhonpcty x  w   b   ee   siij  h    "
}
