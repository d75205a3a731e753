import Crypto
import Routing
import Settings

/// What settings say of answers that are kept, made ready for requests.
struct Caching: Sendable {
    /// By `Route.ID`.
    private let routes: [CachePolicy?]
    /// By index of the blueprint's policies and keys.
    private let policies: [CachePolicy?]
    private let keys: [CachePolicy?]
    let mostBytes: Int
    /// Digests of what answers depend on beside the request; see `CacheBasis`.
    let settings: [UInt8]
    private let ofKeys: [[UInt8]]
    private let ofProjects: [String: [UInt8]]
    private let ofCustomers: [String: [UInt8]]

    /// Nil: no answers are kept.
    init?(_ blueprint: Blueprint) {
        guard let basis = blueprint.cacheBasis else { return nil }
        routes = blueprint.table.routes.map { blueprint.caching[$0.name] }
        policies = blueprint.policies.map(\.cache)
        keys = blueprint.keys.map(\.cache)
        mostBytes = blueprint.cache.answer
        settings = Self.digest(basis.document)
        ofKeys = blueprint.keys.map { Self.digest(basis.keys[$0.name] ?? []) }
        ofProjects = basis.projects.mapValues(Self.digest)
        ofCustomers = basis.customers.mapValues(Self.digest)
    }

    static func digest(_ bytes: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: bytes)) }

    /// What holds for a request: what its key says, else the model, else its policy. Nil: its answer is not kept.
    func policy(key: Int, route: Route.ID, policy: Int?) -> CachePolicy? {
        let found =
            (keys.indices.contains(key) ? keys[key] : nil) ?? (routes.indices.contains(route) ? routes[route] : nil)
            ?? policy.flatMap { policies[$0] }
        return found.flatMap { $0.isOn ? $0 : nil }
    }

    /// What settings say of a key, its project and customer, in so far as answers depend on it.
    func settings(key: Int, project: String?, customer: String?) -> [[UInt8]] {
        [ofKeys.indices.contains(key) ? ofKeys[key] : [], project.flatMap { ofProjects[$0] } ?? [], customer.flatMap { ofCustomers[$0] } ?? []]
    }
}
