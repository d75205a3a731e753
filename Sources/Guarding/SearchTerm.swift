/// What a `PatternSet` looks for: an expression, a text as it stands, or a word.
public final class SearchTerm: Sendable {
    /// Bytes that a match has at most. An expression without a bound of its own, like `a.*b`, finds nothing longer; streams hold back no more.
    public static let longestMatch = 4096
    /// A large program finds shorter matches only, so that the memory for a search has a bound: instructions times bytes.
    private static let maxProduct = 1 << 22

    let program: PatternProgram
    let classes: PatternClasses
    /// With what groups take; nil where there are none.
    let groups: PatternProgram?
    let groupCount: Int
    let groupNames: [String: Int]
    /// Bytes of a match at most.
    public let longest: Int
    /// Whether `longest` is a bound of ours and not the expression's own.
    public let isCapped: Bool
    /// Nil: nothing in it is certain enough to be looked for first.
    let grams: [Gram]?
    /// Whether a match counts only where words begin and end.
    let isWord: Bool

    /// A regular expression as `Pattern` reads it; it must not match a text of nothing.
    public convenience init(pattern: String, ignoringCase: Bool = false) throws(PatternError) {
        var parser = PatternParser(pattern, ignoringCase: ignoringCase)
        parser.refusesBlindBoundaries = true
        let node = try parser.parse()
        if node.lengths.least == 0 { throw PatternError(message: "matches a text of nothing, so it would be found everywhere", position: 1) }
        try self.init(node, groupCount: parser.groupCount, groupNames: parser.groupNames, isWord: false)
    }

    /// `text`, every character standing for itself.
    public convenience init(text: String, ignoringCase: Bool = true) throws(PatternError) {
        guard !text.isEmpty else { throw PatternError(message: "is empty, so it would be found everywhere", position: 1) }
        guard text.unicodeScalars.count <= Pattern.maxLength else {
            throw PatternError(message: "is longer than \(Pattern.maxLength) characters", position: 1)
        }
        let parts = text.unicodeScalars.map { PatternNode.set(ScalarSet($0, ignoringCase: ignoringCase)) }
        try self.init(.sequence(parts), groupCount: 0, groupNames: [:], isWord: false)
    }

    init(_ node: PatternNode, groupCount: Int, groupNames: [String: Int], isWord: Bool) throws(PatternError) {
        var compiler = PatternCompiler()
        compiler.marksStart = true
        program = try compiler.compile(node)
        classes = PatternClasses(program)
        if groupCount > 0 {
            var whole = PatternCompiler()
            whole.keepsGroups = true
            groups = try whole.compile(node)
        } else {
            groups = nil
        }
        self.groupCount = groupCount
        self.groupNames = groupNames
        let bound = min(Self.longestMatch, Self.maxProduct / max(1, program.instructions.count))
        let most = node.lengths.most
        isCapped = most.map { $0 > bound } ?? true
        longest = min(most ?? bound, bound)
        grams = GramChoice.grams(of: node)
        self.isWord = isWord
    }

    /// Whether it costs something at every byte of a text, having nothing that must stand in every match.
    public var isSlow: Bool { grams == nil }
    /// Bytes after a match's start at which it may still be unnoticed.
    var reach: Int { grams?.map(\.reach).max() ?? 0 }
}
