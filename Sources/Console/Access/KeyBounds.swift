import Gateway
import Schema
import Settings

/// What a key manager may give to keys: what it has itself, and nothing else.
struct KeyBounds {
    let token: AdminToken

    init(_ token: AdminToken) { self.token = token }

    /// Members that a key manager may send. What is not here would widen a key past its bounds, or make a key of somebody else's.
    static let members = [
        "name", "models", "providers", "paused", "project", "owner", "customer", "budget_mode", "region", "regions", "denied_regions", "tags",
        "expires", "budget", "alerts", "rpm", "tpm", "rpd", "tpd", "max_parallel_requests",
    ]

    /// Keys of its projects; there are no others for it.
    func sees(_ key: Node) -> Bool { key["project"]?.scalar.map(token.projects.contains) ?? false }

    func checkBody(_ body: Node) throws {
        for entry in body.entries ?? [] where !Self.members.contains(entry.name) {
            throw AdminRefusal(
                403, "field_not_allowed",
                "a key manager does not set `\(entry.name.prefix(100))`; it sets \(Self.members.joined(separator: ", "))")
        }
    }

    /// The key as it is to be.
    func check(_ node: Node, named name: String) throws {
        guard sees(node) else {
            throw Self.wider("`project` must be one of \(token.projects.map { "`\($0)`" }.joined(separator: ", "))")
        }
        var reading = Reading { _ in .found("x") }
        guard let key = KeySettings.read(node, at: "keys".setting(name), &reading), reading.problems.errors.isEmpty else {
            throw SettingsBook.Refused(problems: reading.problems.errors)
        }
        try checkList("models", key.models, token.models)
        try checkList("providers", key.providers, token.providers)
        try checkBudgets(key.limits.budget.budgets)
        let (mine, own) = (token.limits, key.limits)
        try checkLimit("rps", own.requestsPerSecond, mine.requestsPerSecond)
        try checkLimit("rpm", own.requestsPerMinute, mine.requestsPerMinute)
        try checkLimit("tpm", own.tokensPerMinute, mine.tokensPerMinute)
        try checkLimit("rpd", own.requestsPerDay, mine.requestsPerDay)
        try checkLimit("tpd", own.tokensPerDay, mine.tokensPerDay)
        if case .most(let most)? = mine.parallel {
            var given: Int?
            if case .most(let count)? = own.parallel { given = count }
            try checkLimit("max_parallel_requests", given, most)
        }
    }

    private func checkList(_ name: String, _ given: [String]?, _ bound: [String]?) throws {
        guard let bound else { return }
        guard let given, !given.contains("*") else {
            throw Self.wider("`\(name)` must be some of \(bound.map { "`\($0)`" }.joined(separator: ", "))")
        }
        for item in given where !bound.contains(item) {
            throw Self.wider("`\(item.prefix(100))` is none of the \(name) that you may give\(Spelling.help(for: item, among: bound))")
        }
    }

    private func checkBudgets(_ given: [BudgetSettings]) throws {
        for bound in token.limits.budget.budgets {
            let own = given.first { $0.unit == bound.unit && $0.period == bound.period }
            let what = "a budget of at most \(bound.amount.written ?? "") \(bound.unit.rawValue) per \(bound.period.rawValue)"
            guard let own else { throw Self.wider("the key needs \(what)") }
            guard own.amount.number <= bound.amount.number else { throw Self.wider("the key may have \(what)") }
            guard own.enforcement == .hard || bound.enforcement == .soft else { throw Self.wider("the key's budget must be hard") }
        }
    }

    private func checkLimit(_ name: String, _ given: Int?, _ bound: Int?) throws {
        guard let bound else { return }
        guard let given, given <= bound else { throw Self.wider("`\(name)` must be said, and at most \(bound)") }
    }

    private static func wider(_ message: String) -> AdminRefusal {
        AdminRefusal(403, "wider_than_yours", "a key is never wider than its maker: \(message)")
    }
}
