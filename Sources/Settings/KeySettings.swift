import Routing
import Schema

/// A virtual key: what an application presents, and what it may do.
public struct KeySettings: Configurable {
    public var key = Secret("")
    public var models: [String]?
    public var paused = false
    public var project: String?
    public var policy: String?
    public var budget = BudgetList()
    public var requestsPerMinute: Int?
    public var tokensPerMinute: Int?
    public var maxParallelRequests: Int?
    public var region: String?
    public var regions: [String] = []
    public var deniedRegions: [String] = []
    public var tags: [String] = []
    public var overrides = OverrideList()
    public var expires: Moment?

    public init() {}

    private static let count = 1...1_000_000_000

    public static let fields: [Field<Self>] = [
        .setting("key", \.key, "The key itself, normally env:NAME or file:PATH.").required,
        .setting("models", \.models, "Names it may send; without it all."),
        .setting("paused", \.paused, "Whether it is refused for the time being, with 403 and `key_paused`."),
        .setting("project", \.project, "The project it belongs to: whose policy and tags it has, and whose budget it shares."),
        .setting("policy", \.policy, "Which policy decides for it; without it the project's, else `default`."),
        .setting("budget", \.budget, "What it may spend.").notYet,
        .setting("rpm", \.requestsPerMinute, in: count, "Requests per minute it may make.").notYet,
        .setting("tpm", \.tokensPerMinute, in: count, "Tokens per minute it may use.").notYet,
        .setting("max_parallel_requests", \.maxParallelRequests, in: count, "Requests it may have in flight at once.").notYet,
        .setting("region", \.region, "Where its callers are, unless a request says."),
        .setting("regions", \.regions, "Where deployments that serve it may be; empty: anywhere."),
        .setting("denied_regions", \.deniedRegions, "Where they may not be."),
        .setting("tags", \.tags, "Tags that all its requests carry; a request can add to them, not drop them."),
        .setting("overrides", \.overrides, "What its requests may decide for themselves; `all`, `none`, or a list."),
        .setting("expires", \.expires, "From when on it is refused, with 403 and `key_expired`."),
    ]
}

/// `all`, `none`, or `[router, mode]`.
public struct OverrideList: SettingValue {
    public var set = Overrides.all

    public init(_ set: Overrides = .all) { self.set = set }

    private static let names = Overrides.named.map(\.name)
    public static let shape = Shape.either([.choice(["all", "none"]), .list(.choice(names))])
    public var written: String? {
        self.set == .all ? "all" : "[\(Overrides.named.filter { set.contains($0.value) }.map(\.name).joined(separator: ", "))]"
    }

    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> OverrideList? {
        switch node.scalar {
        case "all": return OverrideList(.all)
        case "none": return OverrideList([])
        default: break
        }
        guard let items = node.items ?? (node.scalar == nil ? nil : [node]) else {
            reading.problem(path, node.line, "expected `all`, `none` or a list, found \(node.kind)")
            return nil
        }
        var set = Overrides()
        for (index, item) in items.enumerated() {
            guard let row = Overrides.named.first(where: { $0.name == item.scalar }) else {
                let text = item.scalar ?? ""
                let help = Spelling.help(for: text, among: names)
                reading.problem(path.item(index), item.line, "there is nothing to override called `\(text.prefix(60))`\(help)")
                continue
            }
            set.formUnion(row.value)
        }
        return OverrideList(set)
    }
}

/// What may be spent, in one of three forms: `{ day: 2, month: 20 }` in USD, `{ amount, period, enforcement, alerts }`, or a list of
/// the second.
public struct BudgetList: SettingValue {
    public var budgets: [BudgetSettings] = []

    public init() {}

    private static let shortForm: [(name: String, period: BudgetPeriod)] = [
        ("day", .day), ("week", .week), ("month", .month), ("quarter", .quarter), ("year", .year), ("total", .total),
    ]

    public static let shape = Shape.either([.names(of: .number), BudgetSettings.shape, .list(BudgetSettings.shape)])
    public var written: String? { budgets.isEmpty ? "[]" : nil }

    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> BudgetList? {
        var list = BudgetList()
        if node.isNull { return list }
        if node.items != nil || node.entry("amount") != nil {
            guard let budgets = [BudgetSettings].read(node.items == nil ? .list([node], line: node.line) : node, at: path, &reading) else {
                return nil
            }
            list.budgets = budgets
            return list
        }
        guard let entries = reading.entries(of: node, at: path, expected: "amounts by period, or `amount` and `period`") else { return nil }
        for entry in entries {
            let place = path.setting(entry.name)
            guard let row = shortForm.first(where: { $0.name == entry.name }) else {
                let help = Spelling.help(for: entry.name, among: shortForm.map(\.name) + ["amount"])
                reading.problem(place, entry.line, "unknown setting `\(entry.name)`\(help)")
                continue
            }
            if let amount = Dollars.read(entry.node, at: place, &reading) { list.budgets.append(BudgetSettings(amount, row.period)) }
        }
        return list
    }
}

public enum BudgetPeriod: String, SettingChoice { case day, week, month, quarter, year, total }
public enum BudgetEnforcement: String, SettingChoice { case hard, soft }

public struct BudgetSettings: Configurable {
    public var amount = Dollars(nanodollars: 0)
    public var period = BudgetPeriod.month
    public var enforcement = BudgetEnforcement.hard
    public var alerts: [Int] = []

    public init() {}

    init(_ amount: Dollars, _ period: BudgetPeriod) {
        self.amount = amount
        self.period = period
    }

    public static let fields: [Field<Self>] = [
        .setting("amount", \.amount, "USD that may be spent in a period.").required,
        .setting("period", \.period, "Calendar period in UTC."),
        .setting("enforcement", \.enforcement, "Whether more is refused (hard) or warned of (soft)."),
        .setting("alerts", \.alerts, "Per cent spent at which somebody is told."),
    ]
}

/// An amount in USD.
public struct Dollars: Hashable, SettingValue {
    public var nanodollars: Int64

    public static let shape = Shape.number
    public var written: String? { (Double(nanodollars) / 1e9).written }

    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> Dollars? {
        readWord(node, at: path, &reading, expected: "an amount in USD, 0 or more") { text in
            guard let dollars = Double(text), 0...1_000_000_000 ~= dollars else { return nil }
            return Dollars(nanodollars: Int64((dollars * 1e9).rounded()))
        }
    }
}
