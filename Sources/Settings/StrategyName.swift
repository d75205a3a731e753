import Routing
import Schema

/// A strategy by name or alias: ours, LiteLLM's, vLLora's.
public struct StrategyName: Hashable, SettingValue {
    /// The first of its names.
    public var name: String

    public static let names = Strategies.names
    private static let allNames = Strategies.all.flatMap { [type(of: $0).name] + type(of: $0).aliases }

    public init?(_ written: String) {
        guard let strategy = Strategies.named(written) else { return nil }
        name = written == Self.firstToken ? written : type(of: strategy).name
    }

    /// vLLora's: the latency to the first token, whether the request streams or not.
    static let firstToken = "ttft"

    private init(of name: String) { self.name = name }

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
}
