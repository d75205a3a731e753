/// What other gateways and the store know this one by.
public struct GatewayIdentity: Hashable, Sendable {
    /// Lasts as long as rows that this gateway has not written yet: over restarts, where they are kept in a file.
    public var identity: String
    /// For people; nil: the address it listens on.
    public var name: String?
    /// Other gateways may use the same store, so that what it grants is a slice.
    public var sharesStore = false

    public init(identity: String = "local", name: String? = nil, sharesStore: Bool = false) {
        self.identity = identity
        self.name = name
        self.sharesStore = sharesStore
    }
}
