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
    mutating func conditional(_ branches: [ConditionalBranch], otherwise: Route?, at path: String, line: Int) -> Route? {
        warnNotYet("conditional", served: Fallback.name, at: path, line: line)
        for branch in branches {
            if let when = branch.when { _ = Condition.read(when, at: branch.place, &reading) }
        }
        return .choice(Fallback(), ([otherwise] + branches.map(\.route)).compactMap { $0 }.map { Branch($0) })
    }

    /// Weighs all branches; the mode comes with the request.
    func autoTree(_ branches: [Branch]) -> Route { .choice(Shuffle(), branches) }
}
