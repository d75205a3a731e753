/// What a policy that decides beside another would have done with the same requests.
public struct ShadowFigures: Hashable, Sendable {
    public private(set) var requests = 0
    /// Those that it would have sent elsewhere, or not at all.
    public private(set) var different = 0
    /// Of them: nobody may serve, or a rule says no.
    public private(set) var refused = 0
    /// In US dollars, of those whose costs are known both times.
    public private(set) var cost = PairedSums()

    public init() {}

    public mutating func add(isDifferent: Bool, isRefused: Bool, cost: (was: Double, would: Double)?) {
        requests += 1
        if isDifferent { different += 1 }
        if isRefused { refused += 1 }
        if let cost { self.cost.add(before: cost.was, after: cost.would) }
    }

    public static func += (left: inout ShadowFigures, right: ShadowFigures) {
        left.requests += right.requests
        left.different += right.different
        left.refused += right.refused
        left.cost += right.cost
    }

    /// As a row of numbers, to be written down and read again.
    public var numbers: [Double] { [Double(requests), Double(different), Double(refused)] + cost.numbers }

    /// Nil: they are none of ours.
    public init?(numbers: [Double]) {
        guard numbers.count == 9, numbers.allSatisfy({ $0.isFinite && 0...1e300 ~= $0 }), let cost = PairedSums(numbers: numbers[3...]),
            let requests = Int(exactly: numbers[0]), let different = Int(exactly: numbers[1]), let refused = Int(exactly: numbers[2])
        else { return nil }
        (self.requests, self.different, self.refused, self.cost) = (requests, different, refused, cost)
    }
}

extension PairedSums {
    var numbers: [Double] { [Double(count), before, after, beforeSquared, afterSquared, product] }

    init?(numbers: ArraySlice<Double>) {
        let all = Array(numbers)
        guard all.count == 6, let count = Int(exactly: all[0]) else { return nil }
        self.init()
        (self.count, before, after, beforeSquared, afterSquared, product) = (count, all[1], all[2], all[3], all[4], all[5])
    }

    static func += (left: inout PairedSums, right: PairedSums) {
        left.count += right.count
        left.before += right.before
        left.after += right.after
        left.beforeSquared += right.beforeSquared
        left.afterSquared += right.afterSquared
        left.product += right.product
    }
}
