/// What an answer that somebody has an opinion of tells about the choice of its model: as it was decided, without a word of the request.
public struct Lesson: Hashable, Sendable {
    /// Raw value of the kind of prompt.
    public var task: UInt8
    /// Its score in its context, before any correction.
    public var frozen: Float
    public var axis: Intelligent.Axis
    /// The models that could serve, from the least capable: up to which bent score each is chosen; the last for all that is beyond.
    public var limits: [Float]
    /// Which of them was chosen and answered. Nil: another than the chosen answered.
    public var rung: Int?
    /// The chance with which it was chosen.
    public var propensity: Float
    /// Any neighbour could have been chosen as well: what was left to chance can be learnt from.
    public var isOpen: Bool
    /// Numbers of the ledger: whose request it was, and who answered.
    public var tenant: UInt32
    public var key: UInt32
    public var deployment: UInt32

    /// Models that one choice is remembered with, at most.
    static let mostRungs = 8

    /// Nil: nothing was left to a choice by complexity, or learning was off.
    public init?(_ decision: Decision, tenant: UInt32, key: UInt32, deployment: UInt32, isFirst: Bool) {
        guard let learnt = decision.complexity?.learnt, !learnt.limits.isEmpty else { return nil }
        task = learnt.task
        frozen = learnt.frozen
        axis = learnt.axis
        limits = learnt.limits
        rung = isFirst ? learnt.rung : nil
        propensity = learnt.propensity
        isOpen = learnt.isOpen
        (self.tenant, self.key, self.deployment) = (tenant, key, deployment)
    }

    /// The model that a request of this score gets.
    func rung(at score: Double) -> Int {
        let bent = Float(Intelligent.adjusted(score, axis))
        return limits.firstIndex { bent < $0 } ?? limits.count - 1
    }

    /// Of the more capable half.
    func isUpper(_ rung: Int) -> Bool { rung * 2 >= limits.count }

    // MARK: Bytes

    private static let version: UInt8 = 1

    public var encoded: [UInt8] {
        CompactWriter.bytes(atMost: 16 + 4 * (limits.count + 2) + 3 * CompactWriter.longestNumber) { writer in
            writer.byte(Self.version)
            writer.byte(task)
            writer.byte(axis.number)
            writer.byte(isOpen ? 1 : 0)
            writer.float(frozen)
            writer.float(propensity)
            writer.count(limits.count)
            for limit in limits { writer.float(limit) }
            writer.optional(rung)
            for number in [tenant, key, deployment] { writer.number(UInt64(number)) }
        }
    }

    /// Nil for what no version of this program wrote.
    public init?(decoding bytes: [UInt8]) {
        var reader = CompactReader(bytes)
        guard reader.byte() == Self.version, let task = reader.byte(), let axis = reader.byte().flatMap(Intelligent.Axis.init(number:)),
            let flags = reader.byte(), let frozen = reader.float(), let propensity = reader.float(), let count = reader.count(),
            1...Self.mostRungs ~= count, frozen.isFinite, 0...1 ~= frozen, propensity > 0, propensity <= 1
        else { return nil }
        var limits: [Float] = []
        for _ in 0..<count {
            guard let limit = reader.float(), limit.isFinite else { return nil }
            limits.append(limit)
        }
        guard let rung = reader.optional(), let tenant = reader.count(), let key = reader.count(), let deployment = reader.count(),
            rung.map({ $0 < count }) ?? true, Int(task) < Correction.tasks, reader.isAtEnd
        else { return nil }
        (self.task, self.axis, self.frozen, self.limits, self.rung) = (task, axis, frozen, limits, rung)
        (self.propensity, isOpen) = (propensity, flags & 1 != 0)
        (self.tenant, self.key, self.deployment) = (UInt32(tenant), UInt32(key), UInt32(deployment))
    }
}

extension Intelligent.Axis {
    var number: UInt8 { UInt8(Self.allCases.firstIndex(of: self) ?? 0) }

    init?(number: UInt8) {
        guard Self.allCases.indices.contains(Int(number)) else { return nil }
        self = Self.allCases[Int(number)]
    }
}

/// A lesson with what was thought of the answer.
public struct RatedLesson: Hashable, Sendable {
    public var lesson: Lesson
    /// When the request came, in seconds since 1970.
    public var seconds: Int64
    /// 0 ... 1.
    public var score: Double
    /// Less than 1 for what nobody said.
    public var weight: Double

    public init(_ lesson: Lesson, seconds: Int64, score: Double, weight: Double = 1) {
        self.lesson = lesson
        self.seconds = seconds
        self.score = min(max(score, 0), 1)
        self.weight = weight
    }
}
