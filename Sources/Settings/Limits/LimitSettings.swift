import Routing
import Schema

/// What the owner of an account may use: of keys, projects, customers and the organisation alike.
public struct LimitSettings: Configurable {
    public var budget = BudgetList()
    /// So that nobody is surprised.
    public var alerts = AlertThresholds([80, 100])
    public var requestsPerSecond: Int?
    public var requestsPerMinute: Int?
    public var tokensPerMinute: Int?
    public var requestsPerDay: Int?
    public var tokensPerDay: Int?
    public var parallel: ParallelLimit?

    public init() {}

    private static let count = 1...1_000_000_000
    private static let tokens = 1...1_000_000_000_000

    public static let fields: [Field<Self>] = [
        .setting("budget", \.budget, "What may be spent: amounts by period in USD, or budgets with `amount`, `unit` and `period`."),
        .setting("alerts", \.alerts, "Per cent of a budget at which somebody is told, for budgets that say nothing themselves."),
        .setting("rps", \.requestsPerSecond, in: count, "Requests in any one second, whenever it begins."),
        .setting("rpm", \.requestsPerMinute, in: count, "Requests per minute."),
        .setting("tpm", \.tokensPerMinute, in: tokens, "Tokens per minute, of prompts and answers together."),
        .setting("rpd", \.requestsPerDay, in: count, "Requests per day in UTC."),
        .setting("tpd", \.tokensPerDay, in: tokens, "Tokens per day in UTC, of prompts and answers together."),
        .setting("max_parallel_requests", \.parallel, "Requests in flight at once; `none` is any number."),
    ]

    /// The same settings as those of an owner that has them within itself.
    static func fields<Owner>(of keyPath: any WritableKeyPath<Owner, LimitSettings> & Sendable) -> [Field<Owner>] {
        fields.map { $0.within(keyPath) }
    }
}

/// A number of requests in flight, or `none`.
public enum ParallelLimit: Hashable, SettingValue {
    case none
    case most(Int)

    public static let shape = Shape.either([.integer, .choice(["none"])])
    public var written: String? {
        switch self {
        case .none: "none"
        case .most(let count): count.written
        }
    }

    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> ParallelLimit? {
        readWord(node, at: path, &reading, expected: "1 to 1000000000, or none") { text in
            if text == "none" { return ParallelLimit.none }
            return Int(text.filter { $0 != "_" }).flatMap { 1...1_000_000_000 ~= $0 ? .most($0) : nil }
        }
    }
}

/// What a provider or a deployment may use beside the limits of a minute that its calls are weighed by.
public struct QuotaSettings: Configurable, Hashable {
    public var budget = BudgetList()
    public var alerts = AlertThresholds([80, 100])
    public var requestsPerDay: Int?
    public var tokensPerDay: Int?

    public init() {}

    public static let fields: [Field<Self>] = [
        .setting("budget", \.budget, "What may be spent there; once it is, others are asked."),
        .setting("alerts", \.alerts, "Per cent of a budget at which somebody is told, for budgets that say nothing themselves."),
        .setting("rpd", \.requestsPerDay, in: 1...1_000_000_000, "Requests per day in UTC that it takes."),
        .setting("tpd", \.tokensPerDay, in: 1...1_000_000_000_000, "Tokens per day in UTC that it takes."),
    ]

    var isEmpty: Bool { budget.budgets.isEmpty && requestsPerDay == nil && tokensPerDay == nil }
}
