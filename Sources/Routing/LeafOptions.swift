/// What a leaf says of itself where it is written, or what a node says of all leaves below it.
public struct LeafOptions: Hashable, Sendable {
    /// Repeats of this deployment before the route goes on to another. Nil: the route's policy decides.
    public var maxRetries: Int?
    public var timeout: Duration?
    /// A JSON object as text, without space around its braces: its members take the place of the request's.
    public var params: String?
    /// On whose account the deployment is called.
    public var virtualKey: String?

    public init(maxRetries: Int? = nil, timeout: Duration? = nil, params: String? = nil, virtualKey: String? = nil) {
        self.maxRetries = maxRetries
        self.timeout = timeout
        self.params = params
        self.virtualKey = virtualKey
    }

    public var isEmpty: Bool { self == LeafOptions() }

    /// What `outer` says holds where this says nothing.
    public func within(_ outer: LeafOptions) -> LeafOptions {
        LeafOptions(
            maxRetries: maxRetries ?? outer.maxRetries, timeout: timeout ?? outer.timeout,
            params: Self.merged(outer.params, inner: params), virtualKey: virtualKey ?? outer.virtualKey)
    }

    /// One object with the members of both. Of a name that stands in it twice the last counts, which is the inner one's.
    static func merged(_ outer: String?, inner: String?) -> String? {
        guard let outer, let inner else { return inner ?? outer }
        let (left, right) = (outer.dropFirst().dropLast(), inner.dropFirst().dropLast())
        return left.isEmpty || right.isEmpty ? "{\(left)\(right)}" : "{\(left),\(right)}"
    }
}
