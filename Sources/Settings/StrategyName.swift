import Routing
import Schema

/// A strategy by name or alias. Those that are known and not yet effective stand here too: they are served as another.
public struct StrategyName: Hashable, SettingValue {
    /// The first of its names.
    public var name: String
    /// True when it is served as `shuffle` or `fallback` so far.
    public var isNotYet: Bool

    /// Names, with aliases, of strategies to come.
    private static let toCome: [[String]] = [
        ["usage", "usage-based-routing"], ["usage_v2", "usage-based-routing-v2"], ["latency", "latency-based-routing", "least_latency"],
        ["cost", "cost-based-routing", "lowest_cost"], ["success_rate"], ["throughput"], ["geographic"],
    ].filter { Strategies.named($0[0]) == nil }

    public static let names = Strategies.names + toCome.map { $0[0] }
    private static let allNames = Strategies.all.flatMap { [type(of: $0).name] + type(of: $0).aliases } + toCome.flatMap(\.self)

    public init?(_ written: String) {
        if let strategy = Strategies.named(written) {
            name = type(of: strategy).name
            isNotYet = false
        } else if let row = Self.toCome.first(where: { $0.contains(written) }) {
            name = row[0]
            isNotYet = true
        } else {
            return nil
        }
    }

    public static let shape = Shape.choice(allNames)
    public var written: String? { name }

    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> StrategyName? {
        guard let text = node.scalar else {
            reading.problem(path, node.line, "expected the name of a strategy, found \(node.kind)")
            return nil
        }
        guard let strategy = StrategyName(text) else {
            reading.problem(path, node.line, "there is no strategy `\(text.prefix(60))`\(help(for: text))")
            return nil
        }
        return strategy
    }

    static func help(for text: String) -> String {
        if let near = Spelling.nearest(to: text, among: allNames) { return "; did you mean `\(near)`?" }
        return "; expected one of " + names.map { "`\($0)`" }.joined(separator: ", ")
    }

    /// Where nothing is said.
    static let usual = StrategyName(of: Shuffle.name)

    private init(of name: String) {
        self.name = name
        isNotYet = false
    }
}
