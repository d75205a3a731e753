/// What gateways that share a store tell each other at once. All of it is found in the store, or by each gateway alone, a little later:
/// news that are lost cost time, nothing else.
public enum News: Hashable, Sendable {
    /// The settings are of this version now.
    case settings(version: Int64)
    /// A deployment's breaker opened, or it is well again.
    case health(HealthNews)
    /// Something came back to this account: whoever waits for a slice may ask again.
    case leases(account: String)
    /// These answers are not to be given again. Who does not hear it keeps those in its memory for as long as they hold.
    case cache(CacheSelection)
    /// A signal was set or taken back.
    case signals
    /// A background response is not wanted any more, whoever is at work on it.
    case cancelled(response: String)
}

public struct HealthNews: Hashable, Sendable {
    /// The deployment's name in the settings.
    public var deployment: String
    public var isOpen: Bool
    /// How long it is left alone, from now on: a time that no two clocks have to agree on.
    public var rest: Duration
    /// Why, for the log: a word of `Fault`.
    public var reason: String

    public init(deployment: String, isOpen: Bool, rest: Duration, reason: String) {
        self.deployment = deployment
        self.isOpen = isOpen
        self.rest = rest
        self.reason = reason
    }
}

/// Carries news between gateways. `SilentBell` where there is only one.
public protocol Bell: Sendable {
    /// Tells all others. Never waits: with many unsent ones, or while the store is away, the oldest are forgotten.
    func ring(_ news: News)
    /// News that nobody was told: there were too many, or one was too long.
    var forgotten: Int { get }
    /// Calls `hear` with what others tell, on a thread of the bell's own; never with what this one has rung. The version of the settings
    /// is also told when it was found changed. To be called once.
    func listen(_ hear: @escaping @Sendable (News) -> Void)
    /// Nothing is heard after it has returned.
    func close()
}

public struct SilentBell: Bell {
    public init() {}
    public func ring(_ news: News) {}
    public var forgotten: Int { 0 }
    public func listen(_ hear: @escaping @Sendable (News) -> Void) {}
    public func close() {}
}
