/// A regular expression that no text makes slow: the work is linear in the text, whatever the expression (K. Thompson, "Regular
/// expression search algorithm", CACM 11/6, 1968). It asks whether the expression occurs anywhere in a text; nothing is captured.
///
/// Letters stand for themselves, and there are `.`, `[a-z]`, `[^a-z]`, `[[:alpha:]]`, `\d \w \s \D \W \S` (of ASCII), `\b \B`, `^ $ \A \z`,
/// `(…)`, `(?:…)`, `(?<name>…)`, `|`, `* + ? {2} {2,} {2,5}` (greedy or lazy), `\n \t \r \f \v \0 \xHH \x{…} \uHHHH \u{…}`, and the flags `i`,
/// `m`, `s` as `(?i)`, `(?i:…)` or `/…/i`. What would need memory of what was matched is refused: back references, looking around,
/// possessive quantifiers, recursion.
public final class Pattern: Sendable {
    /// Characters of an expression.
    static let maxLength = 4096
    /// Instructions of its program; repeats are written out.
    static let maxProgram = 4096

    /// As it was written.
    public let source: String
    private let program: PatternProgram
    private let automaton: PatternAutomaton?

    /// `ignoringCase`: as if it began with `(?i)`.
    public convenience init(_ source: String, ignoringCase: Bool = false) throws(PatternError) {
        var parser = PatternParser(source, ignoringCase: ignoringCase)
        try self.init(source, parser.parse())
    }

    /// Where `text` stands, every character for itself; at the start or the end, where that is asked.
    public convenience init(literal text: String, ignoringCase: Bool, atStart: Bool = false, atEnd: Bool = false) throws(PatternError) {
        guard text.unicodeScalars.count <= Self.maxLength else {
            throw PatternError(message: "is longer than \(Self.maxLength) characters", position: 1)
        }
        let parts =
            (atStart ? [.assertion(.textStart)] : []) + text.unicodeScalars.map { PatternNode.set(ScalarSet($0, ignoringCase: ignoringCase)) }
            + (atEnd ? [.assertion(.textEnd)] : [])
        try self.init(text, .sequence(parts))
    }

    private init(_ source: String, _ node: PatternNode) throws(PatternError) {
        self.source = source
        var compiler = PatternCompiler()
        program = try compiler.compile(node)
        automaton = PatternAutomaton(program)
    }

    /// Whether it occurs in `text`.
    public func matches(_ text: String) -> Bool {
        var steps = 0
        return matches(text, steps: &steps)
    }

    /// Adds what it took: one for each byte, or for each instruction that a byte visits where the expression has no table of states.
    func matches(_ text: String, steps: inout Int) -> Bool {
        var text = text
        return text.withUTF8 { bytes in
            if let automaton { return automaton.matches(bytes, steps: &steps) }
            return program.matches(bytes, steps: &steps)
        }
    }

    /// Whether it became a table of states: then a byte costs one look.
    var isTable: Bool { automaton != nil }
    var programSize: Int { program.instructions.count }
}

extension Pattern: Hashable {
    public static func == (left: Pattern, right: Pattern) -> Bool { left.program == right.program }
    public func hash(into hasher: inout Hasher) { hasher.combine(source) }
}

/// Why an expression is refused.
public struct PatternError: Error, Hashable, CustomStringConvertible {
    public let message: String
    /// The character where it was noticed, counted from 1.
    public let position: Int

    public var description: String { "\(message) (character \(position))" }
}
