import Guarding

/// Which policy guards whose requests: workspace, project and key resolved when settings are compiled.
public struct GuardTable: Sendable {
    /// Each different one once, immutable and shared.
    public var policies: [GuardPolicy] = []
    /// Whose requests which policy guards.
    struct Owners: Sendable {
        /// By index of `Blueprint.keys`, of the one key `local` where there are none: for requests of its own project, or of none.
        var keys: [Int?] = []
        /// Of keys without a project of their own: by index of `Blueprint.projects`, since a request may name one.
        var named: [Int: [Int?]] = [:]
    }

    var owners = Owners()
    /// By `Route.ID`: of requests over routes that say something of it themselves.
    var routes: [Int: Owners] = [:]
    /// Of requests that need no key, which pass-through endpoints may allow.
    var keyless: Int?

    public init() {}

    /// Nobody's requests are looked at.
    public var isEmpty: Bool { policies.isEmpty }

    /// Index of `policies`. Nil: nothing is looked for.
    /// - Parameters:
    ///   - key: Nil: the request needs none.
    ///   - project: Index of `Blueprint.projects`, of a project that a request has named.
    ///   - route: One of those that `guards` names.
    public func policy(of key: Int?, naming project: Int? = nil, over route: Int? = nil) -> Int? {
        guard let key else { return keyless }
        let owners = route.flatMap { routes[$0] } ?? owners
        if let project, let named = owners.named[key] { return named[project] }
        return key < owners.keys.count ? owners.keys[key] : nil
    }

    /// Some routes have guards of their own: where a request goes has to be known before it is looked at.
    public var hasRoutes: Bool { !routes.isEmpty }
    /// The route, if it has guards of its own.
    public func guarded(_ route: Int) -> Int? { routes[route] == nil ? nil : route }
}
