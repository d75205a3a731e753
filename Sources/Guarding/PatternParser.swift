/// Reads the text of an expression; recursive, so groups nest at most `maxDepth` deep.
struct PatternParser {
    private static let maxDepth = 100
    /// As PCRE has it at most in practice; larger ones are written out to programs that are too large anyway.
    private static let maxRepeats = 1000
    private static let maxGroups = 99

    struct Flags {
        var ignoresCase = false
        var dotIsAll = false
        var multiline = false
    }

    let text: [Unicode.Scalar]
    var at: Int
    fileprivate(set) var end: Int
    var flags = Flags()
    /// Groups that remember, so far.
    private(set) var groupCount = 0
    private(set) var groupNames: [String: Int] = [:]
    /// Whether `\b` beside a letter beyond ASCII is refused: it would hold where no one means it.
    var refusesBlindBoundaries = false
    private var depth = 0

    init(_ source: String, ignoringCase: Bool) {
        text = Array(source.unicodeScalars)
        flags.ignoresCase = ignoringCase
        (at, end) = (0, text.count)
        // `/…/i`: the way in which firewalls write flags.
        if text.count >= 2, text[0] == "/", let slash = text.lastIndex(of: "/"), slash > 0,
            text[(slash + 1)...].allSatisfy({ "imsug".unicodeScalars.contains($0) })
        {
            at = 1
            end = slash
            for flag in text[(slash + 1)...] { flags.set(flag, to: true) }
        }
    }

    mutating func parse() throws(PatternError) -> PatternNode {
        guard text.count <= Pattern.maxLength else { throw PatternError(message: "is longer than \(Pattern.maxLength) characters", position: 1) }
        let node = try alternatives()
        if at < end { throw error("`)` closes nothing") }
        return node
    }

    func error(_ message: String, at position: Int? = nil) -> PatternError { PatternError(message: message, position: (position ?? at) + 1) }

    func peek(_ offset: Int = 0) -> Unicode.Scalar? { at + offset < end ? text[at + offset] : nil }

    mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard peek() == scalar else { return false }
        at += 1
        return true
    }

    // MARK: Structure

    private mutating func alternatives() throws(PatternError) -> PatternNode {
        var branches = [try sequence()]
        while take("|") { branches.append(try sequence()) }
        return branches.count == 1 ? branches[0] : .either(branches)
    }

    private mutating func sequence() throws(PatternError) -> PatternNode {
        var parts: [PatternNode] = []
        while let next = peek(), next != "|", next != ")" {
            let start = at
            guard let atom = try atom() else { continue }
            if refusesBlindBoundaries, let last = parts.last, atom.isBoundary && last.isForeign || atom.isForeign && last.isBoundary {
                throw error("`\\b` knows letters of ASCII only: for words of other scripts there are keywords", at: start)
            }
            parts.append(try quantified(atom, from: start))
        }
        return parts.count == 1 ? parts[0] : parts.isEmpty ? .empty : .sequence(parts)
    }

    /// Nil: something that matches nothing by itself, like `(?i)`.
    private mutating func atom() throws(PatternError) -> PatternNode? {
        guard let next = peek() else { return nil }
        switch next {
        case "(": return try group()
        case "[": return .set(try characterClass())
        case "\\": return try escape()
        case "*", "+", "?": throw error("`\(next)` has nothing to repeat")
        case "{" where repeats() != nil: throw error("`{` has nothing to repeat")
        default: break
        }
        at += 1
        switch next {
        case ".": return .set(flags.dotIsAll ? .all : .allButNewline)
        case "^": return .assertion(flags.multiline ? .lineStart : .textStart)
        case "$": return .assertion(flags.multiline ? .lineEnd : .textEnd)
        default: return .set(ScalarSet(next, ignoringCase: flags.ignoresCase))
        }
    }

    // MARK: Quantifiers

    private mutating func quantified(_ atom: PatternNode, from start: Int) throws(PatternError) -> PatternNode {
        let least: Int
        let most: Int?
        let began = at
        switch peek() {
        case "*": (least, most) = (0, nil)
        case "+": (least, most) = (1, nil)
        case "?": (least, most) = (0, 1)
        case "{":
            guard let found = repeats() else { return atom }
            (least, most) = (found.least, found.most)
            at += found.length - 1
        default: return atom
        }
        at += 1
        if max(least, most ?? 0) > Self.maxRepeats { throw error("repeats more than \(Self.maxRepeats) times", at: began) }
        if let most, most < least { throw error("repeats at least \(least) but at most \(most) times", at: began) }
        if take("+") { throw error("possessive quantifiers are not supported", at: began) }
        let isLazy = take("?")
        if let next = peek(), "*+?".unicodeScalars.contains(next) || (next == "{" && repeats() != nil) {
            throw error("`\(next)` repeats what is repeated already: put it in a group")
        }
        return .repeated(atom, least: least, most: most, isLazy: isLazy)
    }

    /// `{2}`, `{2,}` or `{2,5}` here; anything else after `{` is text.
    private func repeats() -> (least: Int, most: Int?, length: Int)? {
        var place = at + 1
        func number() -> (Int?, Int) {
            var (value, place) = (Int?.none, place)
            while place < end, let digit = text[place].digit {
                value = min((value ?? 0) * 10 + digit, 1_000_000)
                place += 1
            }
            return (value, place)
        }
        guard peek() == "{" else { return nil }
        let (least, afterLeast) = number()
        guard let least, afterLeast < end else { return nil }
        place = afterLeast
        if text[place] == "}" { return (least, least, place + 1 - at) }
        guard text[place] == "," else { return nil }
        place += 1
        let (most, afterMost) = number()
        guard afterMost < end, text[afterMost] == "}" else { return nil }
        return (least, most, afterMost + 1 - at)
    }

    // MARK: Groups

    private mutating func group() throws(PatternError) -> PatternNode? {
        let start = at
        at += 1
        let outer = flags
        var number = 0
        if take("?") {
            switch try groupHead(from: start) {
            case .nothing: return nil
            case .unnumbered: break
            case .named(let name): number = try count(name, from: start)
            }
        } else {
            number = try count(nil, from: start)
        }
        depth += 1
        guard depth <= Self.maxDepth else { throw error("groups are nested deeper than \(Self.maxDepth)", at: start) }
        let inner = try alternatives()
        depth -= 1
        guard take(")") else { throw error("`(` is not closed", at: start) }
        flags = outer
        return number == 0 ? inner : .group(number, inner)
    }

    private mutating func count(_ name: String?, from start: Int) throws(PatternError) -> Int {
        groupCount += 1
        guard groupCount <= Self.maxGroups else { throw error("has more than \(Self.maxGroups) groups", at: start) }
        guard let name else { return groupCount }
        guard groupNames[name] == nil else { throw error("a second group is named `\(name)`", at: start) }
        groupNames[name] = groupCount
        return groupCount
    }

    private enum GroupHead {
        /// Flags for the rest, or a comment: over already.
        case nothing
        case unnumbered
        case named(String)
    }

    /// What follows `(?`.
    private mutating func groupHead(from start: Int) throws(PatternError) -> GroupHead {
        switch peek() {
        case ":":
            at += 1
            return .unnumbered
        case "=", "!": throw error("looking ahead is not supported", at: start)
        case ">": throw error("atomic groups are not supported", at: start)
        case "#":
            while let next = peek(), next != ")" { at += at < end && next != ")" ? 1 : 0 }
            guard take(")") else { throw error("a comment is not closed", at: start) }
            return .nothing
        case "<" where peek(1) == "=" || peek(1) == "!": throw error("looking behind is not supported", at: start)
        case "P" where peek(1) == "<", "<", "'":
            if take("P") {}
            let close: Unicode.Scalar = peek() == "'" ? "'" : ">"
            at += 1
            var name = ""
            while let next = peek(), next != close {
                guard next.isWord else { throw error("a group's name has letters, digits and `_`") }
                name.unicodeScalars.append(next)
                at += 1
            }
            guard take(close) else { throw error("a group's name is not closed", at: start) }
            guard let first = name.unicodeScalars.first else { throw error("a group's name is empty", at: start) }
            guard first.digit == nil else { throw error("a group's name begins with a letter or `_`", at: start) }
            return .named(name)
        case "P", "R", "&": throw error("references to groups are not supported", at: start)
        case "(": throw error("conditional groups are not supported", at: start)
        case let digit? where digit.digit != nil: throw error("references to groups are not supported", at: start)
        default: return try flagList(from: start)
        }
    }

    /// `i`, `-i`, `im-s` and then `)` or `:`.
    private mutating func flagList(from start: Int) throws(PatternError) -> GroupHead {
        var on = true
        while let next = peek() {
            at += 1
            switch next {
            case "-": on = false
            case "i", "m", "s", "u": flags.set(next, to: on)
            case ")": return .nothing
            case ":": return .unnumbered
            default: throw error("there is no flag `\(next)`; there are `i`, `m` and `s`", at: at - 1)
            }
        }
        throw error("`(` is not closed", at: start)
    }
}

extension PatternParser.Flags {
    /// `u` is always on, `g` means nothing where only "does it occur?" is asked.
    mutating func set(_ flag: Unicode.Scalar, to value: Bool) {
        switch flag {
        case "i": ignoresCase = value
        case "m": multiline = value
        case "s": dotIsAll = value
        default: break
        }
    }
}

extension Unicode.Scalar {
    var digit: Int? { "0"..."9" ~= self ? Int(value) - 0x30 : nil }
    var hexDigit: UInt32? { isASCII ? Character(self).hexDigitValue.map(UInt32.init) : nil }
    /// Of ASCII, as everywhere in these expressions.
    var isWord: Bool { "a"..."z" ~= self || "A"..."Z" ~= self || "0"..."9" ~= self || self == "_" }
}
