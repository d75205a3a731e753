/// Words: what they announce, and codes that look like them.
extension PersonalDataScan {
    /// At a letter; the place to go on.
    mutating func word(at start: Int) -> Int {
        var hash = CueTable.seed
        var before: UInt8 = 0
        var hasDigit = false
        var isIdeograph = false
        var end = start
        ByteKind.table.withUnsafeBufferPointer { kinds in
            while has(end) {
                let byte = text[end]
                let kind = kinds[Int(byte)]
                guard kind == .letter || kind == .digit else { break }
                // Scripts without spaces would make a word of a page. No code or cue is this long.
                if end - start > CueTable.longest, text[start] >= 0x80, byte & 0xC0 != 0x80 { break }
                if kind == .digit {
                    // Ideographs are written without spaces around numbers.
                    if isIdeograph { break }
                    hasDigit = true
                }
                if byte < 0x80 || byte >= 0xC0 { isIdeograph = byte >= 0xE3 && byte <= 0xE9 }
                CueTable.mix(CueTable.small(byte, after: before), into: &hash)
                before = byte
                end += 1
            }
        }
        if end - start == 2, text[start].isUpper, byte(end) == 0x20, byte(end + 1).isDigit, let insurance = spacedNINO(at: start) { return insurance }
        if SecretShape.mayBegin(text[start]), let secretEnd = secret(at: start, wordEnd: end) { return secretEnd }
        if hasDigit {
            if let codeEnd = code(at: start, wordEnd: end) { return codeEnd }
        } else if end - start <= 4, byte(end) == UInt8(ascii: ":"), let address = ipV6(at: start) {
            return address
        }
        guard end - start <= CueTable.longest else {
            cues.note(Cue(), end: end)
            return end
        }
        let cue = table.cue(of: hash)
        cues.note(cue, end: end)
        guard !cue.isEmpty else { return streetOfOneWord(start, end) ?? end }
        return announced(by: cue, start, end) ?? end
    }

    private mutating func announced(by cue: Cue, _ start: Int, _ end: Int) -> Int? {
        if cue.contains(.secret) || isKey(cue), let next = value(after: end, isPassword: false) { return next }
        if cue.contains(.password), let next = value(after: end, isPassword: true) { return next }
        if !cue.isDisjoint(with: [.streetFirst, .streetLast]), let next = street(cue, start, end) { return next }
        if !cue.isDisjoint(with: .names), let next = name(cue, start, end) { return next }
        return streetOfOneWord(start, end)
    }

    /// API key, clé API, chave de API …
    private func isKey(_ cue: Cue) -> Bool {
        cue.contains(.keyNoun) && cues.beforeLast.contains(.keyKind)
            || cue.contains(.keyKind) && cues.beforeLast.contains(.keyNoun)
    }

    // MARK: What follows a word for secrets

    /// `= "value"`, `: value`, ` is value`; the end of the value.
    private mutating func value(after end: Int, isPassword: Bool) -> Int? {
        var index = end
        var isAssigned = false
        while has(index), index - end < 6, let sign = Self.assigns(text[index]) {
            isAssigned = isAssigned || sign
            index += 1
        }
        var isSaid = isAssigned
        if !isAssigned, let verb = wordEnd(from: index), table.cue(of: text[index..<verb]).contains(.nameVerb),
            byte(verb) == 0x20 || byte(verb) == 0x3A
        {
            isSaid = true
            index = verb
            while has(index), index - verb < 4, Self.assigns(text[index]) != nil { index += 1 }
        }
        guard isSaid || !isPassword else { return nil }
        if starts("Bearer ", at: index) || starts("Basic ", at: index) { index += byte(index + 1) == UInt8(ascii: "e") ? 7 : 6 }
        var stop = index
        while has(stop), stop - index < 512, !Self.endsValue(text[stop]) { stop += 1 }
        while stop > index, [UInt8(ascii: "."), UInt8(ascii: ","), UInt8(ascii: ";")].contains(text[stop - 1]) { stop -= 1 }
        let value = UnsafeBufferPointer(rebasing: text[index..<stop])
        guard isPassword ? Entropy.isPassword(value) : Entropy.isSecret(value) && (isSaid || value.count >= 20) else { return nil }
        found(.secret, index..<stop, isAssigned ? 0.85 : 0.7)
        return stop
    }

    /// Nil: nothing between a name and its value; true: what assigns.
    private static func assigns(_ byte: UInt8) -> Bool? {
        switch byte {
        case UInt8(ascii: ":"), UInt8(ascii: "="): true
        case UInt8(ascii: " "), UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"), UInt8(ascii: ">"), UInt8(ascii: "\t"), UInt8(ascii: "*"):
            false
        default: nil
        }
    }

    private static func endsValue(_ byte: UInt8) -> Bool {
        switch byte {
        case 0...0x20, UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"), UInt8(ascii: "<"), UInt8(ascii: ">"): true
        default: false
        }
    }
}

/// How much like chance a text looks.
enum Entropy {
    /// Letters and digits of chance rather than words: the Shannon entropy of its bytes, 3 bits at least (hexadecimal has 4 at most, English
    /// words of this length about 3 with few digits).
    static func isSecret(_ value: UnsafeBufferPointer<UInt8>) -> Bool {
        guard value.count >= 16 else { return false }
        var digits = 0
        var letters = 0
        for byte in value {
            switch byte {
            case UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "~"):
                break
            default:
                guard byte.isAlphanumeric else { return false }
                if byte.isDigit { digits += 1 } else { letters += 1 }
            }
        }
        return digits >= 2 && letters >= 2 && digits * 12 >= value.count && bits(of: value) >= 3
    }

    /// More than a word: letters with digits or signs; nothing that a program or a form would put there instead.
    static func isPassword(_ value: UnsafeBufferPointer<UInt8>) -> Bool {
        guard value.count >= 6, value.count <= 128 else { return false }
        var (digits, letters, signs) = (0, 0, 0)
        for byte in value {
            switch byte {
            case UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "["), UInt8(ascii: "]"): return false
            default: if byte.isDigit { digits += 1 } else if byte.isLetter || byte >= 0x80 { letters += 1 } else { signs += 1 }
            }
        }
        let inside = value.dropFirst().dropLast().contains { !$0.isAlphanumeric && $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: ".") && $0 < 0x80 }
        if value[0] == UInt8(ascii: "$") && digits == 0 || value[0] == UInt8(ascii: "/") || letters == 0 && signs > 0 { return false }
        return digits > 0 && letters > 0 || digits >= 6 && signs == 0 || letters > 3 && inside && signs < letters
    }

    /// Shannon entropy in bits for a byte, of at most 256 bytes.
    static func bits(of value: UnsafeBufferPointer<UInt8>) -> Double {
        withUnsafeTemporaryAllocation(of: UInt16.self, capacity: 128) { counts in
            counts.initialize(repeating: 0)
            let part = value.prefix(256)
            for byte in part { counts[Int(byte & 0x7F)] += 1 }
            var sum = 0.0
            for count in counts where count > 1 { sum += Double(count) * log2(Int(count)) }
            return log2(part.count) - sum / Double(part.count)
        }
    }

    /// Of 1…256, within 0.01: the exponent and a parabola through the mantissa.
    private static func log2(_ number: Int) -> Double {
        let value = Double(number)
        let mantissa = value.significand - 1
        return Double(value.exponent) + mantissa * (1.3465 - 0.3465 * mantissa)
    }
}

extension Cue {
    static let names: Cue = [.title, .nameNoun, .nameVerb, .nameSelf, .nameLabel, .signOff, .salutation, .givenName]
}
