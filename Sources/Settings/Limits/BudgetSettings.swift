import Routing
import Schema

/// What may be spent, in one of three forms: `{ day: 2, month: 20 }`, in USD unless `unit` says otherwise;
/// `{ amount, unit, period, enforcement, alerts }`; or a list of the second.
public struct BudgetList: Hashable, SettingValue {
    public var budgets: [BudgetSettings] = []

    public init() {}

    public static let shape = Shape.either([ShortBudget.shape, BudgetSettings.shape, .list(BudgetSettings.shape)])
    public var written: String? { budgets.isEmpty ? "[]" : nil }

    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> BudgetList? {
        var list = BudgetList()
        if node.isNull { return list }
        if node.items != nil || node.entry("amount") != nil || node.entry("period") != nil {
            let long =
                node.items == nil ? BudgetSettings.read(node, at: path, &reading).map { [$0] } : [BudgetSettings].read(node, at: path, &reading)
            guard let long else { return nil }
            list.budgets = long
        } else {
            guard let short = ShortBudget.read(node, at: path, &reading) else { return nil }
            list.budgets = short.budgets(node, at: path, &reading)
        }
        list.checkTwice(node, at: path, &reading)
        return list
    }

    /// One account has one limit.
    private func checkTwice(_ node: Node, at path: String, _ reading: inout Reading) {
        for (index, budget) in budgets.enumerated() {
            guard budgets[..<index].contains(where: { $0.unit == budget.unit && $0.period == budget.period }) else { continue }
            let place = node.items == nil ? path : path.item(index)
            let line = node.items?[index].line ?? node.line
            reading.problem(place, line, "there are two budgets of \(budget.unit.rawValue) per \(budget.period.rawValue): one of them is enough")
        }
    }
}

/// `{ day: 2, month: 20 }`, and what holds for all of these amounts.
struct ShortBudget: Configurable {
    var amounts: [BudgetPeriod: BudgetAmount] = [:]
    var unit = BudgetUnit.usd
    var enforcement = BudgetEnforcement.hard
    var alerts: AlertThresholds?

    static let fields: [Field<Self>] = [
        .setting("day", \.amounts[.day], "What may be spent in a day."),
        .setting("week", \.amounts[.week], "What may be spent in a week, which begins on Monday."),
        .setting("month", \.amounts[.month], "What may be spent in a month."),
        .setting("quarter", \.amounts[.quarter], "What may be spent in a quarter."),
        .setting("year", \.amounts[.year], "What may be spent in a year."),
        .setting("total", \.amounts[.total], "What may be spent for ever."),
        .setting("unit", \.unit, "What these amounts are counted in."),
        .setting("enforcement", \.enforcement, "Whether more is refused (hard) or warned of (soft)."),
        .setting("alerts", \.alerts, "Per cent spent at which somebody is told; without it those of its owner."),
    ]

    func budgets(_ node: Node, at path: String, _ reading: inout Reading) -> [BudgetSettings] {
        BudgetPeriod.allCases.compactMap { period in
            guard let amount = amounts[period] else { return nil }
            if let problem = amount.problem(in: unit), let entry = node.entry(period.rawValue) {
                reading.problem(path.setting(entry.name), entry.line, problem)
            }
            var budget = BudgetSettings()
            (budget.amount, budget.unit, budget.period, budget.enforcement, budget.alerts) = (amount, unit, period, enforcement, alerts)
            return budget
        }
    }
}

public enum BudgetPeriod: String, SettingChoice {
    case day, week, month, quarter, year, total

    /// Also as Merge and TokenVue have it: `monthly`.
    private static let aliases = [
        "daily": Self.day, "weekly": .week, "monthly": .month, "quarterly": .quarter, "yearly": .year, "annual": .year,
    ]

    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> BudgetPeriod? {
        node.scalar.flatMap { aliases[$0] } ?? readChoice(node, at: path, &reading)
    }

    var period: LimitPeriod {
        switch self {
        case .day: .day
        case .week: .week
        case .month: .month
        case .quarter: .quarter
        case .year: .year
        case .total: .total
        }
    }
}

public enum BudgetEnforcement: String, SettingChoice {
    case hard, soft

    /// Also as Merge has it: `hard_limit`.
    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> BudgetEnforcement? {
        switch node.scalar {
        case "hard_limit": .hard
        case "soft_limit": .soft
        default: readChoice(node, at: path, &reading)
        }
    }
}

public enum BudgetUnit: String, SettingChoice {
    case usd, tokens, requests

    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> BudgetUnit? {
        node.scalar.flatMap { Self(rawValue: $0.lowercased()) } ?? readChoice(node, at: path, &reading)
    }

    var unit: LimitUnit {
        switch self {
        case .usd: .nanodollars
        case .tokens: .tokens
        case .requests: .requests
        }
    }

    /// What may be written as an amount: a billion dollars, and as many tokens as fit a Double without loss.
    fileprivate var most: Double {
        switch self {
        case .usd: 1_000_000_000
        case .tokens, .requests: 1_000_000_000_000_000
        }
    }
}

/// Which of TokenVue's ways a key is bounded.
public enum BudgetMode: String, SettingChoice {
    case currency, free
    case tokenLimit = "token_limit"
}

public struct BudgetSettings: Configurable, Hashable {
    public var amount = BudgetAmount(0)
    public var unit = BudgetUnit.usd
    public var period = BudgetPeriod.month
    public var enforcement = BudgetEnforcement.hard
    /// Nil: those of its owner.
    public var alerts: AlertThresholds?

    public init() {}

    public static let fields: [Field<Self>] = [
        .setting("amount", \.amount, "What may be spent in a period.").required,
        .setting("unit", \.unit, "What it is counted in."),
        .setting("period", \.period, "Calendar period in UTC; `total` never begins anew."),
        .setting("enforcement", \.enforcement, "Whether more is refused (hard) or warned of (soft)."),
        .setting("alerts", \.alerts, "Per cent spent at which somebody is told; without it those of its owner."),
    ]

    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> BudgetSettings? {
        guard let budget = read(node, at: path, &reading, besides: []) else { return nil }
        if let problem = budget.amount.problem(in: budget.unit), let entry = node.entry("amount") {
            reading.problem(path.setting("amount"), entry.line, problem)
        }
        return budget
    }

    /// In the unit of its account.
    var limit: Int64 { Int64((unit == .usd ? amount.number * 1e9 : amount.number).rounded()) }
}

/// A number of 0 or more, in the unit that stands beside it.
public struct BudgetAmount: Hashable, SettingValue {
    public var number: Double

    init(_ number: Double) { self.number = number }

    public static let shape = Shape.number
    public var written: String? { number.written }

    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> BudgetAmount? {
        readWord(node, at: path, &reading, expected: "an amount of 0 or more") { text in
            guard let number = Double(text.filter { $0 != "_" }), number.isFinite, number >= 0 else { return nil }
            return BudgetAmount(number)
        }
    }

    fileprivate func problem(in unit: BudgetUnit) -> String? {
        if number > unit.most { return "`\(number.written ?? "")` is not valid; expected 0 to \(unit.most.written ?? "") \(unit.rawValue)" }
        if unit != .usd, number != number.rounded() { return "`\(number)` is not valid; expected a whole number of \(unit.rawValue)" }
        return nil
    }
}

/// Per cent of a limit at which somebody is told, rising. 1 to 1000, since soft budgets go beyond 100.
public struct AlertThresholds: Hashable, SettingValue {
    public var percents: [Int]

    init(_ percents: [Int] = []) { self.percents = percents }

    public static let shape = Shape.list(.integer)
    public var written: String? { percents.written }

    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> AlertThresholds? {
        guard let written = [String].read(node, at: path, &reading) else { return nil }
        var thresholds = AlertThresholds()
        for (index, text) in written.enumerated() {
            guard let percent = Int(text.hasSuffix("%") ? String(text.dropLast()) : text), 1...1000 ~= percent else {
                let line = node.items?[index].line ?? node.line
                reading.problem(
                    node.items == nil ? path : path.item(index), line, "`\(text.prefix(60))` is not valid; expected per cent from 1 to 1000")
                continue
            }
            if !thresholds.percents.contains(percent) { thresholds.percents.append(percent) }
        }
        thresholds.percents.sort()
        return thresholds
    }
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
