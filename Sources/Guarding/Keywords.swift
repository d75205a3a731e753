/// Where words begin and end, in any script.
enum Words {
    /// Bytes after a word that decide whether it ends there: one character.
    static let lookahead = 4

    /// Whether `range` begins and ends where words do; nil: what follows the text decides.
    static func areWhole(_ range: Range<Int>, in text: TextPiece) -> Bool? {
        guard isEdge(last(before: range.lowerBound, text), next(at: range.lowerBound, text)) else { return false }
        if range.upperBound + lookahead > text.end, !text.isLast { return nil }
        return isEdge(last(before: range.upperBound, text), next(at: range.upperBound, text))
    }

    /// Whether a word may end or begin between the two.
    private static func isEdge(_ left: Unicode.Scalar?, _ right: Unicode.Scalar?) -> Bool {
        guard let left, let right, isPart(left), isPart(right) else { return true }
        // Marks belong to the letter before them; scripts without spaces have words beside words.
        return !isMark(right) && (isUnspaced(left) || isUnspaced(right))
    }

    private static func isPart(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return scalar.isWord }
        return scalar.properties.isAlphabetic || isMark(scalar) || scalar.properties.numericType != nil
    }

    private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark: true
        default: false
        }
    }

    /// Thai, Lao, Myanmar, Khmer, the kana and the characters of Chinese: written without spaces between words.
    private static func isUnspaced(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x0E00...0x0EFF, 0x1000...0x109F, 0x1780...0x17FF, 0x2E80...0x2FDF, 0x3005...0x3007, 0x3040...0x30FF, 0x3400...0x4DBF, 0x4E00...0x9FFF,
            0xF900...0xFAFF, 0xFF66...0xFF9F, 0x20000...0x3FFFF:
            true
        default: false
        }
    }

    private static func next(at place: Int, _ text: TextPiece) -> Unicode.Scalar? {
        guard place < text.end else { return nil }
        var decoder = UTF8()
        var bytes = text.bytes[(place - text.base)..<min(place - text.base + 4, text.bytes.count)].makeIterator()
        guard case .scalarValue(let scalar) = decoder.decode(&bytes) else { return nil }
        return scalar
    }

    private static func last(before place: Int, _ text: TextPiece) -> Unicode.Scalar? {
        var start = place - 1
        while start > text.base, place - start < 4, PatternWalk.isContinuation(text[start]) { start -= 1 }
        return start < text.base ? nil : next(at: start, text)
    }
}

extension SearchTerm {
    /// A word or phrase, in any case, only where words begin and end: `cat` does not stand in `concat`. Between the words of a phrase
    /// there may be any white space.
    public convenience init(word: String) throws(PatternError) {
        let words = word.split(whereSeparator: \.isWhitespace)
        guard !words.isEmpty else { throw PatternError(message: "is empty, so it would be found everywhere", position: 1) }
        guard word.unicodeScalars.count <= Pattern.maxLength else {
            throw PatternError(message: "is longer than \(Pattern.maxLength) characters", position: 1)
        }
        var parts: [PatternNode] = []
        for word in words {
            if !parts.isEmpty { parts.append(.repeated(.set(.anySpace), least: 1, most: 8)) }
            parts += word.unicodeScalars.map { PatternNode.set(ScalarSet($0, ignoringCase: true)) }
        }
        try self.init(.sequence(parts), groupCount: 0, groupNames: [:], isWord: true)
    }
}

extension ScalarSet {
    /// White space of any script.
    static let anySpace = ScalarSet(
        "\t"..."\r", " "..." ", "\u{85}"..."\u{85}", "\u{A0}"..."\u{A0}", "\u{1680}"..."\u{1680}", "\u{2000}"..."\u{200A}", "\u{2028}"..."\u{2029}",
        "\u{202F}"..."\u{202F}", "\u{205F}"..."\u{205F}", "\u{3000}"..."\u{3000}")
}

/// Words and phrases that are looked for, in any case and script.
public struct Keywords: Sendable {
    /// A word that cannot be looked for, by its index in the list.
    public struct Problem: Hashable, Sendable {
        public var index: Int
        public var message: String
    }

    public let words: [String]
    public let patterns: PatternSet

    /// The list and everything that is wrong with it; what is right in it is looked for.
    public static func compile(_ words: [String]) -> (keywords: Keywords, problems: [Problem]) {
        var (kept, terms, problems): ([String], [SearchTerm], [Problem]) = ([], [], [])
        for (index, word) in words.enumerated() {
            do throws(PatternError) {
                terms.append(try SearchTerm(word: word))
                kept.append(word)
            } catch {
                problems.append(Problem(index: index, message: error.message))
            }
        }
        return (Keywords(words: kept, patterns: PatternSet(terms)), problems)
    }

    private init(words: [String], patterns: PatternSet) { (self.words, self.patterns) = (words, patterns) }
}
