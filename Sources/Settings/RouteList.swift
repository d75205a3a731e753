import Schema

/// Trees by name: `{ NAME: R }`, or LLMGrid's list of `{ name, strategy, models, policies }`. Beside a tree may stand `limits` and `pii`, as
/// in model groups.
public struct RouteList: SettingValue {
    public struct Entry: Sendable {
        public var name: String
        public var node: Node
        /// Where it stands below the section.
        public var path: String
    }

    public var entries: [Entry] = []

    public static let shape = Shape.either([.names(of: .free("route")), .list(.free("route with a `name`"))])
    public var written: String? { entries.isEmpty ? "{}" : nil }

    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> RouteList? {
        var list = RouteList()
        if node.isNull { return list }
        if let items = node.items {
            for (index, item) in items.enumerated() {
                let place = path.item(index)
                guard let name = item["name"]?.scalar else {
                    reading.problem(place.setting("name"), item.line, "is missing: the name of the route")
                    continue
                }
                if list.entries.contains(where: { $0.name == name }) {
                    reading.problem(place.setting("name"), item.line, "`\(name.prefix(100))` is written twice")
                    continue
                }
                list.entries.append(Entry(name: name, node: item, path: place))
            }
            return list
        }
        guard let entries = reading.entries(of: node, at: path, expected: "names and their routes") else { return nil }
        list.entries = entries.map { Entry(name: $0.name, node: $0.node, path: path.setting($0.name)) }
        return list
    }
}
