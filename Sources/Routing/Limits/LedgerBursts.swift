/// What was taken lately of accounts that count seconds, the oldest first. As many as requests are let pass in a second.
struct BurstQueue: Sendable {
    struct Taken: Sendable {
        var slice: Int32
        var amount: Int64
        var hold: Hold
        /// From then on others may have it. Milliseconds since 1970.
        var until: Int64
    }

    private var taken: [Taken] = []
    private var first = 0

    var isEmpty: Bool { first == taken.count }

    mutating func append(_ one: Taken) { taken.append(one) }

    /// The oldest, if its second is over. Where the clock was set back nobody waits for it to come again.
    mutating func next(at now: Int64) -> Taken? {
        guard first < taken.count else { return nil }
        let oldest = taken[first]
        guard oldest.until <= now || oldest.until - now > Ledger.burst else { return nil }
        first += 1
        if first > 64, first * 2 > taken.count {
            taken.removeFirst(first)
            first = 0
        }
        return oldest
    }

    /// Nearly always the youngest: whoever is refused elsewhere gives back at once.
    mutating func removeLast(of hold: Hold) -> Taken? {
        guard let index = taken[first...].lastIndex(where: { $0.hold == hold }) else { return nil }
        return taken.remove(at: index)
    }
}

/// Accounts that count any second: what a request takes is held for a second, however long the request lasts, so that no second, whenever
/// it begins, has more than the limit.
extension Ledger {
    static let burst: Int64 = 1_000

    /// What was just taken does not end with the request.
    mutating func takeBursts(of hold: Hold, _ parts: inout [HoldBook.Part]) {
        for index in parts.indices {
            let slice = parts[index].slice
            guard states[Int(slices[Int(slice)].account)].isBurst else { continue }
            bursts.append(BurstQueue.Taken(slice: slice, amount: parts[index].amount, hold: hold, until: clock.now + Self.burst))
            slices[Int(slice)].holds += 1
            parts[index].amount = 0
        }
    }

    mutating func giveBackBursts() {
        while let taken = bursts.next(at: clock.now) { giveBack(taken) }
    }

    /// The request was none.
    mutating func giveBackBurst(of hold: Hold) {
        if let taken = bursts.removeLast(of: hold) { giveBack(taken) }
    }

    private mutating func giveBack(_ taken: BurstQueue.Taken) {
        let slice = Int(taken.slice)
        slices[slice].settle(0, of: taken.amount)
        if slices[slice].isRetired, slices[slice].holds == 0 { markDue(slice) }
    }
}
