import Routing
import Schema

/// Whether and when a deployment is asked again.
public struct RetrySettings: Configurable {
    public var maxRetries: Int?
    public var monthlyBudget: Int?
    public var on: FaultList?
    public var backoff: Duration?
    public var retryAfter: Duration?
    public var maxWait: Duration?
    public var bucket: BucketSettings?

    public init() {}

    public static let fields: [Field<Self>] = [
        .setting("max_retries", \.maxRetries, in: 0...100, "How often a deployment may be asked again."),
        .setting("max_per_request", \.maxRetries, in: 0...100, "TokenVue's name for `max_retries`."),
        .setting(
            "monthly_budget", \.monthlyBudget, in: 0...1_000_000_000,
            "Repeats in a calendar month (UTC); then routes go on to what is next at once. 0 is any number."),
        .setting("on", \.on, "After which faults."),
        .setting("backoff", \.backoff, in: .zero ... .seconds(3600), "The first wait; doubles with every repeat."),
        .setting("retry_after", \.retryAfter, in: .zero ... .seconds(3600), "The shortest wait."),
        .setting("max_wait", \.maxWait, in: .zero ... .seconds(3600), "The longest wait, also where a provider asks for a longer one; 10s."),
        .setting("bucket", \.bucket, "Bounds further attempts of the whole gateway, against storms of them; only of the policy `default`."),
    ]

    func apply(to retry: inout RetryPolicy) {
        if let maxRetries { retry.maxRetries = maxRetries }
        if let monthlyBudget { retry.monthlyBudget = monthlyBudget }
        if let on { retry.on = on.set }
        if let backoff { retry.backoff = backoff }
        if let retryAfter { retry.retryAfter = retryAfter }
        if let maxWait { retry.maxWait = maxWait }
    }
}

/// See `RetryBucket`.
public struct BucketSettings: Configurable {
    public var share = 0.2
    public var perSecond = 10.0
    public var burst = 100

    public init() {}

    public static let fields: [Field<Self>] = [
        .setting("share", \.share, in: 0...10, "Further attempts that each request adds to the bucket: 0.2 are 20 for 100 requests."),
        .setting("per_second", \.perSecond, in: 0...1e6, "Further attempts that each second adds, so that little traffic is never short of them."),
        .setting("burst", \.burst, in: 0...1_000_000, "Further attempts that the bucket holds; 0 is no bucket."),
    ]

    var bucket: RetryBucket { RetryBucket(share: share, perSecond: perSecond, burst: burst) }
}

/// When deployments rest.
public struct BreakerSettings: Configurable {
    public var failureThreshold = 5
    public var window = Duration.seconds(120)
    public var cooldown = Duration.seconds(60)
    public var autoRecovery = true

    public init() {}

    private static let day = Duration.seconds(86_400)

    public static let fields: [Field<Self>] = [
        .setting("failure_threshold", \.failureThreshold, in: 1...64, "Faults within the window at which a deployment rests."),
        .setting("window", \.window, in: .milliseconds(1)...day, "The time over which faults are counted."),
        .setting("window_s", \.window, in: .milliseconds(1)...day, "TokenVue's name for `window`, in seconds."),
        .setting("cooldown", \.cooldown, in: .zero...day, "How long it rests before it is tried again."),
        .setting("cooldown_s", \.cooldown, in: .zero...day, "TokenVue's name for `cooldown`, in seconds."),
        .setting("auto_recovery", \.autoRecovery, "Whether it is tried again by itself, or waits for an operator."),
    ]

    var policy: BreakerPolicy {
        BreakerPolicy(failureThreshold: failureThreshold, window: window, cooldown: cooldown, autoRecovery: autoRecovery)
    }
}

/// A second attempt beside a slow one.
public struct HedgeSettings: Configurable {
    public var after = HedgeTrigger.p95
    public var notBefore = Duration.milliseconds(50)
    public var maxExtra = Share(0.05)
    public var burst = 5
    public var maxCost: Dollars?

    public init() {}

    public static let fields: [Field<Self>] = [
        .setting("after", \.after, "When the second attempt goes out: a duration, or p95, slower than 95 of 100 recent calls."),
        .setting("not_before", \.notBefore, in: .zero ... .seconds(3600), "Never sooner than this."),
        .setting("max_extra", \.maxExtra, "Second attempts for each request at most: 0.05 or 5%."),
        .setting("burst", \.burst, in: 1...10_000, "Second attempts that may follow one another at once after a quiet time."),
        .setting("max_cost", \.maxCost, "USD that a second attempt may cost by its estimate."),
    ]

    var policy: HedgePolicy {
        HedgePolicy(
            trigger: after.trigger, notBefore: notBefore, maxShare: maxExtra.share, burst: burst,
            maxCost: maxCost.map { Nanodollars($0.nanodollars) })
    }
}

/// `p95`, or a duration.
public enum HedgeTrigger: Hashable, SettingValue {
    case p95
    case after(Duration)

    var trigger: HedgePolicy.Trigger {
        switch self {
        case .p95: .p95
        case .after(let time): .after(time)
        }
    }

    public static let shape = Shape.text("duration or p95", example: "800ms")
    public var written: String? {
        switch self {
        case .p95: "p95"
        case .after(let time): time.written
        }
    }

    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> HedgeTrigger? {
        readWord(node, at: path, &reading, expected: "p95, or a duration such as 800ms") { text in
            if text == "p95" { return .p95 }
            return Duration(written: text).flatMap { $0 > .zero ? .after($0) : nil }
        }
    }
}

/// `0.05`, or `5%`.
public struct Share: Hashable, SettingValue {
    public var share: Double

    public init(_ share: Double) { self.share = share }

    public static let shape = Shape.text("share", example: "5%")
    public var written: String? { share.written }

    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> Share? {
        readWord(node, at: path, &reading, expected: "a share of 0 to 1 such as 0.05 or 5%") { text in
            let number = text.hasSuffix("%") ? Double(text.dropLast()).map { $0 / 100 } : Double(text)
            guard let number, 0...1 ~= number else { return nil }
            return Share(number)
        }
    }
}

/// What a stream must show before its first byte goes to the client.
public struct GateSettings: Configurable {
    public var tokens = 0
    public var firstToken = Duration.zero
    public var tokensPerSecond = 0.0
    public var period = Duration.seconds(1)

    public init() {}

    public static let fields: [Field<Self>] = [
        .setting("tokens", \.tokens, in: 0...1000, "Tokens held back at most, so that a slow deployment can still be left for another."),
        .setting("first_token", \.firstToken, in: .zero ... .seconds(3600), "The longest wait for the first token; 0 is any."),
        .setting("tokens_per_second", \.tokensPerSecond, in: 0...100_000, "The slowest stream that is let through; 0 is any. Needs `tokens`."),
        .setting(
            "for", \.period, in: .milliseconds(1) ... .seconds(600), "How long tokens are held at most, and over which a slow stream is judged."),
    ]

    var gate: CommitGate { CommitGate(tokens: tokens, firstToken: firstToken, tokensPerSecond: tokensPerSecond, for: period) }
}
