/// Names, where words around them or a known first name say so.
extension PersonalDataScan {
    /// After a cue that ends at `end`; the place to go on where a name was found.
    mutating func name(_ cue: Cue, _ start: Int, _ end: Int) -> Int? {
        if cue.contains(.title), let range = titled(start, end) { return named(range, 0.85) }
        if cue.contains(.nameVerb), cues.beforeLast.contains(.nameNoun), let (range, words) = capitalised(from: end),
            words > 1 || cues.third.contains(.possessive)
        {
            return named(range, words > 1 ? 0.9 : 0.8)
        }
        if cue.contains(.nameSelf), let (range, _) = capitalised(from: afterPronoun(end)) { return named(range, 0.85) }
        if !cue.isDisjoint(with: [.nameNoun, .nameLabel]), let range = labelled(end) { return named(range, 0.7) }
        if cue.contains(.signOff), let range = signed(end) { return named(range, 0.7) }
        if cue.contains(.salutation), let range = greeted(end) { return named(range, 0.65) }
        if cue.contains(.givenName), !cues.beforeLast.contains(.noName), let (range, words) = capitalised(from: start), words > 1 {
            return named(range, 0.65)
        }
        return nil
    }

    private mutating func named(_ range: Range<Int>, _ confidence: Double) -> Int {
        found(.name, range, confidence)
        return range.upperBound
    }

    /// `Mr. Smith`, `Herr Dr. Müller`, `la señora García`.
    private func titled(_ start: Int, _ end: Int) -> Range<Int>? {
        let length = end - start
        let isAbbreviation = length < 4 && !starts("don", at: start) && !starts("pan", at: start)
        guard text[start].isUpper || !isAbbreviation, length > 1 || byte(end) == UInt8(ascii: ".") else { return nil }
        var index = end
        for _ in 0..<3 {
            // A full stop behind a whole word ends a sentence.
            if byte(index) == UInt8(ascii: "."), isAbbreviation || length < 6 && text[start].isUpper || length == 4 { index += 1 }
            while byte(index) == 0x20, index - end < 24 { index += 1 }
            guard let next = wordEnd(from: index), next - index < CueTable.longest, table.cue(of: text[index..<next]).contains(.title) else { break }
            index = next
        }
        return capitalised(from: index)?.range
    }

    /// `nazywam się`, `chamo-me`, `heiße ich`.
    private func afterPronoun(_ end: Int) -> Int {
        for pronoun: StaticString in [" się", "-me", " me", " ich", " ik"] where starts(pronoun, at: end) { return end + pronoun.utf8CodeUnitCount }
        return end
    }

    /// `Name: Anna Schmidt`, `"name": "Anna Schmidt"`.
    private func labelled(_ end: Int) -> Range<Int>? {
        var index = end
        while byte(index) == UInt8(ascii: "\"") || byte(index) == 0x20 || byte(index) == UInt8(ascii: "*"), index - end < 4 { index += 1 }
        guard byte(index) == UInt8(ascii: ":") || byte(index) == UInt8(ascii: "=") else { return nil }
        index += 1
        while [UInt8(ascii: "\""), 0x20, UInt8(ascii: "*"), UInt8(ascii: "'")].contains(byte(index)), index - end < 8 { index += 1 }
        guard let (range, words) = capitalised(from: index), words > 1 || text[..<end].last.map({ $0.isLower }) == true && isPart(end) else {
            return nil
        }
        return range
    }

    /// `first_name`, `surname`: one word is a name.
    private func isPart(_ end: Int) -> Bool {
        for label: StaticString in ["st_name", "surname", "stname", "Nachname", "Vorname", "prénom", "apellido", "cognome", "nazwisko", "achternaam"]
        {
            if starts(label, at: end - label.utf8CodeUnitCount) { return true }
        }
        return false
    }

    /// `Kind regards,` and a line of its own.
    private func signed(_ end: Int) -> Range<Int>? {
        var index = end
        while [UInt8(ascii: ","), UInt8(ascii: "!"), UInt8(ascii: "."), 0x20, 0x0D].contains(byte(index)), index - end < 6 { index += 1 }
        guard byte(index) == 0x0A else { return nil }
        while byte(index) == 0x0A || byte(index) == 0x0D || byte(index) == 0x20, index - end < 10 { index += 1 }
        guard let (range, words) = capitalised(from: index), words <= 3 else { return nil }
        let next = byte(range.upperBound)
        return next == 0 || next == 0x0A || next == 0x0D || next == UInt8(ascii: ",") ? range : nil
    }

    /// `Dear Anna,`
    private func greeted(_ end: Int) -> Range<Int>? {
        guard let (range, words) = capitalised(from: end), words <= 3 else { return nil }
        return [UInt8(ascii: ","), UInt8(ascii: "!"), UInt8(ascii: ":"), 0x0A].contains(byte(range.upperBound)) ? range : nil
    }

    /// One to five words with a capital, with particles and initials between; nil where the first is no name.
    private func capitalised(from place: Int) -> (range: Range<Int>, words: Int)? {
        var index = place
        while byte(index) == 0x20, index - place < 3 { index += 1 }
        let start = index
        var (end, words, particles) = (start, 0, 0)
        while words < 5, particles < 3, let next = wordEnd(from: index) {
            let word = text[index..<next]
            let cue = table.cue(of: word)
            if isCapital(index), !cue.contains(.noName), !(words > 0 && cue.contains(.streetFirst) && !cue.contains(.particle)) {
                // An initial has its dot.
                let isInitial = next - index == 1
                guard !isInitial || byte(next) == UInt8(ascii: ".") else { break }
                words += 1
                end = next
                index = isInitial ? next + 1 : next
            } else if words > 0 && cue.contains(.particle) || words == 0 && cue.contains(.particle) && next - index > 1 {
                particles += 1
                index = next
            } else {
                break
            }
            guard byte(index) == 0x20, byte(index + 1) != 0x20 else { break }
            index += 1
        }
        return words > 0 && end - start > 1 ? (start..<end, words) : nil
    }

    /// Of letters, hyphens and apostrophes; nil where none begins, or one with digits.
    func wordEnd(from start: Int) -> Int? {
        var index = start
        while has(index), index - start < 40 {
            let byte = text[index]
            let joins = byte == UInt8(ascii: "-") || byte == UInt8(ascii: "'")
            guard byte.isLetter || byte >= 0x80 || joins && index > start && self.byte(index + 1).isLetter else { break }
            index += 1
        }
        guard index > start, index - start < 40, !byte(index).isDigit, byte(index) != UInt8(ascii: "_") else { return nil }
        // `Anna's`: the name ends before it.
        if index - start > 2, text[index - 1] == UInt8(ascii: "s"), text[index - 2] == UInt8(ascii: "'") { return index - 2 }
        return index
    }

    func isCapital(_ index: Int) -> Bool {
        guard has(index) else { return false }
        if text[index] < 0x80 { return text[index].isUpper }
        let scalar = UTF8Scalar.decode(text, at: index).scalar
        return LetterCase.lower(scalar) != scalar
    }
}
