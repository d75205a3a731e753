/// Why a deployment may not serve a request.
public enum Ineligibility: Hashable, Sendable {
    /// It failed in this request already.
    case tried
    /// Open breaker or cooldown, until then; `Instant.distantFuture` waits for an operator.
    case resting(until: Instant)
    /// Half open, and the one probe is in flight.
    case probing
    case parallelLimit(Int)
    /// Over its requests or tokens per minute, its own or those of its account, until then; `Instant.distantFuture`: the request alone
    /// is larger than a minute's tokens.
    case rateLimit(until: Instant)
    case paused
    case region
    /// Such as paid for, where only self-hosted ones may serve.
    case kind
    /// It does not promise to keep nothing.
    case retention
    case tags
    case contextTooSmall(Int)
    case lacks(Needs)
    case notAllowed
    /// Another provider is asked for.
    case provider
    case unpriced
    case tooDear
    /// Its own budget or quota, or its provider's, is used up until then.
    case budget(until: Instant)
    /// The condition of its branch does not hold.
    case closedBranch

    /// The name in explanations and metrics.
    public var name: String { Self.names[index] }

    /// All names, by `index`.
    public static let names = [
        "already_tried", "cooling", "probe_in_flight", "parallel_limit", "rate_limit", "paused", "wrong_region", "wrong_kind",
        "retains_data", "wrong_tags", "context_too_small", "lacks_capability", "not_allowed", "other_provider", "unpriced",
        "too_expensive", "budget_used_up", "condition",
    ]

    public var index: Int {
        switch self {
        case .tried: 0
        case .resting: 1
        case .probing: 2
        case .parallelLimit: 3
        case .rateLimit: 4
        case .paused: 5
        case .region: 6
        case .kind: 7
        case .retention: 8
        case .tags: 9
        case .contextTooSmall: 10
        case .lacks: 11
        case .notAllowed: 12
        case .provider: 13
        case .unpriced: 14
        case .tooDear: 15
        case .budget: 16
        case .closedBranch: 17
        }
    }

    /// When it ends by itself, where that is known.
    var until: Instant? {
        switch self {
        case .resting(let until), .rateLimit(let until), .budget(let until): until
        default: nil
        }
    }

    /// How near to serving: what time alone mends comes first. For the reason of an `Exhaustion`.
    var distance: Int {
        switch self {
        case .tried: 0
        case .parallelLimit: 1
        case .rateLimit: 2
        case .probing: 3
        case .resting: 4
        case .budget: 5
        case .paused: 6
        case .contextTooSmall: 7
        case .lacks: 8
        case .tooDear: 9
        case .unpriced: 10
        case .region, .kind, .retention: 11
        case .tags: 12
        case .provider: 13
        case .notAllowed: 14
        case .closedBranch: 15
        }
    }
}

extension Ineligibility: CustomStringConvertible {
    public var description: String {
        switch self {
        case .tried: "was tried already in this request"
        case .resting(until: .distantFuture): "rests until an operator resets it"
        case .resting: "rests after faults"
        case .probing: "is being probed after a rest"
        case .parallelLimit(let limit): "has its \(limit) parallel requests in flight"
        case .rateLimit(until: .distantFuture): "may not take so many tokens in a minute"
        case .rateLimit: "is at its limit of requests or tokens per minute"
        case .paused: "is paused"
        case .region: "is in a region that may not serve this request"
        case .kind: "is of a kind that may not serve this request"
        case .retention: "does not promise zero data retention, which this request needs"
        case .tags: "does not carry the request's tags"
        case .contextTooSmall(let window): "has a context window of \(window) tokens, too small for this request"
        case .lacks(let needs): "cannot do \(needs.names.joined(separator: ", "))"
        case .notAllowed: "is not allowed for this key"
        case .provider: "is of another provider than the one asked for"
        case .unpriced: "has no price, and a hard budget needs one"
        case .tooDear: "would cost more than this request may"
        case .budget: "has used up its budget or its provider's"
        case .closedBranch: "stands in a branch whose condition does not hold"
        }
    }
}

extension Needs {
    /// The names in explanations.
    public var names: [String] {
        let all: [(Needs, String)] = [
            (.streaming, "streaming"), (.tools, "tools"), (.vision, "vision"), (.json, "json"), (.reasoning, "reasoning"),
            (.audio, "audio"), (.embeddings, "embeddings"), (.documents, "documents"),
            (.completions, "completions"), (.chat, "chats"), (.continuation, "continuation"),
        ]
        return all.filter { contains($0.0) }.map(\.1)
    }
}
