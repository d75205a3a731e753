extension Optional: SettingValue where Wrapped: SettingValue {
    public static var shape: Shape { Wrapped.shape }
    public var written: String? { flatMap(\.written) }
    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> Wrapped?? {
        if node.isNull { return .some(nil) }
        return Wrapped.read(node, at: path, &reading).map { .some($0) }
    }
}

/// A lone value is a list of one.
extension Array: SettingValue where Element: SettingValue {
    public static var shape: Shape { .list(Element.shape) }
    public var written: String? {
        let items = compactMap(\.written)
        return items.count == count ? "[\(items.joined(separator: ", "))]" : nil
    }
    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> [Element]? {
        if node.isNull { return [] }
        guard let items = node.items else {
            if node.scalar != nil, let lone = Element.read(node, at: path, &reading) { return [lone] }
            if node.scalar == nil { reading.problem(path, node.line, "expected a list, found \(node.kind)") }
            return nil
        }
        // All items are read, so that all problems are found.
        let values = items.enumerated().map { Element.read($0.element, at: path.item($0.offset), &reading) }
        let good = values.compactMap(\.self)
        return good.count == values.count ? good : nil
    }
}

/// Values by names that the author chooses, in the order written.
public struct Named<Value: SettingValue>: SettingValue {
    public struct Entry: Sendable {
        public var name: String
        public var line: Int
        public var value: Value
    }

    public var entries: [Entry]

    public init(_ entries: [Entry] = []) { self.entries = entries }

    public subscript(_ name: String) -> Value? { entries.first { $0.name == name }?.value }
    public var names: [String] { entries.map(\.name) }

    public static var shape: Shape { .names(of: Value.shape) }
    public var written: String? { entries.isEmpty ? "{}" : nil }

    /// Names go into headers, logs and metrics.
    private static func isName(_ text: String) -> Bool {
        !text.isEmpty && text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
    }

    /// An entry that cannot be read is left out; its problem is noted.
    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> Named? {
        if node.isNull { return Named() }
        guard let entries = reading.entries(of: node, at: path, expected: "names and their settings") else { return nil }
        return Named(
            entries.compactMap { entry in
                if !isName(entry.name) { reading.problem(path, entry.line, "a name must have characters, and none that cannot be seen") }
                return Value.read(entry.node, at: path.setting(entry.name), &reading).map { Entry(name: entry.name, line: entry.line, value: $0) }
            })
    }
}
