/// Asks the first branch whose condition holds; when that cannot serve or fails, the next whose condition holds, last those without
/// a condition. Branches whose condition does not hold are closed: nothing leads to them, not even that everything rests.
///
/// The choice is made before strategies are asked, for it is no choice among equals: `RouterGates`.
public struct Conditional: Strategy {
    public static let name = "conditional"

    public enum Case: Hashable, Sendable {
        /// For the next branch of the choice that has not got one.
        case branch(when: Condition)
        /// Refuses the request with this text, unless an earlier case holds; or answers with it, as a model would.
        case block(when: Condition, text: String, answers: Bool = false)
    }

    /// In the order written.
    public var cases: [Case]

    /// Branches beyond the cases have no condition.
    public init(_ cases: [Case] = []) { self.cases = cases }

    public mutating func pick(among candidates: [Candidate], facts: Facts, random: inout Random) -> Int { 0 }
}

/// Where a conditional choice lets nobody through unless something holds.
struct Gate: Sendable {
    var leaves: Range<Int>
    /// The first test of the condition.
    var when: Int32
}

/// Where a conditional choice refuses.
struct Block: Sendable {
    var when: Int32
    var text: String
    /// The text is an answer and no refusal.
    var answers: Bool
    /// The way to it is certain: no strategy could lead elsewhere. Others count when nothing else may serve.
    var isCertain: Bool
}

extension TreeCompiler {
    /// The conditions on the way from a route's root to a place in it.
    struct Way {
        var when: Condition = .always
        var isCertain = true

        /// To the branch number `index` of a choice.
        func to(_ index: Int, of strategy: any Strategy) -> Way {
            guard let conditional = strategy as? Conditional else {
                return Way(when: when, isCertain: isCertain && index == 0 && (strategy is Fallback || strategy is Single))
            }
            var branch = -1
            var earlier: [Condition] = []
            for written in conditional.cases {
                switch written {
                case .block(let own, _, _): earlier.append(own)
                case .branch(let own):
                    branch += 1
                    if branch == index { return Way(when: when.and(own).and(.not(.any(earlier))), isCertain: isCertain) }
                    earlier.append(own)
                }
            }
            return Way(when: when.and(.not(.any(earlier))), isCertain: isCertain)
        }
    }

    /// The gates before the branches of a choice, and its refusals. `leaves`: those of each branch.
    mutating func addGates(_ conditional: Conditional, _ leaves: [Range<Int>], on way: Way, of owner: String) {
        var branch = 0
        var blocks: [Condition] = []
        var earlier: [Condition] = []
        for written in conditional.cases {
            switch written {
            case .branch(let when):
                if branch < leaves.count { addGate(when.and(.not(.any(blocks))), leaves[branch], of: owner) }
                branch += 1
                earlier.append(when)
            case .block(let when, let text, let answers):
                let entry = add(way.when.and(when).and(.not(.any(earlier))), of: owner)
                if entry != ConditionTests.no { blocksHere.append(Block(when: entry, text: text, answers: answers, isCertain: way.isCertain)) }
                blocks.append(when)
                earlier.append(when)
            }
        }
        while branch < leaves.count {
            addGate(.not(.any(blocks)), leaves[branch], of: owner)
            branch += 1
        }
    }

    private mutating func addGate(_ when: Condition, _ leaves: Range<Int>, of owner: String) {
        let entry = add(when, of: owner)
        if entry != ConditionTests.yes { gatesHere.append(Gate(leaves: leaves, when: entry)) }
    }
}

extension Condition {
    func and(_ other: Condition) -> Condition {
        switch (self, other) {
        case (.always, _), (_, .not(.any([]))): self == .always ? other : self
        case (_, .always): self
        default: .all([self, other])
        }
    }
}
