/// What a choice by complexity has learnt of its traffic: where the border lies above which its share of requests is capable models'.
///
/// A histogram of bent scores that forgets, on top of what a mixed stream would bring. The border moves between 0.42 and 0.6 of the bent
/// score: whatever the traffic, less than 0.4 is simple and more than 0.6 complex.
struct Habit: Hashable, Sendable {
    static let bins = 128
    /// Requests of a mixed stream that are believed to have come before the first.
    private static let prior: Float = 256
    /// Beyond so many what was counted counts half.
    private static let memory: Float = 1024
    /// The border is worked out anew after so many.
    private static let pause = 32
    static let bounds: ClosedRange<Float> = 0.42...0.6

    let axis: Intelligent.Axis
    private(set) var border: Float
    /// Empty until the first request.
    private var counts: [Float] = []
    private var total: Float = 0
    private var fresh = 0

    init(_ axis: Intelligent.Axis) {
        self.axis = axis
        border = 0
        border = quantile()
    }

    /// Of bent scores between which learning tries what else would do.
    static let open: ClosedRange<Float> = 0.4...0.6

    /// How much is asked of a model, 0 ... 1, with the border at one half.
    func demand(_ adjusted: Float) -> Float { min(max(adjusted + 0.5 - border, 0), 1) }

    mutating func learn(_ adjusted: Float) {
        guard adjusted.isFinite else { return }
        if counts.isEmpty { counts = Array(repeating: 0, count: Self.bins) }
        counts[min(max(Int(adjusted * Float(Self.bins)), 0), Self.bins - 1)] += 1
        total += 1
        if total >= Self.memory {
            for index in counts.indices { counts[index] *= 0.5 }
            total *= 0.5
        }
        fresh += 1
        guard fresh >= Self.pause else { return }
        fresh = 0
        border = quantile()
    }

    /// The highest border with the axis' share of requests at or above it.
    private func quantile() -> Float {
        let wanted = axis.share * (Self.prior + total)
        var above: Float = 0
        for index in (0..<Self.bins).reversed() {
            let low = Float(index) / Float(Self.bins)
            above += Self.prior * (Self.share(below: low + 1 / Float(Self.bins), axis) - Self.share(below: low, axis))
            if !counts.isEmpty { above += counts[index] }
            if above >= wanted - 1e-3 { return min(max(low, Self.bounds.lowerBound), Self.bounds.upperBound) }
        }
        return Self.bounds.lowerBound
    }

    /// Of a mixed stream, whose scores are even, by the axis.
    private static func share(below adjusted: Float, _ axis: Intelligent.Axis) -> Float {
        switch axis {
        case .cost: adjusted.squareRoot()
        case .performance: adjusted
        case .intelligence: adjusted * adjusted
        }
    }
}

/// What sessions asked for lately, so that a conversation does not go to and fro between models. Bounded: who comes to a full place takes
/// that of whoever was silent longest.
struct SessionMemory: Sendable {
    static let places = 4096
    private static let ways = 4
    /// As long after its last request a session is remembered.
    static let patience = Duration.seconds(1800)
    /// What asks for less by at most this much stays where it is.
    static let band: Float = 0.15
    /// What asks for still less goes down so far with each request.
    static let step: Float = 0.1

    private struct Place: Sendable {
        var session: UInt64 = 0
        var demand: Float = 0
        var seen = Instant.zero
    }

    /// Empty until the first session.
    private var table: [Place] = []

    /// The demand of a session's request: upwards at once, downwards slowly.
    mutating func hold(_ demand: Float, of session: UInt64, at now: Instant) -> Float {
        if table.isEmpty { table = Array(repeating: Place(), count: Self.places) }
        let first = Int(truncatingIfNeeded: session) & (Self.places - 1) & ~(Self.ways - 1)
        var place = first
        for index in first..<first + Self.ways {
            if table[index].session == session {
                let held = now - table[index].seen > Self.patience ? demand : Self.held(demand, before: table[index].demand)
                table[index].demand = held
                table[index].seen = now
                return held
            }
            if table[index].seen < table[place].seen { place = index }
        }
        table[place] = Place(session: session, demand: demand, seen: now)
        return demand
    }

    /// What `hold` would say, and nothing is remembered of it.
    func held(_ demand: Float, of session: UInt64, at now: Instant) -> Float {
        guard !table.isEmpty else { return demand }
        let first = Int(truncatingIfNeeded: session) & (Self.places - 1) & ~(Self.ways - 1)
        for place in table[first..<first + Self.ways] where place.session == session && now - place.seen <= Self.patience {
            return Self.held(demand, before: place.demand)
        }
        return demand
    }

    static func held(_ demand: Float, before: Float) -> Float {
        if demand >= before { return demand }
        return demand >= before - band ? before : max(demand, before - step)
    }
}
