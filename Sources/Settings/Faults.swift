import Routing
import Schema

/// `on: [rate_limit, timeout]`.
public struct FaultList: SettingValue {
    public var set: FaultSet

    public init(_ set: FaultSet) { self.set = set }

    /// TokenVue's names, and those of its check boxes.
    private static let others: [String: Fault] = [
        "provider_unavailable": .unavailable, "rate_limits": .rateLimit, "rate_limit_hit": .rateLimit, "server_errors": .serverError,
        "provider_quota_exceeded": .quotaExceeded,
    ]

    static let names = Fault.allCases.map(\.name)
    public static let shape = Shape.list(.choice(names))
    public var written: String? { "[\(Fault.allCases.filter { set.contains($0) }.map(\.name).joined(separator: ", "))]" }

    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> FaultList? {
        var set = FaultSet()
        guard let items = node.items ?? (node.scalar == nil ? nil : [node]) else {
            reading.problem(path, node.line, "expected a list of faults, found \(node.kind)")
            return nil
        }
        for (index, item) in items.enumerated() {
            let place = node.items == nil ? path : path.item(index)
            guard let name = item.scalar else {
                reading.problem(place, item.line, "expected the name of a fault, found \(item.kind)")
                continue
            }
            guard let fault = Fault(name: name) ?? others[name] else {
                reading.problem(place, item.line, "there is no fault `\(name.prefix(60))`\(Spelling.help(for: name, among: names))")
                continue
            }
            set.formUnion(FaultSet(fault))
        }
        return FaultList(set)
    }
}

/// `retry_policy: { rate_limit: 3 }`, also with the names of LiteLLM: `RateLimitErrorRetries`.
public struct FaultCounts: SettingValue {
    public var counts: [(fault: Fault, count: Int)] = []

    public init() {}

    /// docs.litellm.ai/docs/routing, "Advanced: custom retries based on exceptions", read 2026-11.
    private static let others: [String: Fault] = [
        "BadRequestError": .badRequest, "AuthenticationError": .auth, "TimeoutError": .timeout, "RateLimitError": .rateLimit,
        "ContentPolicyViolationError": .contentPolicy, "InternalServerError": .serverError,
        "ServiceUnavailableError": .unavailable, "NotFoundError": .notFound, "ContextWindowExceededError": .contextWindow,
    ]

    public static let shape = Shape.names(of: .integer)
    public var written: String? { counts.isEmpty ? "{}" : nil }

    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> FaultCounts? {
        if node.isNull { return FaultCounts() }
        guard let entries = reading.entries(of: node, at: path, expected: "faults and their counts") else { return nil }
        var list = FaultCounts()
        for entry in entries {
            let place = path.setting(entry.name)
            let stem = ["Retries", "AllowedFails"].first { entry.name.hasSuffix($0) }.map { String(entry.name.dropLast($0.count)) }
            guard let fault = Fault(name: entry.name) ?? stem.flatMap({ others[$0] }) else {
                let help = Spelling.help(for: entry.name, among: FaultList.names + others.keys.map { "\($0)Retries" }.sorted())
                reading.problem(place, entry.line, "there is no fault `\(entry.name.prefix(60))`\(help)")
                continue
            }
            guard let count = Int.read(entry.node, at: place, &reading) else { continue }
            if !(0...100 ~= count) { reading.refuse(entry.node, at: place, expected: "0 to 100") }
            list.counts.append((fault, count))
        }
        return list
    }
}
