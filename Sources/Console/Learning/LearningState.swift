import Gateway
import Routing
import Schema
import Settings
import Storage
import Translation

/// What was learnt, as the store has it: the same for all gateways on it.
public struct LearningState: Hashable, Sendable {
    /// By project; the empty name for keys without one.
    public var tenants: [String: Learner.TenantState] = [:]
    /// By deployment.
    public var ratings: [String: Rating] = [:]
    /// Seconds since 1970: when somebody learnt last, and before which everything is forgotten.
    public var learned: Int64 = 0
    public var reset: Int64 = 0
    /// Grows with each time that somebody learns.
    public var version: Int64 = 0

    public struct Rating: Hashable, Sendable {
        public var effect: Double
        public var deviation: Double
        public var opinions: Double
        /// As declared or inferred, and as opinions have it. Nil: there are too few.
        public var before: Double
        public var capability: Double?
    }

    public init() {}

    private static let head = "head"
    private static let ratings = "ratings"
    private static let tenant = "project/"

    // MARK: Documents

    var documents: [StoredDocument] {
        var all = [
            StoredDocument(
                name: Self.head,
                value: Node.map([
                    ("learned", .plain("\(learned)")), ("reset", .plain("\(reset)")), ("version", .plain("\(version)")),
                ]).json)
        ]
        let lines = ratings.sorted { $0.key < $1.key }.map { name, one in
            (name, Self.list([one.effect, one.deviation, one.opinions, one.before] + (one.capability.map { [$0] } ?? [])))
        }
        all.append(StoredDocument(name: Self.ratings, value: Node.map(lines).json))
        for (name, state) in tenants.sorted(by: { $0.key < $1.key }) {
            all.append(StoredDocument(name: Self.tenant + name, value: Self.text(state)))
        }
        return all
    }

    init(_ documents: [StoredDocument]) {
        for document in documents {
            guard let node = JSONNode.read(document.value) else { continue }
            if document.name == Self.head {
                func number(_ name: String) -> Int64 { node[name]?.scalar.flatMap(Int64.init) ?? 0 }
                (learned, reset, version) = (number("learned"), number("reset"), number("version"))
            } else if document.name == Self.ratings {
                for entry in node.entries ?? [] {
                    let numbers = Self.numbers(entry.node)
                    guard numbers.count >= 4 else { continue }
                    ratings[entry.name] = Rating(
                        effect: numbers[0], deviation: numbers[1], opinions: numbers[2], before: numbers[3],
                        capability: numbers.count > 4 ? numbers[4] : nil)
                }
            } else if document.name.hasPrefix(Self.tenant), let state = Self.state(node) {
                tenants[String(document.name.dropFirst(Self.tenant.count))] = state
            }
        }
    }

    private static func list(_ numbers: [Double]) -> Node { .list(numbers.map { .plain("\($0)") }) }
    private static func numbers(_ node: Node?) -> [Double] { node?.items?.map { $0.scalar.flatMap(Double.init) ?? .nan } ?? [] }

    private static func text(_ state: Learner.TenantState) -> String {
        let verdicts = state.verdicts.map { verdict in
            list(
                verdict.map { [$0.change.estimate, $0.change.low, $0.change.high, $0.opinions, $0.changed, $0.open, $0.tried, $0.allowed] } ?? [])
        }
        return Node.map([
            ("offsets", list(state.inEffect.offsets)), ("means", list(state.belief.mean.offsets)), ("deviations", list(state.belief.deviations)),
            ("since", list(state.since.map(Double.init))), ("verdicts", .list(verdicts)), ("lessons", .plain("\(state.lessons)")),
            ("changes", .plain("\(state.changes)")),
        ]).json
    }

    /// Nil: no version of this program wrote it, and it is as if nothing had been learnt.
    private static func state(_ node: Node) -> Learner.TenantState? {
        guard let inEffect = Correction(offsets: numbers(node["offsets"])), let mean = Correction(offsets: numbers(node["means"])) else { return nil }
        var state = Learner.TenantState()
        let deviations = numbers(node["deviations"])
        let since = numbers(node["since"]).map { Int64(exactly: $0) ?? 0 }
        guard deviations.count == state.belief.deviations.count, deviations.allSatisfy({ $0 > 0 && $0.isFinite }), since.count == state.since.count
        else { return nil }
        (state.inEffect, state.belief.mean, state.belief.deviations, state.since) = (inEffect, mean, deviations, since)
        for (task, one) in (node["verdicts"]?.items ?? []).prefix(Correction.tasks).enumerated() {
            let numbers = numbers(one)
            guard numbers.count == 8, numbers.allSatisfy(\.isFinite) else { continue }
            state.verdicts[task] = LearningGate.Verdict(
                change: Interval(estimate: numbers[0], low: numbers[1], high: numbers[2]), opinions: numbers[3], changed: numbers[4],
                open: numbers[5], tried: numbers[6], allowed: numbers[7])
        }
        state.lessons = node["lessons"]?.scalar.flatMap { Int($0) } ?? 0
        state.changes = node["changes"]?.scalar.flatMap { Int($0) } ?? 0
        return state
    }
}
