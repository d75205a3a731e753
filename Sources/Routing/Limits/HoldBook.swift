/// All holds of a ledger, in places that are used again.
struct HoldBook: Sendable {
    struct Entry: Sendable {
        var generation: UInt32 = 0
        var isOpen = false
        /// What of which slice: numbers in `Ledger.slices`. Keeps its room.
        var parts: [Part] = []

        @inline(__always) mutating func close(_ room: consuming [Part]) {
            parts = room
            isOpen = false
            generation &+= 1
        }
    }

    struct Part: Sendable {
        var slice: Int32
        var unit: LimitUnit
        var amount: Int64

        /// Its amount stands in `Ledger.bursts`.
        var isBurst: Bool { unit == .parallel && amount == 0 }
    }

    private(set) var entries: [Entry] = []
    private var free: [Int32] = []

    var count: Int { entries.count - free.count }

    mutating func open() -> Hold {
        let index: Int32
        if let known = free.popLast() {
            index = known
        } else {
            index = Int32(entries.count)
            entries.append(Entry())
        }
        entries[Int(index)].isOpen = true
        return Hold(index: index, generation: entries[Int(index)].generation)
    }

    /// Nil: it is over already, or of another ledger.
    func place(of hold: Hold) -> Int? {
        let index = Int(hold.index)
        guard index >= 0, index < entries.count, entries[index].generation == hold.generation, entries[index].isOpen else { return nil }
        return index
    }

    /// Moves them out, to be worked on without asking at each step who else has them, and to be put back.
    mutating func takeParts(of place: Int) -> [Part] {
        var parts: [Part] = []
        swap(&parts, &entries[place].parts)
        return parts
    }

    mutating func put(_ parts: consuming [Part], at place: Int) { entries[place].parts = parts }

    mutating func grow(_ part: Int, by amount: Int64, at place: Int) {
        entries[place].parts[part].amount = saturatingSum(entries[place].parts[part].amount, amount)
    }

    mutating func move(_ part: Int, to slice: Int32, at place: Int) { entries[place].parts[part].slice = slice }

    /// `parts`: those that were moved out, for their room.
    mutating func close(_ place: Int, _ parts: consuming [Part]) {
        parts.removeAll(keepingCapacity: true)
        entries[place].close(consume parts)
        free.append(Int32(place))
    }
}

/// Sums of what clients and providers say must not end the process.
@inline(__always) func saturatingSum(_ left: Int64, _ right: Int64) -> Int64 {
    let (sum, overflow) = left.addingReportingOverflow(right)
    return overflow ? (right < 0 ? .min : .max) : sum
}

@inline(__always) func saturatingDifference(_ left: Int64, _ right: Int64) -> Int64 {
    let (difference, overflow) = left.subtractingReportingOverflow(right)
    return overflow ? (right < 0 ? .max : .min) : difference
}
