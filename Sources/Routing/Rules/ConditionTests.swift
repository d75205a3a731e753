/// Conditions as one flat array of tests. Each test says where to go on when it holds and when not, so `all`, `any` and `not` cost
/// nothing when a condition is asked.
struct ConditionTests: Sendable {
    struct Test: Sendable {
        /// Into the values that the caller supplies; negative: the complement of an index into `live`.
        var field: Int32
        var comparison: Int32
        var yes: Int32
        var no: Int32
        /// What most tests come to is here, so that their comparison is not even loaded.
        var plain: Plain
        var ifMissing: Bool
        /// Of numbers, or 1 and 0 for flags.
        var operand: Double
    }

    /// A comparison of two numbers, two flags or two texts.
    enum Plain: UInt8, Sendable {
        case none, flagIs, flagIsNot, textIs, textIsNot, eq, ne, gt, gte, lt, lte

        init(_ comparison: Comparison) {
            switch (comparison.operation, comparison.operand) {
            case (.eq, .flag): self = .flagIs
            case (.ne, .flag): self = .flagIsNot
            case (.eq, .text) where !comparison.ignoresCase: self = .textIs
            case (.ne, .text) where !comparison.ignoresCase: self = .textIsNot
            case (.eq, .number): self = .eq
            case (.ne, .number): self = .ne
            case (.gt, .number): self = .gt
            case (.gte, .number): self = .gte
            case (.lt, .number): self = .lt
            case (.lte, .number): self = .lte
            default: self = .none
            }
        }
    }

    /// Where asking ends.
    static let yes: Int32 = -1
    static let no: Int32 = -2

    private(set) var tests: [Test] = []
    private(set) var comparisons: [Comparison] = []
    /// The operands that are text, by comparison.
    private(set) var texts: [String] = []
    /// What the caller of the router supplies, in this order.
    private(set) var fields: [FieldName] = []
    /// What the router answers itself.
    private(set) var live: [LiveField] = []
    private var liveNames: [FieldName: Int32] = [:]
    /// Fields of deployments and providers that there are not.
    private(set) var unknown: [FieldName] = []

    /// Whether a test holds of a value.
    @inline(__always)
    func holds(_ test: Test, _ value: borrowing Value) -> Bool {
        switch value {
        case .missing: return test.ifMissing
        case .number(let number):
            switch test.plain {
            case .eq: return number == test.operand
            case .ne: return number != test.operand
            case .gt: return number > test.operand
            case .gte: return number >= test.operand
            case .lt: return number < test.operand
            case .lte: return number <= test.operand
            default: return comparisons[Int(test.comparison)].holds(copy value)
            }
        case .flag(let flag):
            switch test.plain {
            case .flagIs: return flag == (test.operand != 0)
            case .flagIsNot: return flag != (test.operand != 0)
            default: return comparisons[Int(test.comparison)].holds(copy value)
            }
        case .text(let text):
            switch test.plain {
            case .textIs: return text == texts[Int(test.comparison)]
            case .textIsNot: return text != texts[Int(test.comparison)]
            default: return comparisons[Int(test.comparison)].holds(copy value)
            }
        case .list: return comparisons[Int(test.comparison)].holds(copy value)
        }
    }

    /// The first test of `condition`, or `yes` or `no`.
    mutating func add(_ condition: Condition, _ subjects: LiveSubjects) -> Int32 {
        add(condition, yes: Self.yes, no: Self.no, subjects)
    }

    private mutating func add(_ condition: Condition, yes: Int32, no: Int32, _ subjects: LiveSubjects) -> Int32 {
        switch condition {
        case .always: return yes
        case .not(let part): return add(part, yes: no, no: yes, subjects)
        case .all(let parts):
            var entry = yes
            for part in parts.reversed() { entry = add(part, yes: entry, no: no, subjects) }
            return entry
        case .any(let parts):
            var entry = no
            for part in parts.reversed() { entry = add(part, yes: yes, no: entry, subjects) }
            return entry
        case .test(let field, let comparison):
            comparisons.append(comparison)
            if case .text(let text) = comparison.operand { texts.append(text) } else { texts.append("") }
            let operand = comparison.operand == .flag(true) ? 1 : comparison.operand.number ?? 0
            tests.append(
                Test(
                    field: number(of: field, subjects), comparison: Int32(comparisons.count - 1), yes: yes, no: no, plain: Plain(comparison),
                    ifMissing: comparison.holds(.missing), operand: operand))
            return Int32(tests.count - 1)
        }
    }

    private mutating func number(of field: FieldName, _ subjects: LiveSubjects) -> Int32 {
        if let known = liveNames[field] { return known }
        if LiveField.isLive(field) {
            let found = LiveField(field, subjects)
            if found == nil, !unknown.contains(field) { unknown.append(field) }
            let number = ~Int32(live.count)
            live.append(found ?? LiveField(field))
            liveNames[field] = number
            return number
        }
        if let known = fields.firstIndex(of: field) { return Int32(known) }
        fields.append(field)
        return Int32(fields.count - 1)
    }
}
