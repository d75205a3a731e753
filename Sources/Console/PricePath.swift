import Schema
import Settings

/// Paths of the section `prices`, whose names have slashes and dots: `prices/openai/gpt-5.1/input` is `input` of `openai/gpt-5.1`.
enum PricePath {
    /// Nil: it is a path of another section.
    /// - Parameter set: The section as it is; a name that stands there is that name, whatever its end is called.
    static func place(_ segments: [String], set section: Node?) -> [String]? {
        let whole = segments.joined(separator: "/")
        let head = PriceDesk.section
        guard whole.hasPrefix(head + "/") || whole.hasPrefix(head + ".") else { return whole == head ? [head] : nil }
        let name = String(whole.dropFirst(head.count + 1))
        guard section?[name] == nil, let mark = name.lastIndex(where: { $0 == "/" || $0 == "." }) else { return [head, name] }
        let (row, member) = (String(name[..<mark]), String(name[name.index(after: mark)...]))
        return row.contains("/") && PriceSettings.fields.contains { $0.name == member } ? [head, row, member] : [head, name]
    }
}
