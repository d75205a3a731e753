/// Rules on what may stand in prompts and replies, compiled.
///
/// Every rule reads the text as it came, not what other rules made of it, so a mask hides nothing from a block. Rules are asked by
/// priority, the highest first, and in the order in which they are written where that is equal. Priority says which rule is named,
/// whose replacement stands where masks overlap, and what an `allow` protects: a match that lies within one of a rule with `allow`
/// asked before it counts for nothing. Every byte that some mask found is replaced.
public struct FirewallRules: Sendable {
    public enum Scope: String, Sendable, CaseIterable { case prompt, reply, both }
    public enum Kind: String, Sendable, CaseIterable { case regex, substring, keywords }
    public enum Action: String, Sendable, CaseIterable {
        /// Exempts what it finds from rules asked after it.
        case allow
        /// Is noted.
        case log
        /// Is noted and told to the client.
        case warn
        case mask
        case block
    }

    public struct Rule: Hashable, Sendable {
        public var name: String
        public var priority = 0
        public var isEnabled = true
        public var scope = Scope.prompt
        public var kind = Kind.regex
        /// A regular expression without delimiters is asked in any case; between them, as `/…/i`, flags say so.
        public var pattern = ""
        /// Of `keywords`.
        public var words: [String] = []
        public var action = Action.block
        public var replacement = "[redacted]"

        public init(name: String) { self.name = name }
    }

    public struct Problem: Hashable, Sendable {
        /// Of the rule.
        public var index: Int
        /// The rule's setting: `pattern`, `words` or `replacement`.
        public var setting: String
        public var message: String
        /// Of `words`.
        public var item: Int?
    }

    /// Expressions that have nothing certain in them cost a step for each byte of every text: about 1.5 µs for each of them and KB.
    public static let maxSlow = 64

    /// Those in force, in the order in which they are asked.
    public let rules: [Rule]
    /// For each of them its place in the list as it was written.
    public let indices: [Int]
    let prompt: Side
    let reply: Side

    /// Of one direction.
    final class Side: Sendable {
        let patterns: PatternSet
        /// For each term the rule that it belongs to, and what replaces it.
        let rules: [Int]
        let replacements: [Replacement]

        init(_ terms: [(rule: Int, term: SearchTerm, replacement: Replacement)]) {
            patterns = PatternSet(terms.map(\.term))
            rules = terms.map(\.rule)
            replacements = terms.map(\.replacement)
        }

        var isEmpty: Bool { rules.isEmpty }
    }

    /// The rules and everything that is wrong with them; those that are right are in force.
    public static func compile(_ written: [Rule]) -> (rules: FirewallRules, problems: [Problem]) {
        var problems: [Problem] = []
        let order = written.indices.sorted { (-written[$0].priority, $0) < (-written[$1].priority, $1) }
        var kept: [Int] = []
        var compiled: [[(term: SearchTerm, replacement: Replacement)]] = []
        var slow = 0
        for index in order {
            var own: [Problem] = []
            let terms = Self.terms(of: written[index], index, &own)
            if written[index].isEnabled { slow += terms.filter(\.term.isSlow).count }
            if slow > maxSlow, own.isEmpty, terms.contains(where: \.term.isSlow) {
                own.append(
                    Problem(
                        index: index, setting: "pattern",
                        message: "has no two letters that every match must have; at most \(maxSlow) rules may be like that"))
            }
            problems += own
            guard own.isEmpty, written[index].isEnabled else { continue }
            kept.append(index)
            compiled.append(terms)
        }
        problems.sort { ($0.index, $0.setting, $0.item ?? 0) < ($1.index, $1.setting, $1.item ?? 0) }
        return (FirewallRules(kept.map { written[$0] }, kept, compiled), problems)
    }

    private init(_ rules: [Rule], _ indices: [Int], _ compiled: [[(term: SearchTerm, replacement: Replacement)]]) {
        func side(_ scope: Scope) -> Side {
            let own = rules.indices.filter { rules[$0].scope == scope || rules[$0].scope == .both }
            return Side(own.flatMap { index in compiled[index].map { (index, $0.term, $0.replacement) } })
        }
        self.rules = rules
        self.indices = indices
        prompt = side(.prompt)
        reply = side(.reply)
    }

    func side(_ scope: Scope) -> Side { scope == .prompt ? prompt : reply }

    /// Whether texts of a direction need not be looked at.
    public func isEmpty(_ scope: Scope) -> Bool { side(scope).isEmpty }

    private static func terms(of rule: Rule, _ index: Int, _ problems: inout [Problem]) -> [(term: SearchTerm, replacement: Replacement)] {
        var terms: [(SearchTerm, Replacement)] = []
        var setting = "pattern"
        do throws(PatternError) {
            switch rule.kind {
            case .substring: terms.append((try SearchTerm(text: rule.pattern), Replacement(text: rule.replacement)))
            case .regex:
                let term = try SearchTerm(rule: rule.pattern)
                setting = "replacement"
                terms.append((term, try Replacement(rule.replacement, for: term)))
            case .keywords: break
            }
        } catch {
            problems.append(Problem(index: index, setting: setting, message: "\(error)"))
        }
        guard rule.kind == .keywords else { return terms }
        let words = rule.words.isEmpty ? [rule.pattern] : rule.words
        for (item, word) in words.enumerated() {
            do throws(PatternError) {
                terms.append((try SearchTerm(word: word), Replacement(text: rule.replacement)))
            } catch {
                let isWords = !rule.words.isEmpty
                problems.append(Problem(index: index, setting: isWords ? "words" : "pattern", message: error.message, item: isWords ? item : nil))
            }
        }
        return terms
    }
}

extension SearchTerm {
    private static let flags: Set<Character> = ["i", "m", "s", "u", "g"]
    private static let otherFlags: Set<Character> = ["x", "A", "D", "S", "U", "X", "J"]

    /// As a rule of a firewall has it: in any case, unless it stands between delimiters, as `/…/`, where flags say what holds.
    convenience init(rule source: String) throws(PatternError) {
        if source.isEmpty { throw PatternError(message: "is empty, so it would be found everywhere", position: 1) }
        guard source.count >= 2, source.first == "/", let slash = source.lastIndex(of: "/"), slash > source.startIndex else {
            try self.init(pattern: source, ignoringCase: true)
            return
        }
        let flags = source[source.index(after: slash)...]
        if flags.allSatisfy({ Self.flags.contains($0) || Self.otherFlags.contains($0) }) {
            if let flag = flags.first(where: { !Self.flags.contains($0) }) {
                throw PatternError(message: "there is no flag `\(flag)` here; there are `i`, `m`, `s` and `u`", position: source.count)
            }
            try self.init(pattern: source, ignoringCase: false)
        } else {
            try self.init(pattern: source, ignoringCase: true)
        }
    }
}
