import NIOCore
import Routing
import Translation

/// What a client is told of the limits above its request, in the names that it reads: of requests and tokens, what is left of a key's and
/// of a project's money, and a warning once a threshold is passed. As it stood when the request was admitted.
struct LimitLines: Sendable {
    /// Of an account what has to be known for it, without anything that would be counted as a reference.
    struct Face: Sendable {
        fileprivate enum Line { case none, requests, tokens, keyMoney, projectMoney }

        fileprivate let line: Line
        fileprivate let limit: Int64
        fileprivate let digits: Digits
        /// In per cent: there the warning begins.
        fileprivate let warnsFrom: Double
        /// It has no window: what was taken is there again after this.
        fileprivate let lasts: Int64?

        init(_ account: Account) {
            let limit = max(0, account.limit ?? .max)
            self.limit = limit
            digits = Digits { if account.unit == .nanodollars { $0.dollars(Nanodollars(limit)) } else { $0.decimal(Int(limit)) } }
            lasts = account.period == .second ? 1_000 : nil
            warnsFrom = min(100, account.alerts.first.map(Double.init) ?? 100)
            line =
                switch (account.unit, account.scope) {
                case _ where account.limit == nil: .none
                case (.requests, _): account.isHard ? .requests : .none
                case (.tokens, _): account.isHard ? .tokens : .none
                case (.nanodollars, .key): .keyMoney
                case (.nanodollars, .project): .projectMoney
                default: .none
                }
        }

        var isTold: Bool { line != .none }
    }

    /// Of several limits of a kind the one that is nearest to its end.
    private struct Nearest: Sendable {
        var limit = Digits()
        /// Negative: there is none.
        var remaining: Int64 = -1
        var reset: Int64 = .max

        var isThere: Bool { remaining >= 0 }

        @inline(__always) mutating func take(_ face: Face, _ standing: Ledger.Standing, at now: Int64) {
            let left = standing.remaining(of: face.limit)
            if remaining < 0 || left < remaining {
                (limit, remaining, reset) = (face.digits, left, face.lasts.map { now + $0 } ?? standing.window.end)
            }
        }
    }

    /// The first account of a scope that has something to warn of.
    private struct Warning: Sendable {
        var account: Int32 = -1
        var percent = 0.0

        mutating func take(_ face: Face, _ account: Int, _ used: Int64) {
            guard self.account < 0, used > 0 || face.limit == 0 else { return }
            let percent = face.limit == 0 ? 100 : Double(used) * 100 / Double(face.limit)
            if percent >= face.warnsFrom { (self.account, self.percent) = (Int32(account), percent) }
        }
    }

    private var requests = Nearest()
    private var tokens = Nearest()
    private var key = Nearest()
    private var project = Nearest()
    private var keyWarning = Warning()
    private var projectWarning = Warning()
    private let now: Int64

    init(at unixMilliseconds: Int64) { now = unixMilliseconds }

    @inline(__always) mutating func add(_ face: Face, account: Int, _ standing: Ledger.Standing) {
        switch face.line {
        case .none: break
        case .requests: requests.take(face, standing, at: now)
        case .tokens: tokens.take(face, standing, at: now)
        case .keyMoney:
            key.take(face, standing, at: now)
            keyWarning.take(face, account, standing.used)
        case .projectMoney:
            project.take(face, standing, at: now)
            projectWarning.take(face, account, standing.used)
        }
    }

    var isEmpty: Bool { !requests.isThere && !tokens.isThere && !key.isThere && !project.isThere }

    /// More bytes than `write` writes.
    var bound: Int { isEmpty ? 0 : 1_024 }

    /// - Parameter accounts: Those whose faces were added.
    func write(into head: inout HeadWriter, for api: API, _ accounts: [Account]) {
        if requests.isThere { rate(requests, LimitNames.requests(for: api), into: &head) }
        if tokens.isThere { rate(tokens, LimitNames.tokens(for: api), into: &head) }
        if key.isThere { money(key, "x-key-limit-remaining-usd: ", "x-key-limit-limit-usd: ", into: &head) }
        if keyWarning.account >= 0 { warn("x-key-limit-warning: ", keyWarning, accounts, into: &head) }
        if project.isThere { money(project, "x-project-budget-remaining-usd: ", "x-project-budget-limit-usd: ", into: &head) }
        if projectWarning.account >= 0 { warn("x-project-budget-warning: ", projectWarning, accounts, into: &head) }
    }

    private func rate(_ nearest: Nearest, _ names: LimitNames.Names, into head: inout HeadWriter) {
        head.text(names.limit)
        head.digits(nearest.limit)
        head.text(names.remaining)
        head.decimal(Int(nearest.remaining))
        if nearest.reset != .max {
            head.text(names.reset)
            if names.resetsAtMoments {
                head.string(Timestamp.text(unixMilliseconds: nearest.reset))
            } else {
                head.span(milliseconds: Int(max(0, nearest.reset - now)))
            }
        }
        head.text("\r\n")
    }

    private func money(_ nearest: Nearest, _ remaining: StaticString, _ limit: StaticString, into head: inout HeadWriter) {
        head.text(remaining)
        head.dollars(Nanodollars(nearest.remaining))
        head.text("\r\n")
        head.text(limit)
        head.digits(nearest.limit)
        head.text("\r\n")
    }

    /// A soft budget that is used up, or a threshold that is passed.
    private func warn(_ name: StaticString, _ warning: Warning, _ accounts: [Account], into head: inout HeadWriter) {
        let account = accounts[Int(warning.account)]
        head.text(name)
        head.text(warning.percent >= 100 ? "budget exceeded: " : "budget nearly used up: ")
        head.decimal(Int(min(warning.percent, 1e6)))
        head.text("% of ")
        head.dollars(Nanodollars(account.limit ?? 0))
        head.text(" USD ")
        head.text(account.period.phrase)
        head.text("\r\n")
    }

    static func dollars(_ nanodollars: Int64) -> String {
        let (whole, rest) = (nanodollars / 1_000_000_000, nanodollars % 1_000_000_000)
        guard rest > 0 else { return "\(whole)" }
        var digits = String(rest + 1_000_000_000).dropFirst()
        while digits.last == "0" { digits.removeLast() }
        return "\(whole).\(digits)"
    }
}

extension HeadWriter {
    /// As OpenAI writes spans: `250ms`, `12.5s`, `6m0s`, `1h2m3s`.
    mutating func span(milliseconds: Int) {
        if milliseconds < 1_000 {
            decimal(milliseconds)
            return text("ms")
        }
        let seconds = milliseconds / 1_000
        if seconds < 60 {
            decimal(seconds)
            let tenths = milliseconds % 1_000 / 100
            if tenths > 0 {
                text(".")
                decimal(tenths)
            }
            return text("s")
        }
        if seconds >= 3_600 {
            decimal(seconds / 3_600)
            text("h")
        }
        decimal(seconds / 60 % 60)
        text("m")
        decimal(seconds % 60)
        text("s")
    }
}

extension LimitPeriod {
    /// In sentences.
    var phrase: StaticString {
        switch self {
        case .second: "a second"
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
