/// How many calls succeeded and failed within a window, counted in sixteen slices of it: what leaves, leaves a slice at a time.
struct OutcomeWindow: Hashable, Sendable {
    private static let slices: Int64 = 16

    private struct Slice: Hashable {
        /// Which slice since the clock's origin; what does not belong to the last sixteen is old.
        var number: Int64 = .min
        var successes = 0
        var faults = 0
    }

    private let width: Int64
    private var ring: [Slice]

    init(over window: Duration) {
        width = max(1, window.nanoseconds / Self.slices)
        ring = Array(repeating: Slice(), count: Int(Self.slices))
    }

    mutating func add(success: Bool, at now: Instant) {
        let number = now.nanoseconds / width
        let at = Int(number & (Self.slices - 1))
        if ring[at].number != number { ring[at] = Slice(number: number) }
        if success { ring[at].successes += 1 } else { ring[at].faults += 1 }
    }

    func counts(at now: Instant) -> (successes: Int, faults: Int) {
        let oldest = now.nanoseconds / width - Self.slices
        var sum = (successes: 0, faults: 0)
        for slice in ring where slice.number > oldest {
            sum.successes += slice.successes
            sum.faults += slice.faults
        }
        return sum
    }

    mutating func clear() {
        for at in ring.indices { ring[at] = Slice() }
    }
}
