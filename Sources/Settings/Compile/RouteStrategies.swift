import Routing
import Schema

/// The strategies that names and arguments mean.
extension RouteReader {
    mutating func strategy(_ name: String, _ arguments: StrategyArguments, owner: String, at path: String, line: Int) -> any Strategy {
        let window = arguments.window?.window ?? .quarterHour
        let buffer = arguments.buffer ?? 0
        switch name {
        case Percentage.name: return Percentage(stickyBy: arguments.sticky, salt: Random.hash(owner.utf8))
        case Fastest.name: return Fastest(window: window, buffer: buffer)
        case StrategyName.firstToken: return Fastest(by: .firstToken, window: window, buffer: buffer)
        case MostReliable.name: return MostReliable(window: window, buffer: buffer)
        case HighestThroughput.name: return HighestThroughput(window: window, buffer: buffer)
        case FewestRequests.name: return FewestRequests(window: arguments.window?.window ?? .total)
        case Auto.name: return Auto(weights: weights(arguments, at: path, line: line), window: window)
        case Intelligent.name:
            return Intelligent(axis: arguments.axis?.axis ?? .performance)
        case Self.optimized:
            return Strategies.optimizing((arguments.metric ?? .latency).rawValue, window: arguments.window?.window ?? .total) ?? Fastest()
        default: return Strategies.named(name) ?? Shuffle()
        }
    }

    /// vLLora's choice by a metric.
    static let optimized = "optimized"

    private mutating func weights(_ arguments: StrategyArguments, at path: String, line: Int) -> AutoWeights {
        guard let own = arguments.weights else { return .of(arguments.mode ?? .balance) }
        if let weights = AutoWeights(cost: own.cost, quality: own.quality, latency: own.latency) { return weights }
        reading.problem(path, line, "the weights sum to 0, so nothing could be chosen")
        return .of(.balance)
    }

    /// The branches in order, each asked when its condition holds, then what serves otherwise.
    mutating func conditional(
        _ written: [ConditionalBranch], otherwise: Route?, at path: String, line: Int, names: [String: FieldAlias] = [:], isInline: Bool = false
    ) -> Route? {
        var cases: [Conditional.Case] = []
        var branches: [Branch] = []
        var conditionsWritten: [(when: Condition, path: String, line: Int)] = []
        for branch in written {
            var conditions = ConditionReader(names: names, isInline: isInline)
            let when = branch.when.map { conditions.condition($0, at: branch.place, &reading) ?? .always } ?? .always
            conditionsWritten.append((when, branch.place, branch.when?.line ?? line))
            if let text = branch.deny ?? branch.answer {
                cases.append(.block(when: when, text: text, answers: branch.deny == nil))
            } else if let route = branch.route {
                cases.append(.branch(when: when))
                branches.append(Branch(route))
            }
        }
        RuleLinter.lint(branches: conditionsWritten, &reading)
        if let otherwise { branches.append(Branch(otherwise)) }
        guard !branches.isEmpty else {
            if !cases.isEmpty { reading.problem(path, line, "refuses whatever it does not leave out: it needs a branch that serves") }
            return nil
        }
        return .choice(Conditional(cases), branches)
    }

    /// Weighs all branches; the mode comes with the request.
    func autoTree(_ branches: [Branch]) -> Route { .choice(Auto(), branches) }
}
