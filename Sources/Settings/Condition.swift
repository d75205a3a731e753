import Schema

/// A condition as written, its operators and field names checked: `all`, `any` and `not` nest, several fields are all asked.
public struct Condition: SettingValue {
    public var node: Node

    static let operators = [
        "eq", "ne", "gt", "gte", "lt", "lte", "in", "not_in", "contains", "starts_with", "ends_with", "matches", "exists",
    ]
    /// The first part of a field's name. A lone one has no second part.
    static let prefixes = [
        "request", "tags", "metadata", "user", "key", "project", "budget", "tokens", "complexity", "guardrail", "deployment", "provider",
        "signal", "time",
    ]
    private static let requestFields = [
        "model", "api", "stream", "input_tokens", "max_tokens", "has_tools", "has_images", "has_json_schema", "text", "task", "mode",
        "region", "country", "ip", "user_agent", "header",
    ]
    private static let maxDepth = 32

    public static let shape = Shape.free("condition")

    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> Condition? {
        check(node, at: path, depth: 0, &reading)
        return Condition(node: node)
    }

    private static func check(_ node: Node, at path: String, depth: Int, _ reading: inout Reading) {
        guard depth < maxDepth else {
            reading.problem(path, node.line, "is nested deeper than \(maxDepth)")
            return
        }
        guard let entries = reading.entries(of: node, at: path, expected: "a condition") else { return }
        for entry in entries {
            let place = path.setting(entry.name)
            switch undollared(entry.name) {
            case "all", "any", "and", "or":
                guard let items = entry.node.items else {
                    reading.problem(place, entry.line, "expected a list of conditions, found \(entry.node.kind)")
                    continue
                }
                for (index, item) in items.enumerated() { check(item, at: place.item(index), depth: depth + 1, &reading) }
            case "not": check(entry.node, at: place, depth: depth + 1, &reading)
            default: checkField(entry, at: place, &reading)
            }
        }
    }

    private static func checkField(_ entry: Node.Entry, at path: String, _ reading: inout Reading) {
        let parts = entry.name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        if !prefixes.contains(parts[0]) || parts.count < 2 || parts.contains("") {
            let near = Spelling.nearest(to: parts[0], among: prefixes)
            let help = near.map { "; did you mean `\($0)\(parts.count > 1 ? "." + parts[1] : ".…")`?" } ?? ""
            reading.problem(path, entry.line, "there is no field `\(entry.name)`\(help)")
        } else if parts[0] == "request", !requestFields.contains(parts[1]) {
            let near = Spelling.nearest(to: parts[1], among: requestFields)
            reading.problem(path, entry.line, "there is no field `\(entry.name)`\(near.map { "; did you mean `request.\($0)`?" } ?? "")")
        }
        // A lone value means `eq`.
        if entry.node.scalar != nil { return }
        guard let tests = reading.entries(of: entry.node, at: path, expected: "an operator and a value") else { return }
        for test in tests where !operators.contains(undollared(test.name)) {
            let help = Spelling.help(for: undollared(test.name), among: operators)
            reading.problem(path.setting(test.name), test.line, "there is no operator `\(test.name)`\(help)")
        }
        for test in tests where ["in", "not_in"].contains(undollared(test.name)) && test.node.items == nil {
            reading.problem(path.setting(test.name), test.line, "expected a list, found \(test.node.kind)")
        }
    }

    private static func undollared(_ name: String) -> String { name.hasPrefix("$") ? String(name.dropFirst()) : name }
}
