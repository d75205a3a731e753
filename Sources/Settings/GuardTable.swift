import Guarding

/// Which policy guards whose requests: workspace, project and key resolved when settings are compiled.
public struct GuardTable: Sendable {
    /// Each different one once, immutable and shared.
    public var policies: [GuardPolicy] = []
    /// By index of `Blueprint.keys`, of the one key `local` where there are none: for requests of its own project, or of none.
    var keys: [Int?] = []
    /// Of keys without a project of their own: by index of `Blueprint.projects`, since a request may name one.
    var named: [Int: [Int?]] = [:]
    /// Of requests that need no key, which pass-through endpoints may allow.
    var keyless: Int?

    public init() {}

    /// Nobody's requests are looked at.
    public var isEmpty: Bool { policies.isEmpty }

    /// Index of `policies`. Nil: nothing is looked for.
    /// - Parameters:
    ///   - key: Nil: the request needs none.
    ///   - project: Index of `Blueprint.projects`, of a project that a request has named.
    public func policy(of key: Int?, naming project: Int? = nil) -> Int? {
        guard let key else { return keyless }
        if let project, let named = named[key] { return named[project] }
        return key < keys.count ? keys[key] : nil
    }
}
