/// Escapes and classes of characters.
extension PatternParser {
    /// After a backslash.
    mutating func escape() throws(PatternError) -> PatternNode {
        let start = at
        guard let next = peek(1) else { throw error("ends with a lone `\\`") }
        switch next {
        case "b", "B", "A", "z", "Z":
            at += 2
            let kinds: [Unicode.Scalar: PatternAssertion] = ["b": .wordBoundary, "B": .noWordBoundary, "A": .textStart]
            return .assertion(kinds[next] ?? .textEnd)
        case "1"..."9", "k", "g": throw error("back references are not supported", at: start)
        default: break
        }
        if let set = shorthand() { return .set(set) }
        return .set(ScalarSet(try escapedScalar(), ignoringCase: flags.ignoresCase))
    }

    /// `\d` and its like, when it stands here.
    private mutating func shorthand() -> ScalarSet? {
        let set: ScalarSet
        switch peek(1) {
        case "d": set = .digits
        case "D": set = ScalarSet.digits.inverted
        case "w": set = .words
        case "W": set = ScalarSet.words.inverted
        case "s": set = .spaces
        case "S": set = ScalarSet.spaces.inverted
        default: return nil
        }
        at += 2
        return set
    }

    private mutating func escapedScalar() throws(PatternError) -> Unicode.Scalar {
        let start = at
        guard let next = peek(1) else { throw error("ends with a lone `\\`") }
        at += 2
        switch next {
        case "n": return "\n"
        case "t": return "\t"
        case "r": return "\r"
        case "f": return "\u{c}"
        case "v": return "\u{b}"
        case "a": return "\u{7}"
        case "e": return "\u{1b}"
        case "0": return "\0"
        case "x": return try hexadecimal(digits: 2, from: start)
        case "u": return try hexadecimal(digits: 4, from: start)
        case "p", "P": throw error("classes of Unicode like \\p{L} are not supported", at: start)
        default:
            if next.isWord && next != "_" { throw error("there is no escape `\\\(next)`", at: start) }
            return next
        }
    }

    /// `digits` of them, or any number within braces.
    private mutating func hexadecimal(digits: Int, from start: Int) throws(PatternError) -> Unicode.Scalar {
        let braced = take("{")
        var (value, count): (UInt32, Int) = (0, 0)
        while let digit = peek()?.hexDigit, count < (braced ? 8 : digits) {
            value = value << 4 | digit
            count += 1
            at += 1
        }
        guard count > 0, braced ? take("}") : count == digits, let scalar = Unicode.Scalar(value) else {
            throw error("expected \(braced ? "a character's number" : "\(digits) hexadecimal digits")", at: start)
        }
        return scalar
    }

    // MARK: Brackets

    mutating func characterClass() throws(PatternError) -> ScalarSet {
        let start = at
        at += 1
        let isInverted = take("^")
        var set = ScalarSet()
        var isFirst = true
        while let next = peek(), next != "]" || isFirst {
            isFirst = false
            if next == "[", peek(1) == ":", let named = try namedClass() {
                set.formUnion(named)
                continue
            }
            if next == "\\", let known = shorthand() {
                set.formUnion(known)
                continue
            }
            let low = try member()
            // A `-` before the end, or after a class, is itself.
            guard peek() == "-", let after = peek(1), after != "]" else {
                set.insert(low...low)
                continue
            }
            let dash = at
            at += 1
            if after == "\\", let known = shorthand() {
                set.insert(low...low)
                set.insert("-"..."-")
                set.formUnion(known)
                continue
            }
            let high = try member()
            guard low <= high else { throw error("the range `\(low)-\(high)` is backwards", at: dash) }
            set.insert(low...high)
        }
        guard take("]") else { throw error("`[` is not closed", at: start) }
        if flags.ignoresCase { set.addOtherCases() }
        return isInverted ? set.inverted : set
    }

    private mutating func member() throws(PatternError) -> Unicode.Scalar {
        guard let next = peek() else { throw error("`[` is not closed") }
        if next == "\\" {
            // Within brackets \b is a backspace.
            if peek(1) == "b" {
                at += 2
                return "\u{8}"
            }
            return try escapedScalar()
        }
        at += 1
        return next
    }

    /// `[:alpha:]`, of ASCII.
    private mutating func namedClass() throws(PatternError) -> ScalarSet? {
        var place = at + 2
        let isInverted = place < end && text[place] == "^"
        if isInverted { place += 1 }
        var name = ""
        while place < end, text[place].isWord {
            name.unicodeScalars.append(text[place])
            place += 1
        }
        guard place + 1 < end, text[place] == ":", text[place + 1] == "]" else { return nil }
        guard let set = ScalarSet.named[name] else { throw error("there is no class `[:\(name):]`") }
        at = place + 2
        return isInverted ? set.inverted : set
    }
}
