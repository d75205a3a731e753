import Routing
import Schema

/// How one deployment behaves.
public struct PartDocument: Configurable {
    public var firstToken = ImaginaryDeployment().least
    public var tail = ImaginaryDeployment().tail
    public var tokensPerSecond = ImaginaryDeployment().tokensPerSecond
    public var mishaps: [MishapDocument] = []

    public init() {}

    public static let fields: [Field<Self>] = [
        .setting("first_token", \.firstToken, "The shortest time to the first token."),
        .setting("tail", \.tail, "What chance adds to it on average: most often little, sometimes much more."),
        .setting("tokens_per_second", \.tokensPerSecond, in: 0...1_000_000, "How fast tokens follow the first; 0: all at once."),
        .setting("mishaps", \.mishaps, "What goes wrong; several add up."),
    ]

    var part: ImaginaryDeployment {
        ImaginaryDeployment(least: firstToken, tail: tail, tokensPerSecond: tokensPerSecond, mishaps: mishaps.map(\.mishap))
    }
}

/// One way to go wrong.
public struct MishapDocument: Configurable {
    public enum Kind: String, SettingChoice {
        case fails, flaps
        case rateLimit = "rate_limit"
        case slow, lags, hangs, crowded, queues, refuses
        case longPrompts = "long_prompts"
        case cuts
    }

    public var kind = Kind.fails
    public var from = Duration.zero
    public var to: Duration?
    public var fault = FaultWord(fault: .unavailable)
    public var share = 1.0
    public var times = 10.0
    public var above = 0
    public var calls = 10
    public var every = Duration.seconds(1)
    public var lasting = Duration.zero
    public var retryAfter: Duration?

    public init() {}

    public static let fields: [Field<Self>] = [
        .setting(
            "kind", \.kind,
            "fails: calls end with the fault. flaps: fails for lasting at the start of every. rate_limit: more than so many calls within every "
                + "are limited. slow, lags: takes times longer, always or for a share. hangs: no answer. crowded: fails while more than above "
                + "are open. queues: slower while more than above are open. refuses: a share of the users fails. long_prompts: prompts of more "
                + "than above tokens fail. cuts: streams break off after their first tokens."
        ).required,
        .setting("from", \.from, "When it begins."),
        .setting("to", \.to, "When it ends; without one, never."),
        .setting("fault", \.fault, "What a failing call ends with."),
        .setting("share", \.share, in: 0...1, "The share of calls, or of users, that it befalls."),
        .setting("times", \.times, in: 0...1_000_000, "How many times longer calls take."),
        .setting("above", \.above, in: 0...1_000_000_000, "The number that must be exceeded."),
        .setting("calls", \.calls, in: 0...1_000_000_000, "How many calls are let through."),
        .setting("every", \.every, "The period of a limit or of flapping."),
        .setting("lasting", \.lasting, "How long it is down in each period."),
        .setting("retry_after", \.retryAfter, "The time that a rate limit names."),
    ]

    var mishap: ImaginaryDeployment.Mishap {
        let mishap: ImaginaryDeployment.Mishap =
            switch kind {
            case .fails: .fails(share, fault.fault)
            case .flaps: .flaps(period: every, down: lasting, fault.fault)
            case .rateLimit: .limits(calls: calls, per: every, retryAfter: retryAfter)
            case .slow: .slow(times)
            case .lags: .lags(share, times: times)
            case .hangs: .hangs(share)
            case .crowded: .crowded(above: above, fault.fault)
            case .queues: .queues(above: above)
            case .refuses: .refuses(share, fault.fault)
            case .longPrompts: .tooLong(above: above, fault.fault)
            case .cuts: .cuts(share)
            }
        if from == .zero, to == nil { return mishap }
        return .during(.zero + from, to.map { .zero + $0 } ?? .distantFuture, mishap)
    }
}

/// A class of faults by its name.
public struct FaultWord: SettingValue {
    public var fault: Fault

    static let names = Fault.allCases.map(\.name)
    public static let shape = Shape.choice(names)
    public var written: String? { fault.name }

    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> FaultWord? {
        if let fault = node.scalar.flatMap(Fault.init(name:)) { return FaultWord(fault: fault) }
        let help = Spelling.help(for: node.scalar ?? "", among: names)
        reading.problem(path, node.line, "there is no fault `\((node.scalar ?? "").prefix(60))`\(help)")
        return nil
    }
}
