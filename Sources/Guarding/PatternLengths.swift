extension PatternNode {
    /// The bytes that a match has at least and at most; `most` nil: without bound.
    var lengths: (least: Int, most: Int?) {
        switch self {
        case .empty, .assertion: return (0, 0)
        case .group(_, let part): return part.lengths
        case .set(let set):
            guard let first = set.ranges.first, let last = set.ranges.last else { return (1, 1) }
            return (Self.length(of: first.lowerBound), Self.length(of: last.upperBound))
        case .sequence(let parts):
            var sum: (least: Int, most: Int?) = (0, 0)
            for part in parts {
                let own = part.lengths
                sum.least += own.least
                sum.most = Self.sum(sum.most, own.most)
            }
            return sum
        case .either(let branches):
            let all = branches.map(\.lengths)
            let most = all.contains { $0.most == nil } ? nil : all.compactMap(\.most).max() ?? 0
            return (all.map(\.least).min() ?? 0, most)
        case .repeated(let part, let least, let most, _):
            let own = part.lengths
            let (shortest, overflow) = own.least.multipliedReportingOverflow(by: least)
            guard let most else { return (overflow ? Int.max / 2 : shortest, own.most == 0 ? 0 : nil) }
            return (overflow ? Int.max / 2 : shortest, Self.product(own.most, most))
        }
    }

    static func length(of scalar: UInt32) -> Int { scalar < 0x80 ? 1 : scalar < 0x800 ? 2 : scalar < 0x10000 ? 3 : 4 }

    private static func sum(_ left: Int?, _ right: Int?) -> Int? {
        guard let left, let right, !left.addingReportingOverflow(right).overflow else { return nil }
        return left + right
    }

    private static func product(_ left: Int?, _ right: Int) -> Int? {
        guard let left, !left.multipliedReportingOverflow(by: right).overflow else { return nil }
        return left * right
    }
}
