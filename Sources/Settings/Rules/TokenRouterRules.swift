import Routing
import Schema

/// TokenRouter's `{name, priority, is_enabled, match_json, action_json}` (its API reference, "Routing rules", read 2026-11). Both may
/// be objects or JSON as text.
extension RuleReader {
    func tokenRouter(_ node: Node, _ entries: [Node.Entry], at path: String, _ reading: inout Reading) -> WrittenRule? {
        Self.refuseUnknown(
            entries, among: ["id", "user_id", "name", "is_enabled", "priority", "match_json", "action_json", "created_at", "updated_at"], at: path,
            &reading)
        var written = WrittenRule()
        written.actions = "action_json"
        guard let name = node["name"]?.scalar else {
            reading.problem(path.setting("name"), node.line, "is missing: its name in decision records")
            return nil
        }
        written.rule.name = name
        if let priority = node["priority"] {
            written.rule.priority = Int.read(priority, at: path.setting("priority"), &reading) ?? 0
            if !(-1000...1000 ~= written.rule.priority) { reading.refuse(priority, at: path.setting("priority"), expected: "-1000 to 1000") }
        }
        if let enabled = node["is_enabled"] { written.rule.isEnabled = Bool.read(enabled, at: path.setting("is_enabled"), &reading) ?? true }
        if let match = Self.object(node["match_json"], at: path.setting("match_json"), &reading) {
            written.rule.when = Self.match(match, at: path.setting("match_json"), &reading)
        }
        guard let action = Self.object(node["action_json"], at: path.setting("action_json"), &reading) else {
            if node["action_json"] == nil { reading.problem(path.setting("action_json"), node.line, "is missing: what it does") }
            return nil
        }
        Self.act(action, at: path.setting("action_json"), &written, &reading)
        return written
    }

    /// The object itself, or the one in the text. Nil without one.
    private static func object(_ node: Node?, at path: String, _ reading: inout Reading) -> Node? {
        guard let node, !node.isNull else { return nil }
        var object = node
        if let text = node.scalar {
            guard let parsed = JSONNode.read(text) else {
                reading.problem(path, node.line, "is no JSON")
                return nil
            }
            // Its problems are on the line of the text.
            object = parsed.moved(to: node.line)
        }
        if object.entries == nil {
            reading.problem(path, node.line, "expected an object, found \(object.kind)")
            return nil
        }
        return object
    }

    /// All must hold; nothing said holds always.
    private static func match(_ node: Node, at path: String, _ reading: inout Reading) -> Condition {
        var parts: [Condition] = []
        for entry in reading.entries(of: node, at: path) ?? [] {
            let place = path.setting(entry.name)
            switch entry.name {
            case "contains":
                let texts = [String].read(entry.node.items == nil ? Node.list([entry.node], line: entry.line) : entry.node, at: place, &reading) ?? []
                parts.append(.any(texts.compactMap { test("request.text", .contains, .text($0), ignoringCase: true) }))
            case "metadata_equals":
                for member in reading.entries(of: entry.node, at: place) ?? [] {
                    equals("metadata.\(member.name)", member.node, at: place.setting(member.name), &parts, &reading)
                }
            case "task": equals("metadata.task", entry.node, at: place, &parts, &reading)
            case "mode":
                guard let mode = ModeName.read(entry.node, at: place, &reading) else { continue }
                if let part = test("request.mode", .eq, .text(mode.mode.rawValue)) { parts.append(part) }
            default: refuseUnknown([entry], among: ["contains", "metadata_equals", "mode", "task"], at: path, &reading)
            }
        }
        return parts.count == 1 ? parts[0] : parts.isEmpty ? .always : .all(parts)
    }

    private static func equals(_ name: String, _ node: Node, at path: String, _ parts: inout [Condition], _ reading: inout Reading) {
        let condition = Node.map([(name, node)], line: node.line)
        if node.scalar == nil {
            reading.refuse(node, at: path, expected: "one value")
        } else if let part = ConditionReader.read(condition, at: path, &reading) {
            parts.append(part)
        }
    }

    static func test(_ name: String, _ operation: Comparison.Operation, _ operand: Value, ignoringCase: Bool = false) -> Condition? {
        FieldName(name).map { .test($0, Comparison(operation, operand, ignoringCase: ignoringCase)) }
    }

    private static func act(_ node: Node, at path: String, _ written: inout WrittenRule, _ reading: inout Reading) {
        for entry in reading.entries(of: node, at: path) ?? [] {
            let place = path.setting(entry.name)
            switch entry.name {
            case "set_provider": written.rule.then.provider = String.read(entry.node, at: place, &reading)
            case "set_model": written.model = String.read(entry.node, at: place, &reading)
            case "set_mode": written.rule.then.mode = ModeName.read(entry.node, at: place, &reading)?.mode
            case "add_warning":
                let message = entry.node["message"] ?? entry.node
                written.rule.then.warn = String.read(message, at: place, &reading)
            default: refuseUnknown([entry], among: ["set_provider", "set_model", "set_mode", "add_warning"], at: path, &reading)
            }
        }
        if written.doesNothing { reading.problem(path, node.line, "does nothing") }
    }

    static func refuseUnknown(_ entries: [Node.Entry], among known: [String], at path: String, _ reading: inout Reading) {
        for entry in entries where !known.contains(entry.name) {
            reading.problem(path.setting(entry.name), entry.line, "unknown setting `\(entry.name)`\(Spelling.help(for: entry.name, among: known))")
        }
    }
}

extension Node {
    /// As if all of it stood on this line.
    fileprivate func moved(to line: Int) -> Node {
        switch content {
        case .scalar: Node(content, line: line)
        case .list(let items): Node(.list(items.map { $0.moved(to: line) }), line: line)
        case .map(let entries): Node(.map(entries.map { Entry($0.name, line: line, $0.node.moved(to: line)) }), line: line)
        }
    }
}
