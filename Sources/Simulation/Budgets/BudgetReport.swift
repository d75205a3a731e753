/// What came of a run.
public struct BudgetReport: Sendable {
    public var steps = 0
    public var permitted = 0
    public var refused = 0
    public var waited = 0
    public var calls = 0
    public var crashes = 0
    /// The first breach ends the run.
    public var breach: String?

    public init() {}
}

extension BudgetReport: CustomStringConvertible {
    public var description: String {
        let sums = "\(steps) steps: \(permitted) requests let pass, \(refused) refused, \(waited) waited; "
        let rest = "\(calls) calls to the store, \(crashes) crashes\n"
        return sums + rest + (breach.map { "BROKEN \($0)\n" } ?? "\(Self.held)\n")
    }

    private static let held = "No limit was exceeded, nothing billed twice, nothing lost; every hold has ended."

    public var json: String {
        let broken = breach.map { "\"\($0.replacing("\"", with: "'"))\"" } ?? "null"
        let counts = [
            ("steps", steps), ("permitted", permitted), ("refused", refused), ("waited", waited), ("calls", calls), ("crashes", crashes),
        ]
        let held = breach == nil ? "\"\(Self.held)\"" : "null"
        return "{" + counts.map { "\"\($0.0)\":\($0.1)," }.joined() + "\"held\":\(held),\"breach\":\(broken)}\n"
    }
}
