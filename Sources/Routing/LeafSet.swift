/// Which leaves of a route may serve: 256 bits by value, counted from the route's first leaf. No array, so no allocation and no
/// uniqueness check on the path of a decision.
struct LeafSet {
    private var low: (UInt64, UInt64) = (0, 0)
    private var high: (UInt64, UInt64) = (0, 0)

    var isEmpty: Bool { low.0 | low.1 | high.0 | high.1 == 0 }

    @inline(__always)
    mutating func insert(_ leaf: Int) {
        let bit: UInt64 = 1 << UInt64(leaf & 63)
        switch leaf >> 6 {
        case 0: low.0 |= bit
        case 1: low.1 |= bit
        case 2: high.0 |= bit
        default: high.1 |= bit
        }
    }

    mutating func insert(_ leaves: Range<Int>) { for leaf in leaves { insert(leaf) } }

    @inline(__always)
    func contains(_ leaf: Int) -> Bool { word(leaf >> 6) & (1 << UInt64(leaf & 63)) != 0 }

    @inline(__always)
    func intersects(_ leaves: Range<Int>) -> Bool {
        if leaves.count == 1 { return contains(leaves.lowerBound) }
        return leaves.contains(where: contains)
    }

    @inline(__always)
    private func word(_ index: Int) -> UInt64 {
        switch index {
        case 0: low.0
        case 1: low.1
        case 2: high.0
        default: high.1
        }
    }
}
