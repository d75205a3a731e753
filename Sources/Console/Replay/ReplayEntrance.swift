import Routing
import Settings
import Simulation

/// How settings take up what the ledger has: the key's policy, the route that the request named, or that of its policy.
struct ReplayEntrance {
    private let blueprint: Blueprint
    /// In force when the replay was asked for; nil: unknown.
    private let current: Blueprint?
    private let keys: [String: Int]
    private(set) var fields: ReplayFields

    init(_ blueprint: Blueprint, current: Blueprint?) {
        self.blueprint = blueprint
        self.current = current
        keys = Dictionary(blueprint.keys.enumerated().map { ($1.name, $0) }) { first, _ in first }
        fields = ReplayFields(blueprint.table.fields)
    }

    mutating func entry(of row: ReplayRow) -> ReplayEntry {
        let index = row.key.flatMap { keys[$0] }
        let key = index.map { blueprint.keys[$0] }
        if let key, key.paused { return .refused("key `\(key.name)` is paused") }
        let policy = policy(of: row, key)
        guard let route = route(of: row, policy) else { return .refused("there is no model `\(row.route)`") }
        if let models = key?.models, !models.contains(where: { blueprint.names[$0]?.route == route }), !isPolicyRoute(row) {
            return .refused("key `\(key?.name ?? "")` may not use model `\(row.route)`")
        }
        var entry = ReplayEntry(route: route, facts: facts(of: row, index, key, policy))
        entry.policy = policy.flatMap { blueprint.policies[$0].rules }
        entry.mode = row.mode
        entry.seed = row.seed
        entry.timeout = blueprint.server.totalTimeout
        return entry
    }

    private func policy(of row: ReplayRow, _ key: VirtualKey?) -> Int? {
        let own = key.map { $0.policy } ?? blueprint.defaultPolicy
        guard let name = row.policy else { return key == nil ? nil : own }
        // What settings give the key now and gave it then: a policy that the request named itself is neither.
        let usual = row.key.flatMap { name in current?.keys.first { $0.name == name } }?.policy.flatMap { current?.policies[$0].name }
        if let own, usual == name || blueprint.policies[own].name == name { return own }
        return blueprint.policy(named: name) ?? own
    }

    /// The request named no model, and its policy decided.
    private func isPolicyRoute(_ row: ReplayRow) -> Bool { row.route == "default" || row.route.hasPrefix("policy:") }

    private func route(of row: ReplayRow, _ policy: Int?) -> Route.ID? {
        let own = policy.flatMap { blueprint.policies[$0].route }
        if isPolicyRoute(row) { return own ?? blueprint.defaultRoute }
        if let policy, blueprint.policies[policy].overridesModel, let own { return own }
        return blueprint.names[row.route]?.route ?? blueprint.table.route(named: row.route)
    }

    private mutating func facts(of row: ReplayRow, _ index: Int?, _ key: VirtualKey?, _ policy: Int?) -> Facts {
        var facts = Facts(
            needs: row.needs, inputTokens: Int(clamping: row.logged.usage.totalInput), outputTokens: 0,
            key: index.map { Random.mix(UInt64($0 + 1)) } ?? 0)
        // Who belonged to which session is in no row: each is one of its own.
        facts.session = Random.mix(row.logged.id)
        facts.tags = row.tags
        facts.appraisal = row.appraisal
        facts.region = key?.region
        if let key {
            facts.regions = key.regions
            facts.deniedRegions = key.deniedRegions
            facts.allowed = blueprint.deployments(of: key)
        }
        let project = row.project.flatMap { blueprint.project(named: $0) }.map { blueprint.projects[$0] }
        let projectPolicy = (project?.policy ?? blueprint.defaultPolicy).map { blueprint.policies[$0].name }
        facts.values = fields.values(of: row, key: key, policy: policy.map { blueprint.policies[$0].name }, projectPolicy: projectPolicy)
        return facts
    }
}
