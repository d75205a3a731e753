import Schema
import Wire

/// What differs between two documents, by path.
enum SettingsDiff {
    struct Change {
        var path: [String]
        /// Nil: not there.
        var before: Node?
        var after: Node?
    }

    /// Maps, and lists of things that have names, are looked into; other lists differ as a whole.
    static func between(_ old: Node, _ new: Node) -> [Change] { changes(old, new, []) }

    private static func changes(_ old: Node?, _ new: Node?, _ path: [String]) -> [Change] {
        if old?.json == new?.json { return [] }
        guard let old, let new, let before = members(old), let after = members(new) else { return [Change(path: path, before: old, after: new)] }
        let names = before.map(\.name) + after.map(\.name).filter { name in !before.contains { $0.name == name } }
        return names.flatMap { name in
            changes(before.first { $0.name == name }?.node, after.first { $0.name == name }?.node, path + [name])
        }
    }

    /// Secrets covered.
    static func write(_ changes: [Change], to writer: inout JSONWriter) {
        writer.array { list in
            for change in changes {
                list.object { line in
                    line.member("path", change.path.joined(separator: "."))
                    for (name, node) in [("before", change.before), ("after", change.after)] {
                        line.key(name)
                        if let node { node.covered(at: change.path).write(to: &line) } else { line.null() }
                    }
                }
            }
        }
    }

    private static func members(_ node: Node) -> [(name: String, node: Node)]? {
        if let entries = node.entries { return entries.map { ($0.name, $0.node) } }
        guard let items = node.items, !items.isEmpty else { return nil }
        let named = items.compactMap { item in item.itemName.map { ($0, item) } }
        return named.count == items.count ? named : nil
    }
}

extension Node {
    /// Secrets that stand in clear are covered; references, digests and what is encrypted stay, so that it can be used again.
    func exported() -> Node { exported([]) }

    private func exported(_ path: [String]) -> Node {
        switch content {
        case .list(let items): return .list(items.map { $0.exported(path + [$0.itemName ?? ""]) }, line: line)
        case .map(let entries): return Node(.map(entries.map { Entry($0.name, $0.node.exported(path + [$0.name])) }), line: line)
        case .scalar(let text, _):
            let isSafe = text.hasPrefix("sha256:") || SecretVault.isSealed(text)
            return Self.holdsSecret(path) && !isSafe ? covered(at: path) : self
        }
    }
}
