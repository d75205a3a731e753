/// What a strategy wants to know of each candidate before it picks, and which value it likes. The router measures it for those nodes
/// of a tree that ask, so the others do not pay.
public struct Measure: Hashable, Sendable {
    public enum Kind: UInt8, Hashable, Sendable {
        case nothing
        /// Tokens within this minute of UTC.
        case tokens
        /// Mean seconds to the first token for a request that streams, mean seconds for a token of the answer otherwise.
        case latency
        /// Mean seconds to the first token of streams.
        case firstToken
        /// Mean seconds for a token of the answer.
        case perToken
        /// Mean seconds of a whole answer.
        case whole
        /// US dollars for this request, by its estimates.
        case cost
        /// 0 ... 1.
        case successRate
        /// Tokens of answers for each second that answering took.
        case throughput
        /// Calls within the window, and in flight.
        case requests
        /// See `Regions.distance`.
        case distance
        /// US dollars as `cost`, for a choice by complexity.
        case quality
        /// Cost, latency and quality, each in its own place of the candidate.
        case blend
    }

    public var kind: Kind
    public var window: MeasureWindow
    /// Whoever is worse than the best by no more than this share of it is as good.
    public var buffer: Double
    public var weights: AutoWeights
    public var axis: Intelligent.Axis

    public init(
        _ kind: Kind, window: MeasureWindow = .quarterHour, buffer: Double = 0, weights: AutoWeights = .of(.balance),
        axis: Intelligent.Axis = .performance
    ) {
        self.kind = kind
        self.window = window
        self.buffer = buffer.isFinite ? max(0, buffer) : 0
        self.weights = weights
        self.axis = axis
    }

    public static let nothing = Measure(.nothing)

    public var highestIsBest: Bool { kind == .successRate || kind == .throughput }

    /// Equals fall at random but for what is a matter of order.
    private var drawsTies: Bool { kind != .distance && kind != .quality }

    /// Who is not measured yet is asked first, but one request at a time: as long as that is under way, the best of the measured serve.
    @inline(__always)
    func pick(among candidates: [Candidate], random: inout Random) -> Int {
        if let unmeasured = Self.unmeasured(candidates, random: &random) { return unmeasured }
        let sign: Double = highestIsBest ? -1 : 1
        var picked = 0
        var best = Double.infinity
        var ties = 0
        for index in candidates.indices {
            // Not a number is below nothing and equal to nothing.
            let value = candidates[index].value * sign
            if value < best || (ties == 0 && value == best) {
                picked = index
                best = value
                ties = 1
            } else if value == best, drawsTies {
                ties += 1
                if random.below(ties) == 0 { picked = index }
            }
        }
        if ties == 0 || (best == .infinity && candidates.contains { !$0.isMeasured }) { return Self.idlest(candidates, random: &random) }
        if buffer > 0, best.isFinite { return near(best, among: candidates, sign, random: &random) }
        return picked
    }

    private static func unmeasured(_ candidates: [Candidate], random: inout Random) -> Int? {
        var picked: Int?
        var ties = 0
        for index in candidates.indices where !candidates[index].isMeasured && candidates[index].inFlight == 0 {
            ties += 1
            if ties == 1 || random.below(ties) == 0 { picked = index }
        }
        return picked
    }

    /// When nobody is measured and all are being tried.
    private static func idlest(_ candidates: [Candidate], random: inout Random) -> Int {
        var picked = -1
        var ties = 0
        for index in candidates.indices where !candidates[index].isMeasured {
            if picked < 0 || candidates[index].inFlight < candidates[picked].inFlight {
                picked = index
                ties = 1
            } else if candidates[index].inFlight == candidates[picked].inFlight {
                ties += 1
                if random.below(ties) == 0 { picked = index }
            }
        }
        return max(0, picked)
    }

    private func near(_ best: Double, among candidates: [Candidate], _ sign: Double, random: inout Random) -> Int {
        let bound = best + buffer * best.magnitude
        var picked = 0
        var ties = 0
        for index in candidates.indices where candidates[index].value * sign <= bound {
            ties += 1
            if ties == 1 || random.below(ties) == 0 { picked = index }
        }
        return picked
    }
}

/// A strategy that takes the best by one measure.
public protocol MeasuredStrategy: Strategy {
    var wanted: Measure { get }
}

extension MeasuredStrategy {
    public var measure: Measure { wanted }

    public mutating func pick(among candidates: [Candidate], facts: Facts, random: inout Random) -> Int {
        wanted.pick(among: candidates, random: &random)
    }
}
