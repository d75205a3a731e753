import Routing
import Schema

/// What trees, rules and conditions are made of, for editors of them: made from what reads them.
public enum RouteVocabulary {
    public static let json: String =
        JSONText.object([
            ("strategies", .list(strategies.map(strategy))), ("target", JSONSchema.part(of: RouteReader.Reference.shape)),
            ("deployment", JSONSchema.part(of: DeploymentSettings.shape)), ("faults", .list(FaultList.names.map { .string($0) })),
            ("fields", .list(Fields.all.map(field))), ("operators", .list(Comparison.Operation.allCases.map { .string($0.rawValue) })),
        ]).text() + "\n"

    struct Line {
        var name: String
        var aliases: [String]
        var help: String
    }

    /// In the order in which they are offered.
    static let strategies: [Line] = {
        let own = Strategies.all.map { Line(name: type(of: $0).name, aliases: type(of: $0).aliases, help: help[type(of: $0).name] ?? "") }
        return own + [Line(name: "conditional", aliases: [], help: "The first branch whose condition holds, else the default.")]
    }()

    private static let help: [String: String] = [
        "fallback": "Children in the order written; the next one is asked when one fails.", "single": "Its one child.",
        "percentage": "One by chance, in proportion to the shares; the others when it fails.",
        "shuffle": "One by chance, by weight, else by rpm, else by tpm, else all alike.", "random": "One by chance, all alike.",
        "round_robin": "The next in turn.", "least_busy": "The one with the fewest requests in flight.",
        "usage": "The one with the fewest tokens this minute.",
        "usage_v2": "The one with the fewest tokens this minute, of those within their limits with this request.",
        "latency": "The fastest of late.", "cost": "The cheapest for this very request.",
        "success_rate": "The one that has answered the largest share of its calls.",
        "throughput": "The one with the most tokens a second.", "requests": "The one with the fewest requests so far.",
        "geographic": "The nearest to the caller.", "auto": "The best by cost, quality and latency, weighed by a mode.",
        "intelligent": "The cheapest that is likely to answer a request of this complexity well enough.",
    ]

    private static func strategy(_ line: Line) -> JSONText {
        let allowed = StrategyArguments.allowed(for: line.name)
        let options = StrategyOptions.descriptions.filter { allowed.contains($0.name) }
        return .object([
            ("name", .string(line.name)), ("aliases", .list(line.aliases.map { .string($0) })), ("help", .string(line.help)),
            ("options", JSONSchema.part(of: .section(options))),
        ])
    }

    private static func field(_ row: Fields.Row) -> JSONText {
        var members: [(String, JSONText)] = [("name", .string(row.name)), ("kind", .string(word(row.kind))), ("help", .string(row.help))]
        if case .word(let words) = row.kind { members.append(("words", .list(words.map { .string($0) }))) }
        let operators = Comparison.Operation.allCases.filter { OperandReader.goes($0, with: row.kind) }
        return .object(members + [("operators", .list(operators.map { .string($0.rawValue) }))])
    }

    private static func word(_ kind: Fields.Kind) -> String {
        switch kind {
        case .text: "text"
        case .number: "number"
        case .flag: "flag"
        case .word: "word"
        case .any: "any"
        }
    }
}
