/// The names behind the numbers of a table's decisions. Outlives the table: a ledger keeps one for each table version.
public struct DecisionNames: Hashable, Sendable {
    public struct Policy: Hashable, Sendable {
        public var name: String
        public var rules: [String]

        public init(name: String, rules: [String]) {
            self.name = name
            self.rules = rules
        }
    }

    public internal(set) var tableVersion = 0
    public internal(set) var deployments: [String] = []
    public internal(set) var routes: [String] = []
    public internal(set) var policies: [Policy] = []
    /// Strategies from a route's root to the parent of a leaf: the ways there are, and which one each leaf has.
    var paths: [[String]] = []
    var pathOfLeaf: [Int] = []

    init() {}

    /// Linear in the table's leaves: made once for a table, not for a decision.
    public init(_ table: RoutingTable) {
        let plan = table.plan
        tableVersion = table.version
        deployments = plan.deployments.map(\.name)
        routes = plan.routes.map(\.name)
        policies = plan.policies.map { Policy(name: $0.name, rules: $0.rules.map(\.name)) }
        for leaf in plan.leaves {
            let path = Self.strategies(above: leaf.node, plan)
            if let known = paths.firstIndex(of: path) {
                pathOfLeaf.append(known)
            } else {
                pathOfLeaf.append(paths.count)
                paths.append(path)
            }
        }
    }

    /// The same with these policies, where they are not the table's own.
    public func with(policies: [Policy]) -> DecisionNames {
        var names = self
        names.policies = policies
        return names
    }

    static func strategies(above leaf: Int, _ plan: Plan) -> [String] {
        var names: [String] = []
        var node = plan.nodes[leaf].parent
        while node >= 0 {
            names.append(plan.pickers[plan.nodes[node].picker].name)
            node = plan.nodes[node].parent
        }
        return names.reversed()
    }

    public func deployment(_ id: Deployment.ID) -> String { deployments.indices.contains(id) ? deployments[id] : "deployment \(id)" }

    public func route(_ id: Route.ID) -> String { routes.indices.contains(id) ? routes[id] : "route \(id)" }

    public func policy(_ id: Int) -> String { policies.indices.contains(id) ? policies[id].name : "policy \(id)" }

    public func rule(_ hit: Decision.Hit) -> String {
        guard policies.indices.contains(hit.policy), policies[hit.policy].rules.indices.contains(hit.rule) else { return "rule \(hit.rule)" }
        return policies[hit.policy].rules[hit.rule]
    }

    /// From the root of the route to the parent of what was chosen; empty when nothing was.
    public func strategies(of decision: Decision) -> [String] {
        guard pathOfLeaf.indices.contains(decision.leaf), paths.indices.contains(pathOfLeaf[decision.leaf]) else { return [] }
        return paths[pathOfLeaf[decision.leaf]]
    }
}
