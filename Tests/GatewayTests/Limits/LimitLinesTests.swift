import NIOCore
import Testing
import Translation

@testable import Gateway
@testable import Routing

@Suite("What clients are told of limits")
struct LimitLinesTests {
    private static let hour: Int64 = 3_600_000

    private static func standing(
        _ scope: LimitScope, _ unit: LimitUnit, _ period: LimitPeriod, limit: Int64, used: Int64, held: Int64 = 0, isHard: Bool = true,
        alerts: [Int] = []
    ) -> (account: Account, standing: Ledger.Standing) {
        var account = Account(scope, "mine", unit, per: period, limit: limit)
        account.isHard = isHard
        account.alerts = alerts
        return (account, Ledger.Standing(used: used, held: held, window: LimitWindow(start: 0, end: hour)))
    }

    private static func lines(_ accounts: [(account: Account, standing: Ledger.Standing)], _ api: API = .chatCompletions) -> [String: String] {
        var told = LimitLines(at: hour - 90_500)
        for (index, one) in accounts.enumerated() { told.add(LimitLines.Face(one.account), account: index, one.standing) }
        var written = ByteBuffer()
        written.writeHead(atMost: told.bound) { told.write(into: &$0, for: api, accounts.map(\.account)) }
        let pairs = String(buffer: written).split(separator: "\r\n").map { line -> (String, String) in
            let parts = line.split(separator: ": ", maxSplits: 1)
            return (String(parts[0]), String(parts[1]))
        }
        return Dictionary(pairs) { first, _ in "\(first), twice" }
    }

    @Test("are in OpenAI's names, of the limit that is nearest to its end")
    func openAI() {
        let lines = Self.lines([
            Self.standing(.key, .requests, .minute, limit: 10, used: 3, held: 2), Self.standing(.project, .requests, .day, limit: 9, used: 8),
            Self.standing(.key, .tokens, .minute, limit: 1_000, used: 400),
        ])
        #expect(
            lines == [
                "x-ratelimit-limit-requests": "9", "x-ratelimit-remaining-requests": "1", "x-ratelimit-reset-requests": "1m30s",
                "x-ratelimit-limit-tokens": "1000", "x-ratelimit-remaining-tokens": "600", "x-ratelimit-reset-tokens": "1m30s",
            ])
    }

    @Test("are in Anthropic's names for its clients")
    func anthropic() {
        let lines = Self.lines([Self.standing(.key, .requests, .minute, limit: 10, used: 3)], .messages)
        #expect(
            lines == [
                "anthropic-ratelimit-requests-limit": "10", "anthropic-ratelimit-requests-remaining": "7",
                "anthropic-ratelimit-requests-reset": "1970-01-01T01:00:00.000Z",
            ])
    }

    @Test("say what money is left, and warn where a threshold is passed or a soft budget is over")
    func money() {
        #expect(
            Self.lines([Self.standing(.key, .nanodollars, .month, limit: 2_500_000_000, used: 1, held: 499_999_999)])
                == ["x-key-limit-remaining-usd": "2", "x-key-limit-limit-usd": "2.5"])
        let near = Self.lines([Self.standing(.project, .nanodollars, .day, limit: 1_000_000_000, used: 850_000_000, alerts: [80])])
        #expect(near["x-project-budget-warning"] == "budget nearly used up: 85% of 1 USD today (UTC)")
        let over = Self.lines([Self.standing(.key, .nanodollars, .total, limit: 10, used: 25, isHard: false)])
        #expect(over["x-key-limit-warning"] == "budget exceeded: 250% of 0.00000001 USD in all" && over["x-key-limit-remaining-usd"] == "0")
    }

    @Test("hold sums that are at the end of their range")
    func saturated() {
        let most = Int64.max
        #expect(Self.lines([Self.standing(.key, .nanodollars, .day, limit: 5, used: most, held: most)])["x-key-limit-remaining-usd"] == "0")
        let lines = Self.lines([Self.standing(.key, .tokens, .minute, limit: most, used: 0, held: 0)], .messages)
        #expect(lines["anthropic-ratelimit-tokens-limit"] == "\(most)" && lines["anthropic-ratelimit-tokens-remaining"] == "\(most)")
    }

    @Test("are nothing where nothing is limited")
    func nothing() {
        #expect(Self.lines([]).isEmpty)
        #expect(Self.lines([Self.standing(.customer, .nanodollars, .day, limit: 5, used: 1)]).isEmpty)
    }

    @Test(
        "write spans as OpenAI does",
        arguments: [(5, "5ms"), (999, "999ms"), (1_000, "1s"), (12_500, "12.5s"), (60_000, "1m0s"), (3_723_000, "1h2m3s"), (86_400_000, "24h0m0s")])
    func span(milliseconds: Int, text: String) {
        var written = ByteBuffer()
        written.writeHead(atMost: 40) { $0.span(milliseconds: milliseconds) }
        #expect(String(buffer: written) == text)
    }

    @Test(
        "a budget is a 402 of its level, all else a 429 that says when to come back",
        arguments: [
            (LimitScope.key, LimitUnit.nanodollars, LimitPeriod.month, RefusalCode.keyBudgetExceeded),
            (.project, .nanodollars, .day, .projectBudgetExceeded), (.customer, .tokens, .month, .budgetExceeded),
            (.organisation, .nanodollars, .total, .budgetExceeded), (.key, .requests, .minute, .rateLimitExceeded),
            (.key, .tokens, .minute, .rateLimitExceeded), (.key, .parallel, .total, .rateLimitExceeded),
        ])
    func refusal(scope: LimitScope, unit: LimitUnit, period: LimitPeriod, code: RefusalCode) {
        let account = Account(scope, "mine", unit, per: period, limit: 10)
        let why = LimitExceeded(
            reason: .exhausted, account: 0, scope: scope, owner: "mine", unit: unit, period: period, isBudget: account.isBudget, limit: 10, used: 9,
            remaining: 1, demanded: 2, resetsAt: 5_000, retryAfterMilliseconds: 5_000)
        let refusal = Refusal(why, lines: nil)
        #expect(refusal.code == code && refusal.retryAfterSeconds == 5)
        #expect(refusal.status == (code == .rateLimitExceeded ? 429 : 402))
        #expect(
            refusal.message.contains(unit == .nanodollars ? "0.00000001 USD" : "10 ")
                && (scope == .organisation || refusal.message.contains("`mine`")))
        var lost = why
        lost.reason = .storeLost
        #expect(Refusal(lost, lines: nil).code == .overloaded)
    }
}
