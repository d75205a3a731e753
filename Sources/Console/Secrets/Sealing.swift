import Gateway
import Schema
import Settings

/// What happens to secrets of a document between the caller, the store and the gateway: keys and tokens become digests, other secrets
/// are sealed before they are written, and opened only to be compiled.
struct Sealing: Sendable {
    let vault: SecretVault

    // MARK: Before the store

    /// The value that is set at `path`, ready to be kept. `document`: everything as it will be, which says for which host a credential is.
    func sealed(_ node: Node, at path: [String], in document: Node) throws -> Node {
        if path.count == 2, path[0] == "keys" { return try sealed(Self.knownAgain(node), path, document) }
        return try sealed(node, path, document)
    }

    private func sealed(_ node: Node, _ path: [String], _ document: Node) throws -> Node {
        switch node.content {
        case .list(let items): return .list(try items.map { try sealed($0, path + [$0.itemName ?? ""], document) }, line: node.line)
        case .map(let entries):
            return Node(
                .map(try entries.map { Node.Entry($0.name, line: $0.line, try sealed($0.node, path + [$0.name], document)) }), line: node.line)
        case .scalar(let text, _):
            guard Node.holdsSecret(path), !node.isNull, Self.isLiteral(text) else { return node }
            if Self.isDigested(path) { return .text(NewKey.digest(of: text)) }
            do { return .text(try vault.seal(text, for: Self.place(path, document))) } catch {
                throw AdminRefusal(422, "no_secrets_key", "\(error)")
            }
        }
    }

    /// Neither a reference nor something that was made safe before.
    private static func isLiteral(_ text: String) -> Bool {
        !text.isEmpty && !["env:", "file:", "sha256:", SecretVault.prefix].contains { text.hasPrefix($0) }
    }

    /// Keys and tokens that are only ever compared.
    private static func isDigested(_ path: [String]) -> Bool {
        path.first == "keys" && path.last == "key" || path.starts(with: ["admin", "tokens"]) && path.last == "token"
    }

    /// A key that only its digest will be known of shows how it begins: enough to know it again by, not enough to guess it.
    private static func knownAgain(_ node: Node) -> Node {
        guard let key = node["key"]?.scalar, isLiteral(key), key.utf8.count >= 32 else { return node }
        return node.setting("prefix", .text(String(key.prefix(16))))
    }

    /// What a sealed secret is bound to: where it stands, and which host it is sent to.
    private static func place(_ path: [String], _ document: Node) -> String {
        path.joined(separator: "/") + "\u{0}" + host(path, document)
    }

    private static func host(_ path: [String], _ document: Node) -> String {
        if path.first == "providers", path.count > 2, let provider = Overlay.get(Array(path.prefix(2)), in: document) {
            return "\(provider["type"]?.scalar ?? "")@\(address(provider["base_url"]?.scalar))"
        }
        if path.starts(with: ["general", "pass_through_endpoints"]), path.count > 3 {
            return address(Overlay.get(Array(path.prefix(3)), in: document)?["target"]?.scalar)
        }
        return ""
    }

    /// Scheme, host and port, in lower case.
    static func address(_ url: String?) -> String {
        let parts = (url ?? "").lowercased().split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
        return parts.count >= 3 ? parts[0...2].joined(separator: "/") : url?.lowercased() ?? ""
    }

    // MARK: Behind the store

    /// Whether it was sealed for that very place.
    func opens(_ text: String, at path: [String], in document: Node) -> Bool { vault.open(text, for: Self.place(path, document)) != nil }

    /// The document as it is compiled, and the paths of secrets that cannot be opened, which are left out of it.
    func opened(_ document: Node) -> (document: Node, lost: [String]) {
        var lost: [String] = []
        let node = opened(document, [], document, &lost) ?? document
        return (node, lost)
    }

    private func opened(_ node: Node, _ path: [String], _ document: Node, _ lost: inout [String]) -> Node? {
        switch node.content {
        case .list(let items): return .list(items.compactMap { opened($0, path + [$0.itemName ?? ""], document, &lost) }, line: node.line)
        case .map(let entries):
            let open = entries.compactMap { entry in
                opened(entry.node, path + [entry.name], document, &lost).map { Node.Entry(entry.name, line: entry.line, $0) }
            }
            return Node(.map(open), line: node.line)
        case .scalar(let text, _):
            guard SecretVault.isSealed(text) else { return node }
            if let plain = vault.open(text, for: Self.place(path, document)) { return .text(plain, line: node.line) }
            lost.append(path.joined(separator: "."))
            return nil
        }
    }
}
