import Schema

/// Variables of the environment that set settings: SWIFTLET_SERVER_LISTEN is `server.listen`. They win over the file; an empty one
/// is none.
public enum EnvironmentOverlay {
    public static let prefix = "SWIFTLET_"

    /// Every setting whose path has no name of the author's in it, and the variable that sets it.
    public static let variables: [(name: String, path: [String])] = paths(SettingsDocument.descriptions).map { path in
        (prefix + path.joined(separator: "_").uppercased(), path)
    }

    private static func paths(_ fields: [FieldDescription]) -> [[String]] {
        fields.flatMap { field -> [[String]] in
            switch field.shape {
            case .section(let inner): paths(inner).map { [field.name] + $0 }
            case .names, .variants, .free: []
            default: [[field.name]]
            }
        }
    }

    static func apply(_ environment: [String: String], to root: inout Node, _ reading: inout Reading) {
        for (name, path) in variables {
            guard let text = environment[name], !text.isEmpty else { continue }
            reading.environment[path.joined(separator: ".")] = name
            set(value(text), at: path[...], in: &root)
        }
        warn(of: environment, &reading)
    }

    /// Of variables that look like settings of a section and are none. Others with our prefix may be anybody's: keys, tokens.
    private static func warn(of environment: [String: String], _ reading: inout Reading) {
        let sections = Set(variables.filter { $0.path.count > 1 }.map { prefix + $0.path[0].uppercased() + "_" })
        let known = variables.map(\.name)
        for name in environment.keys.sorted() where name.hasPrefix(prefix) && !known.contains(name) {
            guard let section = sections.first(where: name.hasPrefix) else { continue }
            let names = known.filter { $0.hasPrefix(section) }.map { String($0.dropFirst(section.count)) }
            guard let near = Spelling.nearest(to: String(name.dropFirst(section.count)), among: names) else { continue }
            reading.warning("", 0, "the environment variable \(name) sets nothing; did you mean `\(section)\(near)`?")
        }
    }

    /// Lists and maps in YAML's flow style; anything else is one value.
    private static func value(_ text: String) -> Node {
        var problems: [Problem] = []
        guard text.hasPrefix("[") || text.hasPrefix("{"), let node = YAML.read(text, problems: &problems) else { return .plain(text) }
        return node.withoutLines
    }

    private static func set(_ value: Node, at path: ArraySlice<String>, in node: inout Node) {
        guard let name = path.first else {
            node = value
            return
        }
        var entries = node.isNull ? [] : node.entries ?? []
        // A document that is no map here has a problem already, and keeps it.
        guard node.isNull || node.entries != nil else { return }
        let at = entries.firstIndex { $0.name == name } ?? entries.count
        if at == entries.count { entries.append(Node.Entry(name, .map([]))) }
        if path.count == 1 { entries[at].line = 0 }
        set(value, at: path.dropFirst(), in: &entries[at].node)
        node.content = .map(entries)
    }
}

extension Node {
    fileprivate var withoutLines: Node {
        switch content {
        case .scalar: Node(content)
        case .list(let items): .list(items.map(\.withoutLines))
        case .map(let entries): Node(.map(entries.map { Entry($0.name, $0.node.withoutLines) }))
        }
    }
}
