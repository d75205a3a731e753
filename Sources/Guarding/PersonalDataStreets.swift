/// Postal addresses by the forms of streets.
extension PersonalDataScan {
    /// `12 Oak Street`, `rue de la Paix`, `Via Roma 5`; the place to go on.
    mutating func street(_ cue: Cue, _ start: Int, _ end: Int) -> Int? {
        if cue.contains(.streetLast), isCapital(start), let first = houseBefore(start) {
            var stop = end
            if byte(stop) == UInt8(ascii: "."), end - start <= 4 { stop += 1 }
            let whole = withCity(stop)
            found(.address, first..<whole, 0.85)
            return whole
        }
        // `C/` is a street, `C` is not.
        guard cue.contains(.streetFirst), end - start > 1 || byte(end) == UInt8(ascii: "/") else { return nil }
        if let first = numberBefore(start), let last = streetName(after: end) {
            let whole = withCity(last)
            found(.address, first..<whole, 0.85)
            return whole
        }
        guard let last = streetName(after: end), let number = houseNumber(after: last) else { return nil }
        let whole = withCity(number)
        found(.address, start..<whole, isCapital(start) || byte(end) == UInt8(ascii: ".") ? 0.85 : 0.75)
        return whole
    }

    /// `Hauptstraße 12a`, `Keizersgracht 4`: the kind of street is the word's end. Only words that a number follows are looked at.
    mutating func streetOfOneWord(_ start: Int, _ end: Int) -> Int? {
        var stop = end
        if byte(stop) == UInt8(ascii: "."), starts("str", at: end - 3) { stop += 1 }
        // The digit last: what stands behind the space of a stream's word may not have come yet.
        guard byte(stop) == 0x20, end - start > 4 || stop > end, isCapital(start), byte(stop + 1).isDigit, Self.endsAsStreet(text[start..<end]),
            !table.cue(of: text[start..<end]).contains(.noName),
            let number = houseNumber(after: stop)
        else { return nil }
        var first = start
        // `Alte Jakobstraße`, `Karl-Marx-Straße`, `Van der Madeweg`: capital words and hyphens before it.
        for _ in 0..<3 {
            guard let before = wordStart(before: first), isCapital(before), first - before < 24 else { break }
            guard byte(first - 1) == UInt8(ascii: "-") || Self.isAttribute(text[before..<first - 1]) else { break }
            first = before
        }
        let whole = withCity(number)
        found(.address, first..<whole, 0.85)
        return whole
    }

    private static let endings: [StaticString] = [
        "straße", "strasse", "str", "weg", "platz", "allee", "gasse", "damm", "ufer", "chaussee", "ring", "straat", "laan", "plein", "gracht", "kade",
        "steeg", "dreef", "singel", "Straße", "Strasse", "Gasse", "Straat", "Laan", "Plein", "Gracht", "Kade", "Platz", "Allee", "Weg", "Damm",
        "Ufer", "Ring", "hof", "markt",
    ]

    private static func endsAsStreet(_ word: UnsafeBufferPointer<UInt8>.SubSequence) -> Bool {
        endings.contains { ending in
            let length = ending.utf8CodeUnitCount
            guard word.count >= length else { return false }
            let first = word.endIndex - length
            return (0..<length).allSatisfy { word[first + $0] == ending.utf8Start[$0] }
        }
    }

    /// An adjective of a German or Dutch street: `Alte`, `Große`, `Neuer`, `Oude`.
    private static func isAttribute(_ word: UnsafeBufferPointer<UInt8>.SubSequence) -> Bool {
        guard word.count < 9, let last = word.last else { return false }
        return last == UInt8(ascii: "e") || last == UInt8(ascii: "r") || last == UInt8(ascii: "n")
    }

    /// Up to four capitalised words between a house number and `start`; where the number begins.
    private func houseBefore(_ start: Int) -> Int? {
        var index = start
        for _ in 0..<4 {
            guard let before = wordStart(before: index) else { return nil }
            if text[before].isDigit {
                let isOrdinal = index - before > 2 && text[index - 2].isLetter
                // `5th`, `42nd` is the street's name; a number of its own stands before it.
                if !isOrdinal || index - before <= 3 {
                    return index - before <= 7 && !(before > 1 && text[before - 1] == UInt8(ascii: ".")) && index < start ? before : nil
                }
            } else if !isCapital(before) {
                return nil
            }
            index = before
        }
        guard let before = wordStart(before: index), text[before].isDigit, index - before <= 7 else { return nil }
        return before
    }

    /// `12`, `12 bis`, `3,` before `rue`.
    private func numberBefore(_ start: Int) -> Int? {
        guard var before = wordStart(before: start) else { return nil }
        if !text[before].isDigit {
            guard start - before <= 4, starts("bis", at: before) || starts("ter", at: before), let more = wordStart(before: before) else {
                return nil
            }
            before = more
        }
        return text[before].isDigit && start - before <= 9 ? before : nil
    }

    /// The start of the word before, one space, comma or hyphen away.
    func wordStart(before start: Int) -> Int? {
        var index = start - 1
        guard index > 0 else { return nil }
        if text[index] == 0x20 { index -= 1 }
        if text[index] == UInt8(ascii: ",") || text[index] == UInt8(ascii: "-") || text[index] == UInt8(ascii: ".") { index -= 1 }
        let end = index
        while index >= 0, end - index < 32, text[index].isAlphanumeric || text[index] >= 0x80 || text[index] == UInt8(ascii: "'") { index -= 1 }
        return index < end ? index + 1 : nil
    }

    /// One to six words after `rue`, `Via`: with a capital, or particles and articles before one; where they end.
    private func streetName(after end: Int) -> Int? {
        var index = end
        if byte(index) == UInt8(ascii: ".") || byte(index) == UInt8(ascii: "/") { index += 1 }
        var last: Int?
        for _ in 0..<6 {
            if byte(index) == 0x20 { index += 1 }
            guard let next = wordEnd(from: index) else { break }
            let isName = isCapital(index) || byte(next - 1).isLetter && isElided(index, next)
            let cue = table.cue(of: text[index..<next])
            guard isName || cue.contains(.particle) || cue.contains(.streetFirst) && last == nil else { break }
            if isName { last = next }
            index = next
            if byte(index) == UInt8(ascii: "."), isName { index += 1 }
            guard byte(index) == 0x20 else { break }
        }
        return last
    }

    /// `l'Église`, `d'Italie`.
    private func isElided(_ start: Int, _ end: Int) -> Bool {
        end - start > 3 && text[start + 1] == UInt8(ascii: "'") && isCapital(start + 2)
    }

    /// `12`, `12a`, `n. 5`, `, 7`, `nº 3`, `12/4`; where it ends.
    private func houseNumber(after end: Int) -> Int? {
        var index = end
        while index - end < 3, byte(index) == 0x20 || byte(index) == UInt8(ascii: ",") { index += 1 }
        for word: StaticString in ["nº ", "n.º ", "n° ", "n. ", "no. ", "nr ", "nr. ", "núm. ", "número "] where starts(word, at: index) {
            index += word.utf8CodeUnitCount
            break
        }
        guard index > end, byte(index).isDigit else { return nil }
        let first = index
        while byte(index).isDigit { index += 1 }
        guard index - first <= 4 else { return nil }
        if byte(index).isLetter, !byte(index + 1).isAlphanumeric, byte(index + 1) < 0x80 { index += 1 }
        if byte(index) == UInt8(ascii: "/"), byte(index + 1).isUpper, !byte(index + 2).isAlphanumeric { return index + 2 }
        if byte(index) == UInt8(ascii: "/") || byte(index) == UInt8(ascii: "-"), byte(index + 1).isDigit {
            index += 1
            while byte(index).isDigit, index - first < 9 { index += 1 }
        }
        return byte(index).isAlphanumeric || byte(index) == UInt8(ascii: "%") || byte(index) == UInt8(ascii: ":") ? nil : index
    }

    /// `, 10115 Berlin`, `, Springfield, IL 62704`; the end of the whole.
    private func withCity(_ end: Int) -> Int {
        var index = end
        guard byte(index) == UInt8(ascii: ",") || byte(index) == 0x0A || byte(index) == 0x20 else { return end }
        while index - end < 2, [UInt8(ascii: ","), 0x20, 0x0A].contains(byte(index)) { index += 1 }
        if let code = postcode(at: index) {
            var last = code
            for _ in 0..<2 {
                guard byte(last) == 0x20, isCapital(last + 1), let next = wordEnd(from: last + 1) else { break }
                last = next
            }
            return last
        }
        // A city and a postcode behind it.
        guard byte(end) == UInt8(ascii: ","), isCapital(index), var next = wordEnd(from: index) else { return end }
        if byte(next) == 0x20, isCapital(next + 1), let more = wordEnd(from: next + 1) { next = more }
        var after = next
        if byte(after) == UInt8(ascii: ",") { after += 1 }
        if byte(after) == 0x20 { after += 1 }
        if byte(after).isUpper, byte(after + 1).isUpper, byte(after + 2) == 0x20 { after += 3 }
        return postcode(at: after) ?? end
    }

    /// `10115`, `1012 AB`, `00-950`, `1200-109`, `SW1A 1AA`, `62704-1234`.
    private func postcode(at start: Int) -> Int? {
        var index = start
        while byte(index).isDigit { index += 1 }
        let digits = index - start
        switch digits {
        case 4 where byte(index) == 0x20 && byte(index + 1).isUpper && byte(index + 2).isUpper && !byte(index + 3).isAlphanumeric: return index + 3
        case 2 where byte(index) == UInt8(ascii: "-"), 4 where byte(index) == UInt8(ascii: "-"), 5 where byte(index) == UInt8(ascii: "-"):
            let more = index + 1
            index = more
            while byte(index).isDigit { index += 1 }
            return index - more >= 3 && index - more <= 4 ? index : nil
        case 4, 5: return byte(index).isAlphanumeric ? nil : index
        default: return ukPostcode(at: start)
        }
    }

    private func ukPostcode(at start: Int) -> Int? {
        var index = start
        while byte(index).isUpper, index - start < 2 { index += 1 }
        guard index > start, byte(index).isDigit else { return nil }
        index += 1
        if byte(index).isDigit || byte(index).isUpper { index += 1 }
        guard byte(index) == 0x20, byte(index + 1).isDigit, byte(index + 2).isUpper, byte(index + 3).isUpper, !byte(index + 4).isAlphanumeric else {
            return nil
        }
        return index + 4
    }
}
