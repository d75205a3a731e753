import Routing
import Schema

/// Reads conditions in the forms in which they are written: our own, tag rules (`{tag, op, value}`), and the expressions of inline
/// routers. All become the same values.
public struct ConditionReader {
    private static let maxDepth = 32
    /// Tests of one condition.
    private static let maxTests = 1000

    /// Names of fields elsewhere, beside `FieldAliases`: what the place of the condition defines itself.
    var names: [String: FieldAlias] = [:]
    /// `metadata.region` and its like mean what they mean in inline routers, not the member of the request's metadata.
    var isInline = false
    private var tests = 0

    init(names: [String: FieldAlias] = [:], isInline: Bool = false) {
        self.names = names
        self.isInline = isInline
    }

    /// Nil: it has problems, all of which are noted.
    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> Condition? {
        var reader = ConditionReader()
        return reader.condition(node, at: path, &reading)
    }

    mutating func condition(_ node: Node, at path: String, _ reading: inout Reading) -> Condition? {
        let before = reading.problems.errors.count
        let condition = part(node, at: path, depth: 0, &reading)
        return reading.problems.errors.count == before ? condition : nil
    }

    // MARK: Structure

    private mutating func part(_ node: Node, at path: String, depth: Int, _ reading: inout Reading) -> Condition {
        guard depth < Self.maxDepth else {
            reading.problem(path, node.line, "is nested deeper than \(Self.maxDepth)")
            return .always
        }
        guard let entries = reading.entries(of: node, at: path, expected: "a condition") else { return .always }
        if let row = row(node, entries, at: path, &reading) { return row }
        let parts = entries.map { entry in
            let place = path.setting(entry.name)
            switch Operators.undollared(entry.name) {
            case "all", "and": return Condition.all(list(entry.node, at: place, depth, &reading))
            case "any", "or": return Condition.any(list(entry.node, at: place, depth, &reading))
            case "not": return Condition.not(part(entry.node, at: place, depth: depth + 1, &reading))
            default: return field(entry, at: place, &reading)
            }
        }
        return parts.count == 1 ? parts[0] : parts.isEmpty ? .always : .all(parts)
    }

    private mutating func list(_ node: Node, at path: String, _ depth: Int, _ reading: inout Reading) -> [Condition] {
        guard let items = node.items else {
            reading.problem(path, node.line, "expected a list of conditions, found \(node.kind)")
            return []
        }
        if items.isEmpty { reading.problem(path, node.line, "has no conditions") }
        return items.enumerated().map { index, item in part(item, at: path.item(index), depth: depth + 1, &reading) }
    }

    /// `{tag: customer_tier, op: eq, value: enterprise}`, also with `field` in place of `tag`. Nil: it has not this form.
    private mutating func row(_ node: Node, _ entries: [Node.Entry], at path: String, _ reading: inout Reading) -> Condition? {
        guard let subject = node.entry("tag") ?? node.entry("field"), let operation = node.entry("op") ?? node.entry("operator") else {
            return nil
        }
        let known = [subject.name, operation.name, "value", "ignore_case"]
        for entry in entries where !known.contains(entry.name) {
            reading.problem(path.setting(entry.name), entry.line, "unknown setting `\(entry.name)`\(Spelling.help(for: entry.name, among: known))")
        }
        guard let written = subject.node.scalar, let word = operation.node.scalar else {
            reading.refuse(subject.node.scalar == nil ? subject.node : operation.node, at: path, expected: "one word")
            return .always
        }
        let name = subject.name == "tag" ? "tags.\(written)" : written
        guard let alias = resolve(name, at: path.setting(subject.name), line: subject.line, &reading) else { return .always }
        // `exists` may stand without a value.
        let isLone = node["value"] == nil && Operators.named(word)?.operation == .exists
        let operand = node["value"] ?? .plain(isLone ? "true" : "", line: node.line)
        return test(
            alias, word, operand, at: path.setting("value"), operatorAt: path.setting(operation.name), ignoringCase(node, at: path, &reading),
            &reading)
    }

    // MARK: Fields

    private mutating func field(_ entry: Node.Entry, at path: String, _ reading: inout Reading) -> Condition {
        guard let alias = resolve(entry.name, at: path, line: entry.line, &reading) else { return .always }
        // A lone value means `eq`.
        if entry.node.scalar != nil { return test(alias, "eq", entry.node, at: path, operatorAt: path, false, &reading) }
        guard let written = reading.entries(of: entry.node, at: path, expected: "an operator and a value") else { return .always }
        let ignoresCase = ignoringCase(entry.node, at: path, &reading)
        let tests = written.filter { $0.name != "ignore_case" }
        if tests.isEmpty { reading.problem(path, entry.line, "has no operator") }
        let parts = tests.map { entry in
            test(alias, entry.name, entry.node, at: path.setting(entry.name), operatorAt: path.setting(entry.name), ignoresCase, &reading)
        }
        return parts.count == 1 ? parts[0] : .all(parts)
    }

    private func ignoringCase(_ node: Node, at path: String, _ reading: inout Reading) -> Bool {
        node["ignore_case"].flatMap { Bool.read($0, at: path.setting("ignore_case"), &reading) } ?? false
    }

    private func resolve(_ written: String, at path: String, line: Int, _ reading: inout Reading) -> FieldAlias? {
        if let own = names[written] { return own }
        if let alias = FieldAliases.field(written, isInline: isInline) { return alias }
        if let field = FieldName(written) { return FieldAlias(field) }
        reading.problem(path, line, "there is no field `\(written.prefix(100))`\(Fields.help(for: written))")
        return nil
    }

    // MARK: Tests

    private mutating func test(
        _ alias: FieldAlias, _ word: String, _ operand: Node, at path: String, operatorAt place: String, _ ignoresCase: Bool,
        _ reading: inout Reading
    ) -> Condition {
        tests += 1
        guard tests <= Self.maxTests else {
            if tests == Self.maxTests + 1 { reading.problem(path, operand.line, "the condition has more than \(Self.maxTests) tests") }
            return .always
        }
        guard let operation = Operators.named(word) else {
            reading.problem(place, operand.line, "there is no operator `\(word.prefix(60))`\(Operators.help(for: word))")
            return .always
        }
        guard let comparison = OperandReader(field: alias.field, ignoresCase: ignoresCase).comparison(operation, operand, at: path, &reading) else {
            return .always
        }
        return alias.isInverted ? .test(alias.field, comparison.invertedFlag) : .test(alias.field, comparison)
    }
}

extension Comparison {
    /// The same question to the opposite flag: `passed` of what holds `violated`.
    fileprivate var invertedFlag: Comparison {
        guard operation != .exists else { return self }
        switch operand {
        case .flag(let flag): return Comparison(operation, .flag(!flag))
        case .list(let items): return Comparison(operation, .list(items.map { $0.flag.map { .flag(!$0) } ?? $0 }))
        default: return self
        }
    }
}
