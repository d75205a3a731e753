import Routing

/// What follows from conditions, whatever a request holds. Answers are safe: `true` is sure, `false` may mean that it is not known.
enum Logic {
    /// Deeper questions are not asked: conditions that nest that much are not judged.
    private static let maxDepth = 12

    /// Whether `right` holds wherever `left` does.
    static func implies(_ left: Condition, _ right: Condition) -> Bool { implies(left, right, 0) }

    /// Why nothing can satisfy it. Nil: something may.
    static func impossible(_ condition: Condition) -> String? { impossible(condition, 0) }

    private static func implies(_ left: Condition, _ right: Condition, _ depth: Int) -> Bool {
        guard depth < maxDepth else { return false }
        if left == right || right == .always || impossible(left, depth + 1) != nil { return true }
        switch (left, right) {
        case (_, .all(let parts)): return parts.allSatisfy { implies(left, $0, depth + 1) }
        case (.any(let parts), _): return parts.allSatisfy { implies($0, right, depth + 1) }
        case (_, .any(let parts)) where parts.contains { implies(left, $0, depth + 1) }: return true
        case (.all(let parts), _) where parts.contains { implies($0, right, depth + 1) }: return true
        case (_, .not(let part)): return excludes(left, part, depth + 1)
        case (.test(let field, let own), .test(let other, let asked)): return field == other && own.implies(asked, field.row.kind)
        default: return false
        }
    }

    /// Whether they never hold together.
    private static func excludes(_ left: Condition, _ right: Condition, _ depth: Int) -> Bool {
        guard depth < maxDepth else { return false }
        switch (left, right) {
        case (.all(let parts), _): return parts.contains { excludes($0, right, depth + 1) }
        case (_, .all(let parts)): return parts.contains { excludes(left, $0, depth + 1) }
        case (.any(let parts), _): return parts.allSatisfy { excludes($0, right, depth + 1) }
        case (_, .any(let parts)): return parts.allSatisfy { excludes(left, $0, depth + 1) }
        case (.not(let part), _): return implies(right, part, depth + 1)
        case (_, .not(let part)): return implies(left, part, depth + 1)
        case (.test(let field, let own), .test(let other, let asked)): return field == other && own.excludes(asked, field.row.kind)
        default: return false
        }
    }

    private static func impossible(_ condition: Condition, _ depth: Int) -> String? {
        guard depth < maxDepth else { return nil }
        switch condition {
        case .always: return nil
        case .not(let part): return implies(.always, part, depth + 1) ? "`not` of what always holds" : nil
        case .any(let parts):
            let reasons = parts.map { impossible($0, depth + 1) }
            return reasons.contains { $0 == nil } ? nil : reasons.compactMap(\.self).first ?? "`any` of nothing"
        case .all(let parts):
            let flat = parts.flatMap { part in if case .all(let inner) = part { inner } else { [part] } }
            for (index, part) in flat.enumerated() {
                if let reason = impossible(part, depth + 1) { return reason }
                for other in flat[..<index] where excludes(other, part, depth + 1) { return "`\(other)` and `\(part)` never hold together" }
            }
            return nil
        case .test(let field, let comparison): return comparison.isImpossible ? "`\(field) \(comparison)` never holds" : nil
        }
    }
}

extension Comparison {
    fileprivate var isImpossible: Bool { operation == .isIn && operand == .list([]) }

    /// The values that satisfy it, where they can be counted. A field of any kind may hold a list, of which `in` asks each member.
    private func values(_ kind: Fields.Kind) -> [Value]? {
        guard !ignoresCase else { return nil }
        switch (operation, operand) {
        case (.eq, .list): return nil
        case (.eq, let value): return [value]
        case (.isIn, .list(let values)): return kind == .any ? nil : values
        case (.exists, _) where kind == .flag && operand != .flag(false): return [true, false]
        default: return nil
        }
    }

    /// Texts and numbers that are equal may be written in several ways; asked how they are written, nothing is sure.
    private func isSure(of values: [Value]) -> Bool {
        switch operation {
        case .contains, .startsWith, .endsWith, .matches: values.allSatisfy { $0.number == nil && $0.flag == nil }
        case .eq, .ne, .isIn, .notIn: values.allSatisfy { $0.number == nil } || !mentionsNumberAsText
        default: true
        }
    }

    private var mentionsNumberAsText: Bool {
        let operands = if case .list(let items) = operand { items } else { [operand] }
        return operands.contains { if case .text = $0 { $0.number != nil } else { false } }
    }

    /// Holds of nothing that is missing.
    private var needsValue: Bool {
        switch operation {
        case .ne, .notIn: false
        case .exists: operand != .flag(false)
        default: true
        }
    }

    fileprivate func implies(_ other: Comparison, _ kind: Fields.Kind) -> Bool {
        if self == other { return true }
        if needsValue, other.operation == .exists, other.operand != .flag(false) { return true }
        if !needsValue, operation == .exists { return other.holds(.missing) }
        if let values = values(kind), other.isSure(of: values) { return values.allSatisfy(other.holds) }
        if operation == .isIn, other.operation == .isIn, case .list(let own) = operand, !ignoresCase {
            return own.allSatisfy { other.holds($0) }
        }
        if let own = range, let asked = other.range { return own.isWithin(asked) }
        if let own = range, other.operation == .ne, let number = other.operand.number, case .number = other.operand { return !own.contains(number) }
        return false
    }

    fileprivate func excludes(_ other: Comparison, _ kind: Fields.Kind) -> Bool {
        if operation == .exists, operand == .flag(false) { return other.needsValue }
        if other.operation == .exists, other.operand == .flag(false) { return needsValue }
        if let values = values(kind), other.isSure(of: values) { return !values.contains(where: other.holds) }
        if let values = other.values(kind), isSure(of: values) { return !values.contains(where: holds) }
        if let own = range, let asked = other.range { return own.isApart(from: asked) }
        return false
    }

    /// The numbers between which the value lies.
    private var range: Bounds? {
        guard case .number(let number) = operand else { return nil }
        switch operation {
        case .gt: return Bounds(low: number, includesLow: false)
        case .gte: return Bounds(low: number)
        case .lt: return Bounds(high: number, includesHigh: false)
        case .lte: return Bounds(high: number)
        case .eq: return Bounds(low: number, high: number)
        default: return nil
        }
    }
}

private struct Bounds {
    var low = -Double.infinity
    var high = Double.infinity
    var includesLow = true
    var includesHigh = true

    func contains(_ number: Double) -> Bool {
        (low < number || (includesLow && low == number)) && (number < high || (includesHigh && high == number))
    }

    func isWithin(_ other: Bounds) -> Bool {
        (other.low < low || (other.low == low && (other.includesLow || !includesLow)))
            && (high < other.high || (high == other.high && (other.includesHigh || !includesHigh)))
    }

    func isApart(from other: Bounds) -> Bool {
        high < other.low || other.high < low || (high == other.low && !(includesHigh && other.includesLow))
            || (other.high == low && !(other.includesHigh && includesLow))
    }
}
