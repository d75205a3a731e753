/// Conditions as one flat array of tests. Each test says where to go on when it holds and when not, so `all`, `any` and `not` cost
/// nothing when a condition is asked.
struct ConditionTests: Sendable {
    struct Test: Sendable {
        /// Into the values that the caller supplies; negative: the complement of an index into `live`.
        var field: Int32
        var comparison: Int32
        var yes: Int32
        var no: Int32
    }

    /// Where asking ends.
    static let yes: Int32 = -1
    static let no: Int32 = -2

    private(set) var tests: [Test] = []
    private(set) var comparisons: [Comparison] = []
    /// What the caller of the router supplies, in this order.
    private(set) var fields: [FieldName] = []
    /// What the router answers itself.
    private(set) var live: [LiveField] = []
    private var liveNames: [FieldName: Int32] = [:]
    /// Fields of deployments and providers that there are not.
    private(set) var unknown: [FieldName] = []

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
            tests.append(Test(field: number(of: field, subjects), comparison: Int32(comparisons.count - 1), yes: yes, no: no))
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
