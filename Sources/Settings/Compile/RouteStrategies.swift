import Routing
import Schema

/// The strategies that names and arguments mean.
extension RouteReader {
    mutating func strategy(_ name: String, _ arguments: StrategyArguments, owner: String, at path: String, line: Int) -> any Strategy {
        switch name {
        case Percentage.name: return Percentage(stickyBy: arguments.sticky, salt: Random.hash(owner.utf8))
        case "intelligent", "auto":
            warnNotYet(name, served: Fallback.name, at: path, line: line)
            return Fallback()
        default:
            if let known = Strategies.named(name) { return known }
            warnNotYet(name, served: Shuffle.name, at: path, line: line)
            return Shuffle()
        }
    }

    mutating func warnNotYet(_ name: String, served: String, at path: String, line: Int) {
        reading.warning(path, line, "`\(name)` is accepted, but not effective yet: served as `\(served)`")
    }

    /// The branches in order, each asked when its condition holds, then what serves otherwise.
    mutating func conditional(
        _ written: [ConditionalBranch], otherwise: Route?, at path: String, line: Int, names: [String: FieldAlias] = [:], isInline: Bool = false
    ) -> Route? {
        var cases: [Conditional.Case] = []
        var branches: [Branch] = []
        for branch in written {
            var conditions = ConditionReader(names: names, isInline: isInline)
            let when = branch.when.map { conditions.condition($0, at: branch.place, &reading) ?? .always } ?? .always
            if let text = branch.deny {
                cases.append(.block(when: when, text: text))
            } else if let route = branch.route {
                cases.append(.branch(when: when))
                branches.append(Branch(route))
            }
        }
        if let otherwise { branches.append(Branch(otherwise)) }
        guard !branches.isEmpty else {
            if !cases.isEmpty { reading.problem(path, line, "refuses whatever it does not leave out: it needs a branch that serves") }
            return nil
        }
        return .choice(Conditional(cases), branches)
    }

    /// Weighs all branches; the mode comes with the request.
    func autoTree(_ branches: [Branch]) -> Route { .choice(Shuffle(), branches) }
}
