/// The counts in front of the heads, in the order in which trees know them; `training/complexity/features.py` is the reference.
enum Features {
    static let size = 0
    static let words = 1
    static let wordLength = 2
    static let long7 = 3
    static let long10 = 4
    static let long13 = 5
    static let distinct = 6
    static let numbers = 7
    static let digits = 8
    static let longestNumber = 9
    static let decimals = 10
    static let bigNumbers = 11
    static let lines = 12
    static let lineWords = 13
    static let sentenceWords = 14
    static let options = 15
    static let stemSize = 16
    static let optionSize = 17
    static let optionNumbers = 18
    static let optionSpread = 19
    static let foreign = 20
    static let cjk = 21
    static let symbols = 22
    static let firstKind = 23
    static let lastQuestion = 24
    static let capped = 25
    static let sentences = 26
    static let numberSentences = 27
    static let unevenNumbers = 28
    static let hundredths = 29
    static let questionWords = 30
    static let questionNumbers = 31
    static let questionAt = 32
    static let firstMark = 33
    static let marks = 17
    static let markShare = firstMark + marks
    static let firstLexicon = markShare + 1
    static let lexicon = 26
    static let lexiconFirst = firstLexicon + lexicon
    static let count = lexiconFirst + 1
}

/// What a byte begins, after folding to lower case. Below `marks` it is the mark's own class.
enum ByteClass {
    static let marks = UInt8(Features.marks)
    static let letter: UInt8 = 20
    static let digit: UInt8 = 21
    static let space: UInt8 = 22
    /// Leads of U+3000 … U+9FFF: each character is a word.
    static let cjk: UInt8 = 23
    /// Leads of punctuation, mathematical signs and pictures, by how many bytes may follow.
    static let symbol1: UInt8 = 24
    static let symbol2: UInt8 = 25
    static let symbol3: UInt8 = 26

    static let question: UInt8 = 14
    static let stop: UInt8 = 15
    static let other: UInt8 = 16

    static let groups: [StaticString] = [
        ",", ":", ";", "()", "[]", "{}", "\"'`", "$", "%", "\\", "_", "+*/^~", "=<>", "-", "?", ".!",
    ]

    static func table() -> [UInt8] {
        var table = [UInt8](repeating: other, count: 256)
        for byte in 0...0x20 { table[byte] = space }
        table[0x7f] = space
        for (mark, group) in groups.enumerated() {
            group.withUTF8Buffer { for byte in $0 { table[Int(byte)] = UInt8(mark) } }
        }
        for byte in 0x30...0x39 { table[byte] = digit }
        for byte in 0x61...0x7a { table[byte] = letter }
        for byte in 0x80...0xff {
            switch byte {
            case 0xc2: table[byte] = symbol1
            case 0xe2, 0xef: table[byte] = symbol2
            case 0xe3...0xe9: table[byte] = cjk
            case 0xf0...: table[byte] = symbol3
            default: table[byte] = letter
            }
        }
        return table
    }
}
