/// A section of a document: settings by name. Its initialiser is where defaults stand, its fields are all there is to say.
public protocol Configurable: SettingValue {
    init()
    static var fields: [Field<Self>] { get }
}

extension Configurable {
    public static var descriptions: [FieldDescription] {
        let initial = Self()
        return fields.map { $0.description(of: initial) }
    }

    public static var shape: Shape { .section(descriptions) }

    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> Self? {
        read(node, at: path, &reading, besides: [])
    }

    /// `besides` are names that somebody else reads. A section with problems is returned nevertheless: its good parts let more
    /// problems be found, and a document with problems is refused in the end.
    public static func read(_ node: Node, at path: String, _ reading: inout Reading, besides: Set<String>) -> Self? {
        var section = Self()
        if node.isNull, !fields.contains(where: \.isRequired) { return section }
        guard let entries = reading.entries(of: node, at: path, expected: "a section with settings") else { return nil }
        let fields = fields
        for entry in entries where !besides.contains(entry.name) {
            let place = path.setting(entry.name)
            guard let field = fields.first(where: { $0.name == entry.name }) else {
                let help = Spelling.help(for: entry.name, among: fields.map(\.name) + besides.sorted())
                reading.problem(place, entry.line, "unknown setting `\(entry.name)`\(help)")
                continue
            }
            // What must be said and is said to be nothing is missing.
            if field.isRequired, entry.node.scalar == "" { continue }
            if field.isNotYet, !entry.node.isEmpty { reading.warning(place, entry.line, "accepted, but not effective yet") }
            field.read(&section, entry.node, place, &reading)
        }
        func isSaid(_ name: String) -> Bool { entries.contains { $0.name == name && !$0.node.isNull && $0.node.scalar != "" } }
        for field in fields where field.isRequired && !isSaid(field.name) {
            reading.problem(path.setting(field.name), node.line, "is missing: \(field.help)")
        }
        return section
    }
}
