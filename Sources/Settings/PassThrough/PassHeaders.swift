import Schema
import Translation

/// Headers that a pass-through endpoint adds. Their values are as secret as credentials, and often are some.
public struct PassHeaders: SettingValue {
    /// Names as written; no two are the same in lower case.
    public var entries: [(name: String, value: Secret)] = []

    public init() {}

    public static let shape = Shape.names(of: Secret.shape)
    public var written: String? { entries.isEmpty ? "{}" : nil }

    /// About the connection, or worked out for each request.
    public static let reserved: Set<String> = [
        "host", "content-length", "transfer-encoding", "connection", "keep-alive", "proxy-connection", "proxy-authorization", "upgrade", "te",
        "trailer", "expect", "sec-websocket-key", "sec-websocket-version", "sec-websocket-accept",
    ]

    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> PassHeaders? {
        if node.isNull { return PassHeaders() }
        guard let entries = reading.entries(of: node, at: path, expected: "header names and their values") else { return nil }
        var headers = PassHeaders()
        var known: Set<String> = []
        for entry in entries {
            let (name, place) = (entry.name.lowercased(), path.setting(entry.name))
            if reserved.contains(name) {
                reading.problem(place, entry.line, "the header `\(name)` is set by the gateway itself")
            } else if !HeaderList.isToken(name) {
                reading.problem(place, entry.line, "is no header name")
            } else if !known.insert(name).inserted {
                reading.problem(place, entry.line, "the header `\(name)` is written twice; upper and lower case are the same")
            } else if let value = Secret.readEnding(entry.node, at: place, &reading) {
                if HeaderList.isValue(value.reveal()) {
                    headers.entries.append((entry.name, value))
                } else {
                    reading.problem(place, entry.line, HeaderList.badValue)
                }
            }
        }
        return headers
    }
}

/// Parameters that a pass-through endpoint adds to queries.
public struct PassQuery: SettingValue {
    public var entries: [(name: String, value: Secret)] = []

    public init() {}

    public static let shape = Shape.names(of: Secret.shape)
    public var written: String? { entries.isEmpty ? "{}" : nil }

    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> PassQuery? {
        if node.isNull { return PassQuery() }
        guard let entries = reading.entries(of: node, at: path, expected: "names of parameters and their values") else { return nil }
        var query = PassQuery()
        for entry in entries {
            let place = path.setting(entry.name)
            if entry.name.isEmpty { reading.problem(place, entry.line, "a parameter must have a name") }
            // A parameter may be there without saying anything.
            if entry.node.isNull || entry.node.scalar == "" {
                query.entries.append((entry.name, Secret("")))
            } else if let value = Secret.read(entry.node, at: place, &reading) {
                query.entries.append((entry.name, value))
            }
        }
        return query
    }
}

extension Secret {
    private static let marks = ["env:", "file:", "os.environ/"]

    /// A secret, or a text whose last word is a reference to one: `Bearer env:NAME`, LiteLLM's `bearer os.environ/NAME`.
    static func readEnding(_ node: Node, at path: String, _ reading: inout Reading) -> Secret? {
        guard let text = node.scalar, let last = text.split(separator: " ").last, marks.contains(where: { last.hasPrefix($0) }) else {
            return read(node, at: path, &reading)
        }
        let reference = last.hasPrefix("os.environ/") ? "env:" + last.dropFirst(11) : String(last)
        guard let secret = read(.text(reference, line: node.line), at: path, &reading) else { return nil }
        return Secret(text.dropLast(last.count) + secret.reveal(), source: secret.source)
    }
}
