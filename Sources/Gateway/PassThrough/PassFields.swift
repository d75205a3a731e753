import Wire

/// Which header fields go on, by their names in lower case.
enum PassFields {
    private static func names(_ names: String...) -> Set<[UInt8]> { Set(names.map { Array($0.utf8) }) }

    /// About one connection only (RFC 9110, section 7.6.1).
    private static let hopByHop = names(
        "connection", "keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding", "upgrade")
    /// Of requests: written anew, or answered by ourselves.
    private static let own = names("host", "content-length", "expect")
    /// What describes a request and its body; all else goes on only where the endpoint says so.
    private static let describing = names(
        "accept", "accept-charset", "accept-encoding", "accept-language", "content-type", "content-encoding", "content-language",
        "content-disposition", "content-location", "content-md5", "content-digest", "content-range", "range", "if-match", "if-none-match",
        "if-modified-since", "if-unmodified-since", "if-range", "idempotency-key", "user-agent", "sec-websocket-key", "sec-websocket-version",
        "sec-websocket-protocol", "sec-websocket-extensions")

    private static let swiftlet = Array("x-swiftlet-".utf8)
    private static let pass = Array("x-pass-".utf8)
    /// Bytes of `x-pass-`.
    static let prefix = 7

    static func lowered(_ name: UnsafeRawBufferPointer) -> [UInt8] {
        name.map { 0x41...0x5a ~= $0 ? $0 | 0x20 : $0 }
    }

    /// What `x-pass-NAME` asks to be sent. Nil: the field is another one, or asks for what nobody may set.
    static func passed(_ name: [UInt8]) -> [UInt8]? {
        guard name.starts(with: pass), name.count > pass.count else { return nil }
        let wanted = Array(name[pass.count...])
        return isOwn(wanted) || wanted.starts(with: pass) ? nil : wanted
    }

    /// No client decides about these, on whatever way.
    static func isOwn(_ name: [UInt8]) -> Bool { hopByHop.contains(name) || own.contains(name) || name.starts(with: swiftlet) }

    static func describes(_ name: [UInt8]) -> Bool { describing.contains(name) }

    /// A credential may be its value. Digesting every value would cost more than all the rest.
    static func mayHoldKey(_ name: [UInt8]) -> Bool {
        ["auth", "key", "token", "secret", "cookie", "credential", "password"].contains { word in
            name.withUnsafeBytes { $0.holds(Array(word.utf8)) }
        }
    }

    static func isPass(_ name: [UInt8]) -> Bool { name.starts(with: pass) }

    /// Whether a reply's field goes to the client.
    static func returns(_ name: [UInt8]) -> Bool { !hopByHop.contains(name) && !name.starts(with: swiftlet) && name != contentLength }

    private static let digests = names("content-md5", "content-digest", "digest", "repr-digest", "accept-ranges")
    /// Of requests: they ask for answers that nobody can read, or reads whole.
    private static let hiding = names("accept-encoding", "range", "if-range")

    /// Says of a reply what is no longer so where guards have changed it.
    static func isDigest(_ name: [UInt8]) -> Bool { digests.contains(name) }

    /// Would keep guards from reading the reply.
    static func hides(_ name: [UInt8]) -> Bool { hiding.contains(name) }

    static let connection = Array("connection".utf8)
    static let upgrade = Array("upgrade".utf8)
    static let contentLength = Array("content-length".utf8)
    static let protocols = Array("sec-websocket-protocol".utf8)

    /// The options of a `connection` field, in lower case.
    static func options(_ value: UnsafeRawBufferPointer) -> [[UInt8]] {
        lowered(value).split(separator: UInt8(ascii: ",")).map { option in
            Array(option.drop { $0 == 0x20 || $0 == 0x09 }.reversed().drop { $0 == 0x20 || $0 == 0x09 }.reversed())
        }
    }
}

/// What the `connection` and `upgrade` fields of a head say, gathered before the others are looked at.
struct ConnectionOptions {
    /// Fields that the sender wants to go no further than to us.
    private(set) var named: Set<[UInt8]> = []
    private(set) var upgrade: [UInt8]?

    init(_ each: (_ field: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Void) -> Void) {
        var (named, upgrade) = (Set<[UInt8]>(), [UInt8]?.none)
        each { name, value in
            if name.isLowered("connection") {
                named.formUnion(PassFields.options(value))
            } else if name.isLowered("upgrade") {
                upgrade = PassFields.lowered(value)
            }
        }
        (self.named, self.upgrade) = (named, upgrade)
    }

    /// A change to WebSocket is asked for: the only one that is passed on, since after another nobody would know what is spoken.
    var asksWebSocket: Bool { named.contains(PassFields.upgrade) && upgrade == Array("websocket".utf8) }

    func mayGoOn(_ name: [UInt8]) -> Bool { named.isEmpty || !named.contains(name) }
}
