import Routing
import Schema

/// LLMGrid's routes.
extension Compiler {
    /// `{ name, type: chat, strategy, models: [ { provider, id } ], policies: { retries, fallback, … } }`.
    private struct GridRoute: Configurable {
        var name = ""
        var type: String?
        var strategy: String?
        var models: [Node] = []
        var policies = GridPolicies()

        static let fields: [Field<Self>] = [
            .setting("name", \.name, "Its name."),
            .setting("type", \.type, "What it serves: chat."),
            .setting("strategy", \.strategy, "Which model is asked first."),
            .setting("models", \.models, "What serves it, each { provider, id }.").required,
            .setting("policies", \.policies, "How it is retried and left."),
        ]
    }

    struct GridPolicies: Configurable {
        var retries: GridRetries?
        var fallback: Node?
        var rateLimit: GridRate?
        var budget: GridBudget?
        var redaction: GridRedaction?

        static let fields: [Field<Self>] = [
            .setting("retries", \.retries, "How often it is asked again."),
            .setting("fallback", \.fallback, "Where it goes on: { onTimeout: { toModel } }."),
            .setting("rateLimit", \.rateLimit, "How many requests it takes."),
            .setting("budget", \.budget, "How many tokens it takes."),
            .setting("redaction", \.redaction, "What becomes of personal data."),
        ]
    }

    struct GridRetries: Configurable {
        var maxAttempts: Int?
        var backoff: String?

        static let fields: [Field<Self>] = [
            .setting("maxAttempts", \.maxAttempts, in: 1...101, "Attempts in all."),
            .setting("backoff", \.backoff, "The first wait, or the name of a kind of backoff; ours is exponential."),
        ]
    }

    /// Its names for strategies beside ours.
    private static let gridStrategies = [
        "cost_optimized": "cost", "latency_optimized": "latency", "priority": "fallback", "weighted": "percentage", "balanced": "shuffle",
        "round-robin": "round_robin", "load_balanced": "least_busy",
    ]
    private static let gridFallbacks: [String: FaultSet] = [
        "onTimeout": FaultSet(.timeout), "onRateLimit": FaultSet(.rateLimit, .quotaExceeded),
        "onError": FaultSet(.serverError, .unavailable, .malformedReply), "onContextWindow": FaultSet(.contextWindow),
        "onContentPolicy": FaultSet(.contentPolicy),
    ]

    mutating func addGridRoute(_ route: inout NamedRoute, _ node: Node, at path: String) {
        guard let grid = GridRoute.read(node, at: path, &reader.reading) else { return }
        let written = grid.strategy ?? Shuffle.name
        guard let strategy = Self.gridStrategies[written] ?? StrategyName(written)?.name else {
            let help = Spelling.help(for: written, among: StrategyName.names + Self.gridStrategies.keys.sorted())
            reader.reading.problem(
                path.setting("strategy"), node.entry("strategy")?.line ?? node.line, "there is no strategy `\(written.prefix(60))`\(help)")
            return
        }
        let list = path.setting("models")
        var branches: [Branch] = []
        for (index, model) in grid.models.enumerated() {
            if let branch = gridModel(model, at: list.item(index), owner: route.name) { branches.append(branch) }
        }
        let choice = reader.choice(
            of: branches, strategy, StrategyArguments(), at: list, line: node.entry("models")?.line ?? node.line, owner: route.name)
        guard let choice else { return }
        let others = gridFallbacks(grid.policies.fallback, at: path.setting("policies").setting("fallback"))
        route.tree = others.isEmpty ? choice : .choice(Fallback(), [Branch(choice)] + others)
        addGridTerms(of: route.name, grid.policies, node, at: path)
        route.retryIsItsOwn = grid.policies.retries != nil
        if let attempts = grid.policies.retries?.maxAttempts { route.retry.maxRetries = attempts - 1 }
        if let wait = grid.policies.retries?.backoff.flatMap(Duration.init(written:)) { route.retry.backoff = wait }
    }

    /// `{ provider, id }`, or any tree.
    private mutating func gridModel(_ node: Node, at path: String, owner: String) -> Branch? {
        guard let id = node.entry("id"), let entries = node.entries else { return reader.route(node, at: path, owner: owner)?.branch }
        let renamed = entries.map { $0.name == "id" ? Node.Entry("model", line: id.line, $0.node) : $0 }
        return reader.route(Node(.map(renamed), line: node.line), at: path, owner: owner)?.branch
    }

    private mutating func gridFallbacks(_ node: Node?, at path: String) -> [Branch] {
        guard let node, !node.isNull, let entries = reader.reading.entries(of: node, at: path) else { return [] }
        return entries.compactMap { entry in
            let place = path.setting(entry.name)
            guard let faults = Self.gridFallbacks[entry.name] else {
                let help = Spelling.help(for: entry.name, among: Self.gridFallbacks.keys.sorted())
                reader.reading.problem(place, entry.line, "unknown setting `\(entry.name)`\(help)")
                return nil
            }
            for other in entry.node.entries ?? [] where !["toModel", "maxAttempts"].contains(other.name) {
                let help = Spelling.help(for: other.name, among: ["toModel", "maxAttempts"])
                reader.reading.problem(place.setting(other.name), other.line, "unknown setting `\(other.name)`\(help)")
            }
            guard let model = entry.node.entry("toModel"), let name = model.node.scalar else {
                reader.reading.problem(place.setting("toModel"), entry.line, "is missing: the model that it goes on to")
                return nil
            }
            guard let child = reader.named(name, at: place.setting("toModel"), line: model.line) else { return nil }
            let attempts = entry.node["maxAttempts"].flatMap { Int.read($0, at: place.setting("maxAttempts"), &reader.reading) }
            let options = LeafOptions(maxRetries: attempts.map { max(0, min(100, $0 - 1)) })
            return Branch(options.isEmpty ? child.route : .with(options, child.route), on: faults)
        }
    }
}
