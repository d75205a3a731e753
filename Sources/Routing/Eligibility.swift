/// Why a deployment may not serve a request.
public enum Ineligibility: Hashable, Sendable {
    /// It failed in this request already.
    case tried
    /// Open breaker or cooldown, until then; `Instant.distantFuture` waits for an operator.
    case resting(until: Instant)
    /// Half open, and the one probe is in flight.
    case probing
    case parallelLimit(Int)
    case paused
    case region
    case tags
    case contextTooSmall(Int)
    case lacks(Needs)
    case notAllowed
    case unpriced
    case tooDear
    /// The condition of its branch does not hold.
    case closedBranch

    /// The name in explanations and metrics.
    public var name: String {
        switch self {
        case .tried: "already_tried"
        case .resting: "cooling"
        case .probing: "probe_in_flight"
        case .parallelLimit: "parallel_limit"
        case .paused: "paused"
        case .region: "wrong_region"
        case .tags: "wrong_tags"
        case .contextTooSmall: "context_too_small"
        case .lacks: "lacks_capability"
        case .notAllowed: "not_allowed"
        case .unpriced: "unpriced"
        case .tooDear: "too_expensive"
        case .closedBranch: "condition"
        }
    }

    /// How near to serving: what time alone mends comes first. For the reason of an `Exhaustion`.
    var distance: Int {
        switch self {
        case .tried: 0
        case .parallelLimit: 1
        case .probing: 2
        case .resting: 3
        case .paused: 4
        case .contextTooSmall: 5
        case .lacks: 6
        case .tooDear: 7
        case .unpriced: 8
        case .region: 9
        case .tags: 10
        case .notAllowed: 11
        case .closedBranch: 12
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
        case .paused: "is paused"
        case .region: "is in a region that may not serve this request"
        case .tags: "does not carry the request's tags"
        case .contextTooSmall(let window): "has a context window of \(window) tokens, too small for this request"
        case .lacks(let needs): "cannot do \(needs.names.joined(separator: ", "))"
        case .notAllowed: "is not allowed for this key"
        case .unpriced: "has no price, and a hard budget needs one"
        case .tooDear: "would cost more than this request may"
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
        ]
        return all.filter { contains($0.0) }.map(\.1)
    }
}
