import Guarding
import Routing
import Schema

/// Reads what a field is compared with, and refuses what the field can never hold.
struct OperandReader {
    let field: FieldName
    let ignoresCase: Bool

    private var kind: Fields.Kind { field.row.kind }

    func comparison(_ written: Operators.Written, _ node: Node, at path: String, _ reading: inout Reading) -> Comparison? {
        switch written.operation {
        case .exists:
            // `not_exists` may stand without a value.
            guard let flag = node.isNull && written.isInverted ? true : Bool.read(node, at: path, &reading) else { return nil }
            return Comparison(.exists, .flag(flag != written.isInverted))
        case .matches: return pattern(node, at: path, &reading)
        case .isIn, .notIn: return list(node, at: path, &reading).map { Comparison(written.operation, .list($0), ignoringCase: ignoresCase) }
        case .contains, .startsWith, .endsWith:
            guard allows(written.operation, at: path, node, &reading) else { return nil }
            guard let text = node.scalar else {
                reading.refuse(node, at: path, expected: "text")
                return nil
            }
            return Comparison(written.operation, .text(text), ignoringCase: ignoresCase)
        case .gt, .gte, .lt, .lte:
            guard allows(written.operation, at: path, node, &reading) else { return nil }
            return value(node, at: path, &reading).map { Comparison(written.operation, $0) }
        case .eq, .ne:
            if let items = node.items, kind == .any {
                return items.isEmpty ? nil : Comparison(written.operation, .list(items.compactMap { value($0, at: path, &reading) }))
            }
            return value(node, at: path, &reading).map { Comparison(written.operation, $0, ignoringCase: ignoresCase) }
        }
    }

    private func pattern(_ node: Node, at path: String, _ reading: inout Reading) -> Comparison? {
        guard allows(.matches, at: path, node, &reading) else { return nil }
        guard let text = node.scalar else {
            reading.refuse(node, at: path, expected: "a regular expression")
            return nil
        }
        do throws(PatternError) {
            return Comparison(matching: try Pattern(text, ignoringCase: ignoresCase))
        } catch {
            reading.problem(path, node.line, "is no regular expression we can run: \(error)")
            return nil
        }
    }

    private func list(_ node: Node, at path: String, _ reading: inout Reading) -> [Value]? {
        guard let items = node.items else {
            reading.problem(path, node.line, "expected a list, found \(node.kind)")
            return nil
        }
        let values = items.enumerated().compactMap { index, item in value(item, at: path.item(index), &reading) }
        return values.count == items.count ? values : nil
    }

    /// Whether a field of this kind can be asked so.
    static func goes(_ operation: Comparison.Operation, with kind: Fields.Kind) -> Bool {
        let ordered: Set<Comparison.Operation> = [.gt, .gte, .lt, .lte]
        let ofText: Set<Comparison.Operation> = [.contains, .startsWith, .endsWith, .matches]
        switch kind {
        case .number: return !ofText.contains(operation)
        case .flag: return !ofText.contains(operation) && !ordered.contains(operation)
        case .word: return !ordered.contains(operation)
        case .text, .any: return true
        }
    }

    private func allows(_ operation: Comparison.Operation, at path: String, _ node: Node, _ reading: inout Reading) -> Bool {
        guard !Self.goes(operation, with: kind) else { return true }
        let holds =
            switch kind {
            case .number: "a number"
            case .word: "one of \(kind.name)"
            default: kind.name
            }
        reading.problem(path, node.line, "`\(operation.rawValue)` does not go with `\(field)`, which holds \(holds)")
        return false
    }

    /// A value that the field can hold.
    private func value(_ node: Node, at path: String, _ reading: inout Reading) -> Value? {
        guard let text = node.scalar, case .scalar(_, let quoted) = node.content else {
            reading.refuse(node, at: path, expected: expected)
            return nil
        }
        switch kind {
        case .text: return .text(text)
        case .number:
            if let number = Value.text(text).number { return .number(number) }
        case .flag:
            if let flag = Value.text(text.lowercased()).flag { return .flag(flag) }
        case .word(let words):
            if let word = words.first(where: { $0 == text.lowercased() }) { return .text(word) }
            reading.problem(path, node.line, "`\(text.prefix(60))` is not known\(Spelling.help(for: text, among: words))")
            return nil
        case .any:
            if quoted { return .text(text) }
            return Value.text(text).flag.map { .flag($0) } ?? Value.text(text).number.map { .number($0) } ?? .text(text)
        }
        reading.refuse(node, at: path, expected: expected)
        return nil
    }

    private var expected: String {
        switch kind {
        case .number: "a number"
        case .flag: "true or false"
        case .word(let words): "one of " + words.joined(separator: ", ")
        case .text, .any: "a value"
        }
    }
}
