/// By how much scores are moved, as logarithms of their odds: a number for each kind of prompt and fifth of the scale.
public struct Correction: Hashable, Sendable {
    public static let tasks = 10
    public static let bins = 5
    /// Nothing moves a score by more: one half becomes at least 0.18 and at most 0.82.
    public static let most = 1.5

    public private(set) var offsets: [Double]

    public init() { offsets = Array(repeating: 0, count: Self.tasks * Self.bins) }

    /// Nil: these are no offsets of ours.
    public init?(offsets: [Double]) {
        guard offsets.count == Self.tasks * Self.bins, offsets.allSatisfy({ $0.isFinite && abs($0) <= Self.most }) else { return nil }
        self.offsets = offsets
    }

    public var isNothing: Bool { offsets.allSatisfy { $0 == 0 } }

    static func bin(_ score: Double) -> Int { min(max(Int(score * Double(bins)), 0), bins - 1) }

    public subscript(task: Int, bin: Int) -> Double {
        get { offsets[task * Self.bins + bin] }
        set { offsets[task * Self.bins + bin] = newValue.isFinite ? min(max(newValue, -Self.most), Self.most) : 0 }
    }

    /// Interpolated between the middles of the fifths, so that scores keep their order as far as they can.
    public func offset(task: Int, score: Double) -> Double {
        guard 0..<Self.tasks ~= task else { return 0 }
        let place = min(max(score * Double(Self.bins) - 0.5, 0), Double(Self.bins - 1))
        let low = min(Int(place), Self.bins - 2)
        let part = place - Double(low)
        return self[task, low] * (1 - part) + self[task, low + 1] * part
    }

    public func corrected(task: Int, score: Double) -> Double {
        let offset = offset(task: task, score: score)
        return offset == 0 ? score : Odds.share(Odds.logit(score) + offset)
    }

    /// One kind of prompt as `other` has it.
    mutating func take(_ task: Int, of other: Correction) { for bin in 0..<Self.bins { self[task, bin] = other[task, bin] } }
    mutating func forget(_ task: Int) { for bin in 0..<Self.bins { self[task, bin] = 0 } }
    func isNothing(_ task: Int) -> Bool { (0..<Self.bins).allSatisfy { self[task, $0] == 0 } }
}

/// What learning holds of the correction that would be right: where it lies, and how far it may be off.
public struct Belief: Hashable, Sendable {
    public var mean = Correction()
    /// Standard deviations, in the order of `Correction.offsets`.
    public var deviations: [Double]

    /// Of an offset of which nothing is known.
    static let firstDeviation = 0.75

    public init() { deviations = Array(repeating: Self.firstDeviation, count: Correction.tasks * Correction.bins) }

    /// That the offset which is right brings `score` below one half: with as much chance a trial goes down (Thompson 1933). Both ways stay
    /// possible, else a trial would teach nothing.
    func goesDown(task: Int, score: Double) -> Double {
        guard 0..<Correction.tasks ~= task else { return 0.5 }
        let deviation = max(deviations[task * Correction.bins + Correction.bin(score)], 0.05)
        return min(max(Odds.below(-(Odds.logit(score) + mean.offset(task: task, score: score)) / deviation), 0.25), 0.75)
    }
}

/// What was learnt for one tenant, as requests go by it.
public struct Tutor: Hashable, Sendable {
    public var inEffect = Correction()
    public var belief = Belief()
    /// The part of sessions with which something is tried.
    public var explored = 0.0

    public init() {}

    /// Moves a score as was learnt, and draws whether its request tries something.
    ///
    /// - Parameter session: Hashed; the same session always tries the same.
    public func instruct(_ appraisal: inout Appraisal, task: UInt8, session: UInt64) {
        guard appraisal.isScored else { return }
        let frozen = Double(appraisal.inContext)
        let offset = inEffect.offset(task: Int(task), score: frozen)
        var learnt = Appraisal.Learnt(task: task, frozen: appraisal.inContext, offset: Float(offset))
        if offset != 0 { appraisal.inContext = Float(Odds.share(Odds.logit(frozen) + offset)) }
        learnt.explored = Float(explored)
        learnt.down = Float(belief.goesDown(task: Int(task), score: frozen))
        let chance = Random.mix(session ^ 0x6c65_6172_6e21)
        if Random.unit(chance) < explored { learnt.trial = Random.unit(Random.mix(chance)) < Double(learnt.down) ? .down : .up }
        appraisal.learnt = learnt
    }
}

extension Appraisal {
    /// What learning makes of a request before anybody chooses.
    public struct Learnt: Hashable, Sendable {
        public enum Trial: UInt8, Hashable, Sendable { case none, down, up }

        public var task: UInt8
        /// The score in its context as the scorer gave it.
        public var frozen: Float
        /// What was added to the logarithm of its odds.
        public var offset: Float
        public var trial = Trial.none
        /// The part of sessions that try something, and the chance that such a one goes down.
        public var explored: Float = 0
        public var down: Float = 0.5
        /// A hash of the turn in its conversation: who asks it again was not content. 0: the conversation is not known.
        public var turn: UInt64 = 0

        public init(task: UInt8, frozen: Float, offset: Float) {
            self.task = task
            self.frozen = frozen
            self.offset = offset
        }
    }
}
