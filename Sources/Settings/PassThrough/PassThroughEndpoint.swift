import Routing
import Schema
import Translation

/// A path of ours behind which another service is: its requests and answers are carried as they are. The names are those of LiteLLM's
/// `pass_through_endpoints`.
public struct PassThroughEndpoint: Configurable {
    /// Names it in the admin API; the path where nothing is said.
    public var ownID: String?
    public var path = PassPath()
    public var target: PassTarget?
    public var headers = PassHeaders()
    public var forwardsHeaders = false
    public var auth = true
    public var includesSubpath = false
    /// Empty: all.
    public var methods: [PassMethod] = []
    public var defaultQuery = PassQuery()
    /// Nil: the gateway's `pass_through_request_timeout`.
    public var timeout: Duration?
    public var dollarsPerRequest = 0.0
    public var region: String?
    public var kind = ProviderKind.paid
    public var zeroDataRetention = false

    public init() {}

    public var id: String { ownID ?? path.text }
    public var cost: Nanodollars { Nanodollars(Int64((dollarsPerRequest * 1e9).rounded())) }

    public static let fields: [Field<Self>] = [
        .setting("id", \.ownID, "Its name in the admin API; without one its path."),
        .setting("path", \.path, "The path that clients call, such as /bria/v1.").required,
        .setting("target", \.target, "Where its requests go: an http, https, ws or wss URL, with the path there.").required,
        .setting(
            "headers", \.headers,
            "Headers added to every request, above those of clients; values may be or end in env:NAME or file:PATH, such as `Bearer env:NAME`."),
        .setting(
            "forward_headers", \.forwardsHeaders,
            "Whether all headers of clients go on, but for the gateway's key and those of the connection; otherwise only those that describe "
                + "the message go on. A client's `x-pass-NAME` goes on as `NAME` in any case."),
        .setting("auth", \.auth, "Whether a virtual key is needed."),
        .setting(
            "include_subpath", \.includesSubpath, "Whether paths below `path` are meant too; what follows `path` is added to the target's path."),
        .setting("methods", \.methods, "The methods it takes; others get 405. Without any it takes all."),
        .setting(
            "default_query_params", \.defaultQuery,
            "Added to the query where the client has no parameter of that name; values may be env:NAME or file:PATH."),
        .setting(
            "timeout", \.timeout, in: .milliseconds(1) ... .seconds(86_400),
            "Time for the answer to begin, and the longest silence in it; without it `general.pass_through_request_timeout`."),
        .setting(
            "cost_per_request", \.dollarsPerRequest, in: 0...1_000_000,
            "What a request costs in US dollars once it is answered with a status below 400."),
        .setting("region", \.region, "Where it is, for keys and projects that say where their data may go."),
        .setting("kind", \.kind, "Whether it is paid per use, free, or run by yourself, for those that demand a kind."),
        .setting("zero_data_retention", \.zeroDataRetention, "It has promised to keep nothing of what it is sent, for those that demand it."),
    ]
}

public enum PassMethod: String, CaseIterable, SettingValue {
    case get = "GET"
    case head = "HEAD"
    case post = "POST"
    case put = "PUT"
    case delete = "DELETE"
    case patch = "PATCH"
    case options = "OPTIONS"

    public static var shape: Shape { .choice(allCases.map(\.rawValue)) }
    public var written: String? { rawValue }
    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> PassMethod? {
        readWord(node, at: path, &reading, expected: "one of " + allCases.map(\.rawValue).joined(separator: ", ")) {
            PassMethod(rawValue: $0.uppercased())
        }
    }
}

/// A path as clients send it: not decoded, and compared byte by byte.
public struct PassPath: Hashable, SettingValue {
    public var text = ""

    public init(_ text: String = "") { self.text = text }

    public static let shape = Shape.text("path", example: "/bria/v1", pattern: "^/")
    public var written: String? { text }

    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> PassPath? {
        readWord(node, at: path, &reading, expected: "a path such as /bria/v1: no query, no `.` or `..`, no slash twice, nothing that needs encoding")
        {
            isPlain($0) ? PassPath($0) : nil
        }
    }

    private static func isPlain(_ text: String) -> Bool {
        guard text.hasPrefix("/"), text.utf8.count <= 1024 else { return false }
        let known = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
            default: "/-._~!$&'()*+,;=:@".utf8.contains(byte)
            }
        }
        let parts = text.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        return known && parts.dropLast().allSatisfy { !$0.isEmpty } && !parts.contains { $0 == "." || $0 == ".." }
    }
}
