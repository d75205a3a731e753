extension Ledger {
    /// What a request came to, in place of what it held. Adds what its row has to charge; the row and the charges are one transaction.
    /// True: it came to more than was held, which is recorded all the same.
    @discardableResult
    public mutating func settle(_ hold: Hold, _ spent: Spent, charges: inout [LeaseCharge]) -> Bool {
        var isOver = false
        if let place = holds.place(of: hold) {
            let parts = holds.takeParts(of: place)
            if charges.capacity == 0 { charges.reserveCapacity(parts.count) }
            let (isMore, needsCare) = Self.settle(parts, spent, &slices, &charges)
            isOver = isMore
            if needsCare { for part in parts { care(for: Int(part.slice), charged: spent.amount(part.unit)) } }
            holds.close(place, consume parts)
        }
        if !owing.isEmpty { payOwed(&charges) }
        return isOver
    }

    /// Nothing was sent: what was held is free again, and the request was none.
    public mutating func release(_ hold: Hold) {
        guard let place = holds.place(of: hold) else { return }
        let parts = holds.takeParts(of: place)
        for part in parts {
            giveBack(part)
            if part.isBurst { giveBackBurst(of: hold) }
        }
        holds.close(place, consume parts)
    }

    /// What a request would charge if it came to all it holds: what is noted of it while it is in flight.
    public func worstCharges(of hold: Hold, into charges: inout [LeaseCharge]) {
        guard let place = holds.place(of: hold) else { return }
        if charges.capacity == 0 { charges.reserveCapacity(holds.entries[place].parts.count) }
        for part in holds.entries[place].parts where part.amount > 0 {
            let (kind, lease) = (slices[Int(part.slice)].kind, slices[Int(part.slice)].lease)
            if kind == .budget, lease != 0 { charges.append(LeaseCharge(lease: lease, amount: part.amount)) }
        }
    }

    /// Rows with these charges are durable. Until all of a slice's are, its last return is not safe and not made.
    public mutating func written(_ charges: [LeaseCharge]) {
        for charge in charges {
            guard let slice = byLease[charge.lease] else { continue }
            let index = Int(slice)
            slices[index].written = min(slices[index].charged, saturatingSum(slices[index].written, charge.amount))
        }
    }

    /// Whether it came to more than was held, and whether one of the slices needs `care`.
    @inline(__always) private static func settle(
        _ parts: [HoldBook.Part], _ spent: Spent, _ slices: inout [LeaseSlice], _ charges: inout [LeaseCharge]
    ) -> (isOver: Bool, needsCare: Bool) {
        slices.withUnsafeMutableBufferPointer { slices in
            var (isOver, needsCare) = (false, false)
            for part in parts {
                let (amount, slice) = (spent.amount(part.unit), Int(part.slice))
                if amount > part.amount { isOver = true }
                slices[slice].settle(amount, of: part.amount)
                if amount > 0, slices[slice].kind == .budget {
                    let lease = slices[slice].lease
                    if lease != 0 { charges.append(LeaseCharge(lease: lease, amount: amount)) } else { needsCare = true }
                }
                if slices[slice].isRetired || slices[slice].used >= slices[slice].alertAt { needsCare = true }
            }
            return (isOver, needsCare)
        }
    }

    /// What is rarely to be done for a slice that was settled.
    @inline(never) private mutating func care(for slice: Int, charged amount: Int64) {
        if slices[slice].isRetired, slices[slice].holds == 0 { markDue(slice) }
        guard amount > 0 else { return }
        if slices[slice].kind == .budget, slices[slice].lease == 0 {
            if slices[slice].owed == 0 { owing.append(Int32(slice)) }
            slices[slice].owed = saturatingSum(slices[slice].owed, amount)
        }
        if slices[slice].used >= slices[slice].alertAt { cross(slice) }
    }

    private mutating func giveBack(_ part: HoldBook.Part) {
        let slice = Int(part.slice)
        slices[slice].settle(0, of: part.amount)
        if slices[slice].isRetired, slices[slice].holds == 0 { markDue(slice) }
    }

    /// Slices that had no lease when they were charged, and have one now.
    private mutating func payOwed(_ charges: inout [LeaseCharge]) {
        owing.removeAll { slice in
            let index = Int(slice)
            guard slices[index].lease != 0 else { return false }
            charges.append(LeaseCharge(lease: slices[index].lease, amount: slices[index].owed))
            slices[index].owed = 0
            return true
        }
    }
}
