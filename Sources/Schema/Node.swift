/// A document as it was written: a tree whose every node knows its line. Formats are read into it, so nothing after the reading
/// knows about formats.
public struct Node: Hashable, Sendable {
    public indirect enum Content: Hashable, Sendable {
        /// Quoted text is text even where it looks like a number or like nothing.
        case scalar(String, quoted: Bool)
        case list([Node])
        /// In the order written; a name written twice stands here twice.
        case map([Entry])
    }

    public struct Entry: Hashable, Sendable {
        public var name: String
        public var line: Int
        public var node: Node

        public init(_ name: String, line: Int = 0, _ node: Node) {
            self.name = name
            self.line = line
            self.node = node
        }
    }

    public var content: Content
    /// Counted from 1; 0 where the node stands in no file.
    public var line: Int

    public init(_ content: Content, line: Int = 0) {
        self.content = content
        self.line = line
    }

    public static func text(_ text: String, line: Int = 0) -> Node { Node(.scalar(text, quoted: true), line: line) }
    public static func plain(_ text: String, line: Int = 0) -> Node { Node(.scalar(text, quoted: false), line: line) }
    public static func list(_ items: [Node], line: Int = 0) -> Node { Node(.list(items), line: line) }
    public static func map(_ entries: [(String, Node)], line: Int = 0) -> Node {
        Node(.map(entries.map { Entry($0.0, line: line, $0.1) }), line: line)
    }

    public var isNull: Bool {
        guard case .scalar(let text, quoted: false) = content else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(text)
    }

    /// Null, or a list or map without anything in it.
    public var isEmpty: Bool {
        switch content {
        case .scalar: isNull
        case .list(let items): items.isEmpty
        case .map(let entries): entries.isEmpty
        }
    }

    /// The text of a scalar that is not null.
    public var scalar: String? {
        guard !isNull, case .scalar(let text, _) = content else { return nil }
        return text
    }

    public var items: [Node]? {
        if case .list(let items) = content { items } else { nil }
    }

    public var entries: [Entry]? {
        if case .map(let entries) = content { entries } else { nil }
    }

    /// The first entry of that name.
    public func entry(_ name: String) -> Entry? { entries?.first { $0.name == name } }
    public subscript(_ name: String) -> Node? { entry(name)?.node }

    /// What it is, for messages: never the text itself, which may be a secret.
    public var kind: String {
        switch content {
        case .scalar: isNull ? "nothing" : "a single value"
        case .list: "a list"
        case .map: "a map"
        }
    }
}
