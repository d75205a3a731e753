/// How much cost, quality and latency count. Only their proportion matters.
public struct AutoWeights: Hashable, Sendable {
    public let cost: Float
    public let quality: Float
    public let latency: Float

    /// Nil: one is negative or not finite, or none is positive.
    public init?(cost: Double, quality: Double, latency: Double) {
        let sum = cost + quality + latency
        guard cost >= 0, quality >= 0, latency >= 0, sum > 0, sum.isFinite else { return nil }
        self.init(Float(cost / sum), Float(quality / sum), Float(latency / sum))
    }

    private init(_ cost: Float, _ quality: Float, _ latency: Float) {
        self.cost = cost
        self.quality = quality
        self.latency = latency
    }

    /// TokenRouter's page on modes, read 2026-11.
    public static func of(_ mode: AutoMode) -> AutoWeights {
        switch mode {
        case .balance: AutoWeights(0.4, 0.4, 0.2)
        case .cost: AutoWeights(0.8, 0.1, 0.1)
        case .quality: AutoWeights(0.1, 0.8, 0.1)
        case .latency: AutoWeights(0.1, 0.1, 0.8)
        }
    }
}

/// The best by weighted cost, quality and latency, each brought to 0 ... 1 among the candidates; equals in their order.
public struct Auto: Strategy {
    public static let name = "auto"

    public var weights: AutoWeights
    public var window: MeasureWindow
    public var measure: Measure { Measure(.blend, window: window, weights: weights) }

    public init(mode: AutoMode = .balance, window: MeasureWindow = .quarterHour) {
        self.init(weights: .of(mode), window: window)
    }

    public init(weights: AutoWeights, window: MeasureWindow = .quarterHour) {
        self.weights = weights
        self.window = window
    }

    public mutating func pick(among candidates: [Candidate], facts: Facts, random: inout Random) -> Int {
        Blend(weights, candidates, complexity: facts.complexity).best(of: candidates).index
    }
}

/// What it takes to score candidates against each other.
struct Blend {
    private let weights: AutoWeights
    private var cost = Span()
    private var latency = Span()
    private var rank = Span()
    /// How much of what models differ in by quality counts for the request, up to 1.
    private let asked: Float
    /// Of the easiest request: whoever wants quality gets some of it there too.
    private static let least: Float = 0.4

    private struct Span {
        var least = Float.infinity
        var most = -Float.infinity

        mutating func add(_ value: Float) {
            guard value.isFinite else { return }
            least = min(least, value)
            most = max(most, value)
        }

        /// 1 for the least, 0 for the most; 1 for all where they are equal. What is no number is worth nothing.
        func low(_ value: Float) -> Float {
            guard value.isFinite else { return 0 }
            return most > least ? (most - value) / (most - least) : 1
        }
    }

    /// - Parameter complexity: Of the request. Nil: not known, so all that models differ in counts.
    init(_ weights: AutoWeights, _ candidates: [Candidate], complexity: Double?) {
        self.weights = weights
        asked = complexity.map { Self.least + (1 - Self.least) * Float(min(max($0, 0), 1)) } ?? 1
        for candidate in candidates {
            cost.add(Float(candidate.value))
            latency.add(candidate.latency)
            rank.add(candidate.rank)
        }
    }

    /// 0 ... 1. Who is not measured counts as fast while nobody tries, as middling while somebody does.
    @inline(__always)
    func score(_ candidate: Candidate) -> Float {
        let terms = terms(candidate)
        return weights.cost * terms.cost + weights.quality * terms.quality + weights.latency * terms.latency
    }

    /// A request that asks for little is answered nearly as well by any model.
    @inline(__always)
    func terms(_ candidate: Candidate) -> Decision.Terms {
        let latencyValue: Float = candidate.latency.isNaN ? (candidate.inFlight == 0 ? 1 : 0.5) : latency.low(candidate.latency)
        return Decision.Terms(
            cost: cost.low(Float(candidate.value)), quality: 1 - asked * (1 - quality(candidate)), latency: latencyValue)
    }

    /// Its own; else where it stands by what prices suggest, from the least of the candidates with 0 to the most with 1.
    @inline(__always)
    func quality(_ candidate: Candidate) -> Float {
        if !candidate.quality.isNaN { return candidate.quality }
        return candidate.rank.isFinite && rank.most > rank.least ? 1 - rank.low(candidate.rank) : 0.5
    }

    /// `confidence`: how far the best is above the second, as a share of it. 1 without a second.
    func best(of candidates: [Candidate]) -> (index: Int, confidence: Float) {
        var picked = 0
        var best = -Float.infinity
        var second = -Float.infinity
        for index in candidates.indices {
            let score = score(candidates[index])
            if score > best {
                second = best
                best = score
                picked = index
            } else if score > second {
                second = score
            }
        }
        guard second.isFinite else { return (picked, 1) }
        return (picked, best > 0 ? min(max((best - second) / best, 0), 1) : 0)
    }
}
