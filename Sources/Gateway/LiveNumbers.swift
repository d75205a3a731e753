import Routing
import Settings
import Storage
import Translation

/// The ledger's numbers for names, asked once per change of settings.
struct Numbers: Sendable {
    let keys: [NameID]
    let routes: [NameID]
    let deployments: [NameID]
    /// By index of `Blueprint.policies`.
    let policies: [NameID]
    /// By a policy's number in the table, then by its rule's.
    let rules: [[NameID]]
    let projects: [String: NameID]
    /// By index of `Blueprint.customers`.
    let customers: [NameID]
    /// By `Deployment.ID`.
    let providers: [NameID]
    private let keyTags: [[NameID]]
    /// Of any key.
    let hasTags: Bool
    /// Of the names behind the numbers in decisions.
    let decisionNames: NameID
    /// Of routes that come with requests.
    let inline: NameID

    init(_ blueprint: Blueprint, _ store: any Store) throws(StoreFailure) {
        inline = try store.intern(["router/inline"], as: .route)[0]
        keys = try store.intern(blueprint.keys.isEmpty ? [Live.localKey] : blueprint.keys.map(\.name), as: .key)
        routes = try store.intern(blueprint.table.routes.map(\.name), as: .route)
        deployments = try store.intern(blueprint.table.deployments.map(\.name), as: .deployment)
        policies = try store.intern(blueprint.policies.map(\.name), as: .policy)
        let names = DecisionNames(blueprint.table)
        var rules: [[NameID]] = []
        for policy in names.policies { rules.append(try store.intern(policy.rules, as: .rule)) }
        self.rules = rules
        decisionNames = try store.keep(decisionNames: names.encoded)
        let projectNames = blueprint.projects.map(\.name)
        projects = Dictionary(uniqueKeysWithValues: zip(projectNames, try store.intern(projectNames, as: .project)))
        customers = try store.intern(blueprint.customers.map(\.name), as: .customer)
        providers = try store.intern(blueprint.upstreams.map(\.providerName), as: .provider)
        var tags: [[NameID]] = []
        for key in blueprint.keys { tags.append(try store.intern(Array(key.tags.prefix(LedgerEntry.mostTags)), as: .tag)) }
        keyTags = tags
        hasTags = tags.contains { !$0.isEmpty }
    }

    /// The tags that all requests of a key carry.
    func tags(_ key: Int) -> [NameID] { keyTags.indices.contains(key) ? keyTags[key] : [] }
}

/// Keys, routes and deployments as JSON strings, by their indices.
struct QuotedNames: Sendable {
    let keys: [QuotedText]
    let routes: [QuotedText]
    let deployments: [QuotedText]
    let inline = QuotedText("router/inline")

    init(_ blueprint: Blueprint) {
        keys = (blueprint.keys.isEmpty ? [Live.localKey] : blueprint.keys.map(\.name)).map(QuotedText.init)
        routes = blueprint.table.routes.map { QuotedText($0.name) }
        deployments = blueprint.table.deployments.map { QuotedText($0.name) }
    }
}
