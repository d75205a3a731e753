/// What requests of one side of an experiment came to. Sides of several gateways add up.
public struct ArmFigures: Hashable, Sendable {
    public internal(set) var requests = 0
    /// Those that were not answered. What clients gave up themselves counts for neither.
    public internal(set) var errors = 0
    /// Milliseconds of answers.
    public internal(set) var latency = Moments()
    /// Of their natural logarithms: a few that take minutes do not drown the rest.
    public internal(set) var latencyLogarithm = Moments()
    /// US dollars of answers with a price.
    public internal(set) var cost = Moments()
    /// 0 ... 1.
    public internal(set) var feedback = Moments()

    public init() {}

    /// - Parameters:
    ///   - latency: In milliseconds. Nil: it was not answered.
    ///   - cost: In US dollars. Nil: without a price.
    public mutating func add(isAnswered: Bool, latency: Double?, cost: Double?) {
        requests += 1
        if !isAnswered { errors += 1 }
        if let latency, isAnswered {
            self.latency.add(latency)
            latencyLogarithm.add(Random.logarithm(max(latency, 1e-3)))
        }
        if let cost { self.cost.add(cost) }
    }

    public mutating func add(feedback score: Double) { feedback.add(min(1, max(0, score))) }

    public static func += (left: inout ArmFigures, right: ArmFigures) {
        left.requests += right.requests
        left.errors += right.errors
        left.latency += right.latency
        left.latencyLogarithm += right.latencyLogarithm
        left.cost += right.cost
        left.feedback += right.feedback
    }

    public var success: Interval? { .share(requests - errors, of: requests) }
}

extension ArmFigures {
    /// As a row of numbers, to be written down and read again.
    public var numbers: [Double] {
        [Double(requests), Double(errors)] + [latency, latencyLogarithm, cost, feedback].flatMap { [Double($0.count), $0.mean, $0.squares] }
    }

    /// Nil: they are none of ours.
    public init?(numbers: [Double]) {
        guard numbers.count == 14, numbers.allSatisfy({ $0.isFinite && abs($0) < 1e300 }) else { return nil }
        func count(_ at: Int) -> Int? { Int(exactly: numbers[at]).flatMap { $0 >= 0 ? $0 : nil } }
        func moments(_ at: Int) -> Moments? { count(at).map { Moments(count: $0, mean: numbers[at + 1], squares: max(0, numbers[at + 2])) } }
        guard let requests = count(0), let errors = count(1), let latency = moments(2), let logarithm = moments(5), let cost = moments(8),
            let feedback = moments(11)
        else { return nil }
        (self.requests, self.errors, self.latency, latencyLogarithm) = (requests, errors, latency, logarithm)
        (self.cost, self.feedback) = (cost, feedback)
    }
}
