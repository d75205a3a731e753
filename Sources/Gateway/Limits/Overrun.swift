import NIOCore
import Routing
import Settings
import Translation

extension Refusal {
    /// What a client hears whose request a limit does not let pass.
    init(_ why: LimitExceeded, lines: ByteBuffer?) {
        let whose = Self.whose(why)
        if why.reason == .storeLost {
            self.init(.overloaded, "\(whose) cannot be checked: the store of limits does not answer; try again", retryAfter: .seconds(1))
            return
        }
        let retryAfter = why.retryAfterMilliseconds.map { Duration.milliseconds($0) }
        if why.unit == .parallel {
            self.init(
                .rateLimitExceeded, "\(whose) has its \(why.limit) parallel requests in flight (max_parallel_requests); try again when one has ended",
                retryAfter: retryAfter ?? .seconds(1))
        } else {
            let what = Self.words(why)
            self.init(why.isBudget ? Self.code(of: why.scope) : .rateLimitExceeded, "\(whose) \(what)", retryAfter: retryAfter)
        }
        limitLines = lines
    }

    private static func code(of scope: LimitScope) -> RefusalCode {
        switch scope {
        case .key: .keyBudgetExceeded
        case .project: .projectBudgetExceeded
        default: .budgetExceeded
        }
    }

    private static func whose(_ why: LimitExceeded) -> String {
        switch why.scope {
        case .gateway: "this gateway"
        case .organisation: "the organisation"
        case .caller: caller(why.owner)
        default: "\(why.scope) `\(why.owner.prefix(100))`"
        }
    }

    /// `key:bot@summarise`, in words.
    private static func caller(_ owner: String) -> String {
        let halves = owner.prefix(200).split(separator: "@", maxSplits: 1)
        let who = halves.first?.split(separator: ":", maxSplits: 1) ?? []
        guard halves.count == 2, who.count == 2 else { return "caller `\(owner.prefix(200))`" }
        return "\(who[0]) `\(who[1])` on route `\(halves[1])`"
    }

    private static func words(_ why: LimitExceeded) -> String {
        func amount(_ value: Int64) -> String {
            switch why.unit {
            case .nanodollars: "\(LimitLines.dollars(max(0, value))) USD"
            case .tokens: "\(value) tokens"
            case .requests, .parallel: "\(value) requests"
            }
        }
        let period = why.period == .minute ? "a minute" : "\(why.period.phrase)"
        if why.reason == .tooLarge {
            return
                "may use \(amount(why.limit)) \(period), and this request may come to \(amount(why.demanded)): allow fewer output tokens (max_tokens)"
        }
        var text = "has \(amount(why.remaining)) left of \(amount(why.limit)) \(period)"
        if why.unit != .requests { text += ", and this request may come to \(amount(why.demanded))" }
        if why.remaining > 0, why.unit != .requests { text += ": allow fewer output tokens (max_tokens), or wait" }
        return text
    }
}
