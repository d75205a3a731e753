import Schema
import Settings
import Storage

/// Settings above the file: each a path and a value, or a path that is taken out. Deeper paths stand above shorter ones.
struct Overlay: Sendable, Equatable {
    /// Nil: taken out.
    private(set) var settings: [[String]: Node?] = [:]

    var isEmpty: Bool { settings.isEmpty }

    init() {}

    /// Skips what no version of this program wrote.
    init(_ documents: [StoredDocument]) {
        for document in documents {
            guard let path = JSONNode.read(document.name)?.items?.map({ $0.scalar ?? "" }), !path.isEmpty else { continue }
            if document.value.isEmpty {
                settings[path] = .some(nil)
            } else if let node = JSONNode.read(document.value) {
                settings[path] = .some(node)
            }
        }
    }

    /// What lies below `path` gives way to it.
    mutating func set(_ path: [String], to node: Node?) {
        forget(path)
        settings[path] = .some(node)
    }

    /// What lies below it stays.
    mutating func replace(_ path: [String], with node: Node) {
        settings[path] = .some(node)
    }

    /// `path` and what lies below it is again as the file has it.
    mutating func forget(_ path: [String]) {
        settings = settings.filter { !$0.key.starts(with: path) }
    }

    /// With what `other` has of these sections in place of its own.
    func replacing(_ sections: [String], by other: Overlay) -> Overlay {
        var overlay = self
        overlay.settings = settings.filter { !sections.contains($0.key[0]) }
        for (path, node) in other.settings where sections.contains(path[0]) { overlay.settings[path] = .some(node) }
        return overlay
    }

    /// Shorter paths first, those of one length by name.
    var inOrder: [(path: [String], node: Node?)] {
        settings.sorted { ($0.key.count, $0.key.joined(separator: "\u{0}")) < ($1.key.count, $1.key.joined(separator: "\u{0}")) }
            .map { ($0.key, $0.value) }
    }

    var documents: [StoredDocument] {
        settings.map { path, node in
            StoredDocument(name: Node.list(path.map { .text($0) }).json, value: node?.json ?? "")
        }
    }

    // MARK: Application

    func applied(to document: Node) -> Node {
        inOrder.reduce(document.isNull ? .map([]) : document) { Self.set($1.path[...], to: $1.node, in: $0) }
    }

    /// A list's items are found by their names. `list`: what a list, which may be empty, calls the names of its items.
    static func set(_ path: ArraySlice<String>, to value: Node?, in node: Node, list: String? = nil) -> Node {
        guard let name = path.first else { return value ?? node }
        let rest = path.dropFirst()
        if var items = node.items ?? (list != nil && node.isEmpty ? [] : nil) {
            let at = items.firstIndex { $0.itemName == name }
            // Part of an item that the file has no more: it would make a piece of one.
            if at == nil, !rest.isEmpty { return node }
            let new = rest.isEmpty ? value : at.map { set(rest, to: value, in: items[$0]) }
            switch (at, new) {
            case (let at?, let new?): items[at] = new.named(name, list ?? "name")
            case (let at?, nil): items.remove(at: at)
            case (nil, let new?): items.append(new.named(name, list ?? "name"))
            case (nil, nil): break
            }
            return .list(items, line: node.line)
        }
        if rest.isEmpty { return node.setting(name, value) }
        let inner = node[name] ?? .map([])
        if value == nil, node[name] == nil { return node }
        return node.setting(name, set(rest, to: value, in: inner, list: lists[name]))
    }

    static func get(_ path: [String], in node: Node) -> Node? {
        path.reduce(Optional(node)) { node, name in
            guard let node else { return nil }
            if let items = node.items { return items.first { $0.itemName == name } }
            return node[name]
        }
    }

    /// Sections whose members are a list, and what an item has its name under.
    private static let lists = ["rules": "name", "firewall": "name", "pass_through_endpoints": "id"]
}

extension Node {
    /// By which an item of a list is found; pass-through endpoints have an id, or their path for one.
    var itemName: String? { (self["name"] ?? (self["target"] == nil ? nil : self["id"] ?? self["path"]))?.scalar }

    fileprivate func named(_ name: String, _ member: String) -> Node {
        entries == nil || itemName == name ? self : setting(member, .text(name))
    }
}
