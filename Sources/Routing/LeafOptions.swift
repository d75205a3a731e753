/// What a leaf says of itself where it is written, or what a node says of all leaves below it.
public struct LeafOptions: Hashable, Sendable {
    /// Repeats of this deployment before the route goes on to another. Nil: the route's policy decides.
    public var maxRetries: Int?
    public var timeout: Duration?
    /// A JSON object as text: its members replace those of the request.
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

    /// Members of both objects; the inner one's where both have it.
    static func merged(_ outer: String?, inner: String?) -> String? {
        guard let outer, let inner else { return inner ?? outer }
        let own = members(of: inner)
        let names = Set(own.map(\.name))
        let all = members(of: outer).filter { !names.contains($0.name) } + own
        return "{" + all.map(\.text).joined(separator: ",") + "}"
    }

    /// The members of an object without space around its tokens, each with its name as it is written. Linear in the text.
    private static func members(of object: String) -> [(name: String, text: String)] {
        let bytes = Array(object.utf8.dropFirst().dropLast())
        var members: [(name: String, text: String)] = []
        var (start, colon, depth, quoted) = (0, -1, 0, false)
        var at = 0
        while at <= bytes.count {
            if at == bytes.count || (bytes[at] == UInt8(ascii: ",") && depth == 0 && !quoted) {
                if colon > start {
                    members.append((String(decoding: bytes[start..<colon], as: UTF8.self), String(decoding: bytes[start..<at], as: UTF8.self)))
                }
                (start, colon) = (at + 1, -1)
            } else {
                switch bytes[at] {
                case UInt8(ascii: "\\"): at += 1
                case UInt8(ascii: "\""): quoted.toggle()
                case UInt8(ascii: "{") where !quoted, UInt8(ascii: "[") where !quoted: depth += 1
                case UInt8(ascii: "}") where !quoted, UInt8(ascii: "]") where !quoted: depth -= 1
                case UInt8(ascii: ":") where !quoted && depth == 0 && colon < 0: colon = at
                default: break
                }
            }
            at += 1
        }
        return members
    }
}
