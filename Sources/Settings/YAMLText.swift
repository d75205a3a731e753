import Schema

/// A document as YAML that reads as the same document.
public enum YAMLText {
    public static func text(_ node: Node) -> String {
        var out = ""
        write(node, 0, &out)
        return out
    }

    private static func write(_ node: Node, _ depth: Int, _ out: inout String) {
        let indent = String(repeating: "  ", count: depth)
        switch node.content {
        case .map(let entries) where !entries.isEmpty:
            for entry in entries {
                out += indent + scalar(entry.name, quoted: true) + ":"
                writeValue(entry.node, depth + 1, &out)
            }
        case .list(let items) where !items.isEmpty:
            for item in items {
                guard let entries = item.entries, !entries.isEmpty else {
                    out += indent + "-"
                    writeValue(item, depth + 1, &out)
                    continue
                }
                // The first member stands behind the dash, the others below it.
                var inner = ""
                write(item, depth + 1, &inner)
                out += indent + "- " + inner.dropFirst(indent.count + 2)
            }
        default: out += indent + flat(node) + "\n"
        }
    }

    private static func writeValue(_ node: Node, _ depth: Int, _ out: inout String) {
        if node.isEmpty || node.scalar != nil {
            out += " " + flat(node) + "\n"
        } else {
            out += "\n"
            write(node, depth, &out)
        }
    }

    private static func flat(_ node: Node) -> String {
        switch node.content {
        case .list: "[]"
        case .map: "{}"
        case .scalar(let text, let quoted): node.isNull ? "null" : scalar(text, quoted: quoted)
        }
    }

    /// As it is where nothing in it could be taken for something else.
    private static func scalar(_ text: String, quoted: Bool) -> String {
        if !quoted { return text }
        let first = text.utf8.first.map { 0x61...0x7a ~= $0 | 0x20 } ?? false
        let words = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"]
        let isPlain =
            first && !words.contains(text.lowercased())
            && text.utf8.allSatisfy { 0x61...0x7a ~= $0 | 0x20 || 0x30...0x39 ~= $0 || "_-./@+".utf8.contains($0) }
        return isPlain ? text : quotedText(text)
    }

    private static func quotedText(_ text: String) -> String { JSONText.string(text).text() }
}
