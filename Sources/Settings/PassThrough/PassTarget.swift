import Schema
import Translation

/// `https://api.example.com/v1/rerank`: where the requests of a pass-through endpoint go.
public struct PassTarget: Hashable, SettingValue {
    public var origin: Origin
    /// As written, with a slash at its end where it has one; empty where the URL has none.
    public var path: String

    public static let shape = Shape.text("http, https, ws or wss URL", example: "https://api.example.com/v1", pattern: "^(https?|wss?)://")
    public var written: String? { "\(origin.tls ? "https" : "http")://\(origin.authority)\(path)" }

    /// The URL is not in the message: somebody may have put a password into it.
    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> PassTarget? {
        if let target = node.scalar.flatMap({ PassTarget(written: $0) }) { return target }
        reading.problem(
            path, node.line,
            "expected an address such as https://api.example.com/v1, without user, query (see `default_query_params`) or fragment")
        return nil
    }

    public init?(written text: String) {
        var text = text
        let scheme = text.prefix { $0 != ":" }.lowercased()
        // A connection that becomes a WebSocket begins as HTTP.
        if scheme == "ws" || scheme == "wss" { text = (scheme == "ws" ? "http" : "https") + text.dropFirst(scheme.count) }
        guard let url = BaseURL(written: text) else { return nil }
        let host = url.origin.host
        guard host.utf8.allSatisfy({ "-._:%".utf8.contains($0) || 0x30...0x39 ~= $0 || 0x61...0x7a ~= $0 | 0x20 }) else { return nil }
        guard !url.path.contains(where: { "\"<>\\^`{|}".contains($0) }) else { return nil }
        origin = url.origin
        path = url.path + (text.hasSuffix("/") ? "/" : "")
    }
}
