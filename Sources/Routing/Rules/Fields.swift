import Schema

/// The registry of fields: what a condition may ask for. A new field is a row here; whoever knows its value supplies it under this
/// name. The reference page of fields is made from it.
public enum Fields {
    public enum Kind: Hashable, Sendable {
        case text, number, flag
        /// One of a few words.
        case word([String])
        /// Whatever its source says: tags, metadata, signals.
        case any

        public var name: String {
            switch self {
            case .text: "text"
            case .number: "number"
            case .flag: "true or false"
            case .word(let words): words.map { "`\($0)`" }.joined(separator: ", ")
            case .any: "text, number, flag or list"
            }
        }
    }

    public struct Row: Hashable, Sendable {
        /// With `<name>` where the author of a condition fills in a name.
        public let name: String
        public let kind: Kind
        public let help: String

        init(_ name: String, _ kind: Kind, _ help: String) {
            self.name = name
            self.kind = kind
            self.help = help
        }

        /// What stands for `<name>` in a name that this row describes; empty where the row has none. Nil: not this row.
        func part(of text: String) -> String? {
            guard let (before, after) = sides else { return text == name ? "" : nil }
            guard text.utf8.count > before.utf8.count + after.utf8.count, text.hasPrefix(before), text.hasSuffix(after) else { return nil }
            return String(text.dropFirst(before.count).dropLast(after.count))
        }

        var sides: (before: String, after: String)? {
            guard let open = name.firstIndex(of: "<"), let close = name.firstIndex(of: ">") else { return nil }
            return (String(name[..<open]), String(name[name.index(after: close)...]))
        }
    }

    /// The row of a name: one without `<name>` counts before one with it.
    public static func row(of text: String) -> Row? { byName[text] ?? open.first { $0.part(of: text) != nil } }

    private static let byName = Dictionary(all.filter { $0.sides == nil }.map { ($0.name, $0) }) { first, _ in first }
    private static let open = all.filter { $0.sides != nil }

    // MARK: Help

    /// The nearest name to one that is not known, with its own middle part where the nearest row leaves one open.
    public static func nearest(to text: String) -> String? {
        let candidates = all.map { row -> String in
            guard let (before, after) = row.sides else { return row.name }
            let head = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
            guard head.count == 2, !head[1].isEmpty else { return row.name }
            var middle = head[1]
            if before.split(separator: ".").count > 1, let dot = middle.firstIndex(of: ".") { middle = middle[middle.index(after: dot)...] }
            if !after.isEmpty, let dot = middle.lastIndex(of: ".") { middle = middle[..<dot] }
            return before + middle + after
        }
        return Spelling.nearest(to: text, among: candidates)
    }

    /// The end of a message about a name that is not known.
    public static func help(for text: String) -> String {
        if let near = nearest(to: text) { return "; did you mean `\(near)`?" }
        let first = text.split(separator: ".").first.map(String.init) ?? text
        let same = all.filter { $0.name.hasPrefix(first + ".") }.map(\.name)
        if (1...12).contains(same.count) { return "; there are " + same.map { "`\($0)`" }.joined(separator: ", ") }
        return ""
    }

    /// The reference page in Markdown.
    public static var page: String {
        var page = """
            # Fields

            What a condition may ask for, in `when`, in `conditional` branches and in rules. `<name>` is filled in by you. A field
            that nobody supplied is missing: a condition on it is false, except `exists: false`, `ne` and `not_in`.

            | field | holds | what it says |
            | --- | --- | --- |

            """
        for row in all { page += "| `\(row.name)` | \(row.kind.name) | \(row.help) |\n" }
        return page
    }
}
