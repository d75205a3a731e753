import Guarding

/// One test of a field's value. Numbers compare as numbers when both sides are numbers or written like them, else as text in
/// the order of Unicode. What is missing fails every test but `exists: false`, `ne` and `not_in`.
public struct Comparison: Hashable, Sendable {
    public enum Operation: String, CaseIterable, Hashable, Sendable {
        case eq, ne, gt, gte, lt, lte
        case isIn = "in"
        case notIn = "not_in"
        case contains
        case startsWith = "starts_with"
        case endsWith = "ends_with"
        case matches, exists
    }

    public let operation: Operation
    public let operand: Value
    /// Of `matches`; also of tests that ignore the case of letters beyond ASCII.
    public let pattern: Pattern?
    /// For text: `A` is `a`. In lists of texts only for letters of ASCII.
    public let ignoresCase: Bool
    /// The operand as bytes to look for.
    private let needle: Needle?
    /// The operand as a number.
    private let number: Double?

    public init(_ operation: Operation, _ operand: Value, ignoringCase: Bool = false) {
        self.operation = operation
        self.operand = operand
        pattern = ignoringCase ? Self.pattern(operation, operand) : nil
        ignoresCase = ignoringCase
        number = operand.number
        switch (operation, operand) {
        case (.contains, .text(let text)), (.startsWith, .text(let text)), (.endsWith, .text(let text)):
            needle = Needle(text, ignoringCase: ignoringCase)
        case (.contains, let other): needle = Needle(other.description, ignoringCase: ignoringCase)
        default: needle = nil
        }
    }

    public init(matching pattern: Pattern) {
        operation = .matches
        operand = .text(pattern.source)
        self.pattern = pattern
        ignoresCase = false
        needle = nil
        number = nil
    }

    /// For text with letters beyond ASCII, whose other case may have other bytes. Nil where bytes suffice.
    private static func pattern(_ operation: Operation, _ operand: Value) -> Pattern? {
        guard case .text(let text) = operand, !text.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
        let atStart = operation == .eq || operation == .ne || operation == .startsWith
        let atEnd = operation == .eq || operation == .ne || operation == .endsWith
        guard atStart || atEnd || operation == .contains else { return nil }
        // One that is too long is compared byte by byte.
        return try? Pattern(literal: text, ignoringCase: true, atStart: atStart, atEnd: atEnd)
    }

    public func holds(_ value: Value) -> Bool {
        if case .missing = value {
            switch operation {
            case .ne, .notIn: return true
            case .exists: return operand == .flag(false)
            default: return false
            }
        }
        switch operation {
        case .eq: return isSame(value)
        case .ne: return !isSame(value)
        case .gt: return order(value).map { $0 > 0 } ?? false
        case .gte: return order(value).map { $0 >= 0 } ?? false
        case .lt: return order(value).map { $0 < 0 } ?? false
        case .lte: return order(value).map { $0 <= 0 } ?? false
        case .isIn: return isMember(value)
        case .notIn: return !isMember(value)
        case .contains: return contains(value)
        case .startsWith: return edge(value) { needle, text in needle.begins(text) }
        case .endsWith: return edge(value) { needle, text in needle.ends(text) }
        case .matches: return matches(value)
        case .exists: return operand != .flag(false)
        }
    }

    // MARK: Equality and order

    private func isSame(_ value: Value) -> Bool {
        if let pattern, case .text(let text) = value { return pattern.matches(text) }
        return equal(value, operand)
    }

    private func equal(_ value: Value, _ other: Value) -> Bool {
        switch (value, other) {
        case (.text(let left), .text(let right)): return left == right || (ignoresCase && Needle.areAlike(left, right))
        case (.list(let left), .list(let right)): return left.count == right.count && zip(left, right).allSatisfy { equal($0, $1) }
        case (.number, .number), (.number, .text), (.text, .number):
            guard let left = value.number, let right = other.number else { return false }
            return left == right
        case (.flag, _), (_, .flag):
            guard let left = value.flag, let right = other.flag else { return false }
            return left == right
        default: return false
        }
    }

    /// Below, at or above 0, like the value lies to the operand. Nil: they have no order.
    private func order(_ value: Value) -> Int? {
        if let right = number, let left = value.number { return left < right ? -1 : left > right ? 1 : 0 }
        guard case .text(let left) = value, case .text(let right) = operand else { return nil }
        return left < right ? -1 : left == right ? 0 : 1
    }

    // MARK: Sets and texts

    /// Of a list, whether any of its members is one.
    private func isMember(_ value: Value) -> Bool {
        guard case .list(let members) = operand else { return equal(value, operand) }
        if case .list(let values) = value { return values.contains { value in members.contains { equal(value, $0) } } }
        return members.contains { equal(value, $0) }
    }

    private func contains(_ value: Value) -> Bool {
        switch value {
        case .text(let text) where pattern != nil: return pattern?.matches(text) ?? false
        case .text(var text): return needle.map { needle in text.withUTF8 { needle.stands(in: $0) } } ?? false
        case .list(let values): return values.contains { equal($0, operand) }
        default: return false
        }
    }

    private func edge(_ value: Value, _ test: (Needle, UnsafeBufferPointer<UInt8>) -> Bool) -> Bool {
        guard case .text(var text) = value else { return false }
        if let pattern { return pattern.matches(text) }
        guard let needle else { return false }
        return text.withUTF8 { test(needle, $0) }
    }

    /// Of a list, whether any of its texts does.
    private func matches(_ value: Value) -> Bool {
        guard let pattern else { return false }
        switch value {
        case .text(let text): return pattern.matches(text)
        case .list(let values): return values.contains { if case .text(let text) = $0 { pattern.matches(text) } else { false } }
        case .number, .flag: return pattern.matches(value.description)
        case .missing: return false
        }
    }
}

extension Comparison: CustomStringConvertible {
    public var description: String { "\(operation.rawValue) \(operand)" }
}
