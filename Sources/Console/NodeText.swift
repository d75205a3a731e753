import Schema
import Wire

/// Nodes of a document as JSON, and with secrets covered.
extension Node {
    func write(to writer: inout JSONWriter) {
        switch content {
        case .list(let items): writer.array { list in for item in items { item.write(to: &list) } }
        case .map(let entries):
            writer.object { object in
                for entry in entries {
                    object.key(entry.name)
                    entry.node.write(to: &object)
                }
            }
        case .scalar(let text, let quoted):
            if isNull {
                writer.null()
            } else if !quoted, let plain = Self.plainJSON(text) {
                writer.raw(plain)
            } else {
                writer.string(text)
            }
        }
    }

    var json: String {
        var writer = JSONWriter()
        write(to: &writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// Numbers and flags as JSON has them; nil for what is text there.
    private static func plainJSON(_ text: String) -> String? {
        if ["true", "false"].contains(text) { return text }
        guard let first = text.utf8.first, first == UInt8(ascii: "-") || 0x30...0x39 ~= first,
            text.utf8.allSatisfy({ 0x30...0x39 ~= $0 || "+-.eE".utf8.contains($0) }), let number = Double(text), number.isFinite
        else { return nil }
        let digits = text.drop { $0 == "-" }
        let isPlain = !(digits.hasPrefix("0") && (digits.dropFirst().first?.isNumber ?? false)) && !text.hasSuffix(".")
        return isPlain && !text.contains(".e") && !text.contains(".E") ? text : nil
    }

    // MARK: Maps

    /// The map with `node` under `name`; without it where `node` is nil. What is no map becomes one.
    func setting(_ name: String, _ node: Node?) -> Node {
        var entries = entries ?? []
        let at = entries.firstIndex { $0.name == name }
        switch (at, node) {
        case (let at?, let node?): entries[at].node = node
        case (let at?, nil): entries.remove(at: at)
        case (nil, let node?): entries.append(Entry(name, node))
        case (nil, nil): break
        }
        return Node(.map(entries), line: line)
    }

    /// JSON Merge Patch (RFC 7396): null takes a member away, a map is merged, anything else replaces.
    func merged(with patch: Node) -> Node {
        guard let members = patch.entries else { return patch }
        var whole = entries == nil ? Node.map([]) : self
        for member in members {
            whole = whole.setting(member.name, member.node.isNull ? nil : (whole[member.name] ?? .map([])).merged(with: member.node))
        }
        return whole
    }

    // MARK: Secrets

    static let cover = Secret.cover

    /// With every literal secret covered. References such as env:NAME are no secrets. `name` is the setting's that holds the node.
    func covered(under name: String = "") -> Node {
        switch content {
        case .list(let items): return .list(items.map { $0.covered(under: name) }, line: line)
        case .map(let entries):
            // The values of headers are as secret as credentials, and often are some.
            let isHeaders = name == "headers"
            // Whoever knows a webhook's address can post there.
            let isWebhook = self["url"] != nil && (self["events"] != nil || self["secret"] != nil || name == "webhooks")
            return Node(
                .map(
                    entries.map { entry in
                        let isSecret = isHeaders && !Self.harmless.contains(entry.name.lowercased()) || isWebhook && entry.name == "url"
                        let name = isSecret ? Self.header : entry.name
                        return Entry(entry.name, line: entry.line, entry.node.covered(under: name))
                    }), line: line)
        case .scalar(let text, _):
            let isSecret = Self.isSecret(name) || text.hasPrefix("postgres://") || text.hasPrefix("postgresql://")
            guard isSecret, !isNull, !text.hasPrefix("env:"), !text.hasPrefix("file:") else { return self }
            return .text(Self.cover, line: line)
        }
    }

    /// The same for what stands at `path`.
    func covered(at path: [String]) -> Node {
        if case .scalar = content { return covered(under: Self.holdsSecret(path) ? Self.header : "") }
        return covered(under: path.last ?? "")
    }

    /// Where a reader sent back what it had been shown, the secret stays as it is.
    func uncovered(by old: Node?) -> Node {
        guard let old else { return self }
        switch content {
        case .map(let entries):
            return Node(.map(entries.map { Entry($0.name, line: $0.line, $0.node.uncovered(by: old[$0.name])) }), line: line)
        case .list(let items):
            let before = old.items ?? []
            return .list(items.enumerated().map { $1.uncovered(by: before.indices.contains($0) ? before[$0] : nil) }, line: line)
        case .scalar(let text, _): return text == Self.cover && old.scalar != nil ? old : self
        }
    }

    private static let header = "authorization"
    private static let harmless: Set<String> = ["accept", "accept-encoding", "accept-language", "content-type", "user-agent"]
    private static let secrets: Set<String> = [
        "key", "api_key", "secret", "password", "token", "authorization", "cookie", "credentials", "api-key", "x-api-key", "x-goog-api-key",
        "access_token", "secret_access_key", "session_token", "private_key", "proxy-authorization", "secrets_key",
    ]

    /// Whether what stands at `path` of a document is covered.
    static func holdsSecret(_ path: [String]) -> Bool {
        guard let name = path.last else { return false }
        if path.count > 1, path[path.count - 2] == "headers" { return !harmless.contains(name.lowercased()) }
        if name == "url", path.starts(with: ["alerts", "webhooks"]) { return true }
        return isSecret(name)
    }

    private static func isSecret(_ name: String) -> Bool {
        let name = name.lowercased()
        return secrets.contains(name)
            || [
                "_secret", "-secret", "_token", "-token", "_password", "-key", "api_key",
            ].contains { name.hasSuffix($0) }
    }
}
