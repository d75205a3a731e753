import NIOCore
import Routing
import Translation

/// Header lines that say what is left of the limits above a request, in the names that its client reads: of requests and tokens, what is left of a key's and of a project's money, and a warning once a threshold is passed.
struct LimitLines {
    private var out = ByteBuffer()
    private let api: API
    private let now: Int64

    /// - Parameter accounts: Indices in `table`, with how they stand.
    init(_ accounts: [(account: Account, balance: LimitBalance)], _ api: API, at unixMilliseconds: Int64) {
        self.api = api
        now = unixMilliseconds
        rates(.requests, "requests", accounts)
        rates(.tokens, "tokens", accounts)
        money(.key, "x-key-limit", accounts)
        money(.project, "x-project-budget", accounts)
    }

    /// Nil: there is nothing to say.
    var written: ByteBuffer? { out.readableBytes > 0 ? out : nil }

    // MARK: Requests and tokens

    /// Of several limits of a kind the one that is nearest to its end.
    private mutating func rates(_ unit: LimitUnit, _ name: String, _ accounts: [(account: Account, balance: LimitBalance)]) {
        var nearest: (limit: Int64, remaining: Int64, reset: Int64)?
        for (account, balance) in accounts where account.unit == unit && account.isHard {
            guard let limit = balance.limit, let remaining = balance.remaining else { continue }
            if remaining < nearest?.remaining ?? .max { nearest = (limit, remaining, balance.window.end) }
        }
        guard let nearest else { return }
        let wait: Duration? = nearest.reset == .max ? nil : .milliseconds(max(0, nearest.reset - now))
        LimitNames.write(
            name, limit: nearest.limit, remaining: nearest.remaining, resetIn: wait, for: api,
            moment: { Timestamp.text(unixMilliseconds: now + $0.nanoseconds / 1_000_000) }, into: &out)
    }

    // MARK: Money

    private mutating func money(_ scope: LimitScope, _ prefix: String, _ accounts: [(account: Account, balance: LimitBalance)]) {
        var nearest: (limit: Int64, remaining: Int64)?
        var warning: String?
        for (account, balance) in accounts where account.scope == scope && account.unit == .nanodollars {
            guard let limit = balance.limit, let remaining = balance.remaining else { continue }
            if remaining < nearest?.remaining ?? .max { nearest = (limit, remaining) }
            warning = warning ?? Self.warning(account, balance, limit)
        }
        if let nearest {
            line("\(prefix)-remaining-usd", Self.dollars(nearest.remaining))
            line("\(prefix)-limit-usd", Self.dollars(nearest.limit))
        }
        if let warning { line("\(prefix)-warning", warning) }
    }

    /// A soft budget that is used up, or a threshold that is passed.
    private static func warning(_ account: Account, _ balance: LimitBalance, _ limit: Int64) -> String? {
        let percent = balance.usedPercent ?? 0
        let isOver = percent >= 100
        guard isOver || account.alerts.contains(where: { percent >= Double($0) }) else { return nil }
        let state = isOver ? "budget exceeded" : "budget nearly used up"
        return "\(state): \(Int64(min(percent, 1e6)))% of \(dollars(limit)) USD \(account.period.phrase)"
    }

    static func dollars(_ nanodollars: Int64) -> String {
        let (whole, rest) = (nanodollars / 1_000_000_000, nanodollars % 1_000_000_000)
        guard rest > 0 else { return "\(whole)" }
        var digits = String(rest + 1_000_000_000).dropFirst()
        while digits.last == "0" { digits.removeLast() }
        return "\(whole).\(digits)"
    }

    private mutating func line(_ name: String, _ value: String) {
        out.writeString(name)
        out.writeStaticString(": ")
        out.writeString(value)
        out.writeStaticString("\r\n")
    }
}

extension LimitPeriod {
    /// In sentences.
    var phrase: String {
        switch self {
        case .minute: "this minute"
        case .day: "today (UTC)"
        case .week: "this week (UTC)"
        case .month: "this month (UTC)"
        case .quarter: "this quarter (UTC)"
        case .year: "this year (UTC)"
        case .total: "in all"
        }
    }
}
