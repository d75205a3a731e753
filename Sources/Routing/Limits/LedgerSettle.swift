extension Ledger {
    /// What a request came to, in place of what it held. Adds what its row has to charge; the row and the charges are one transaction.
    /// True: it came to more than was held, which is recorded all the same.
    @discardableResult
    public mutating func settle(_ hold: Hold, _ spent: Spent, charges: inout [LeaseCharge]) -> Bool {
        var isOver = false
        if let place = holds.place(of: hold) {
            let parts = holds.takeParts(of: place)
            if charges.capacity == 0 { charges.reserveCapacity(parts.count) }
            for part in parts {
                let amount = spent.amount(part.unit)
                if amount > part.amount { isOver = true }
                giveBack(part)
                if amount > 0 { charge(amount, Int(part.slice), &charges) }
            }
            holds.close(place, consume parts)
        }
        if !owing.isEmpty { payOwed(&charges) }
        return isOver
    }

    /// Nothing was sent: what was held is free again, and the request was none.
    public mutating func release(_ hold: Hold) {
        guard let place = holds.place(of: hold) else { return }
        let parts = holds.takeParts(of: place)
        for part in parts { giveBack(part) }
        holds.close(place, consume parts)
    }

    /// What a request would charge if it came to all it holds: what is noted of it while it is in flight.
    public func worstCharges(of hold: Hold, into charges: inout [LeaseCharge]) {
        guard let place = holds.place(of: hold) else { return }
        if charges.capacity == 0 { charges.reserveCapacity(holds.entries[place].parts.count) }
        for part in holds.entries[place].parts where part.amount > 0 {
            let slice = slices[Int(part.slice)]
            if slice.kind == .budget, slice.lease != 0 { charges.append(LeaseCharge(lease: slice.lease, amount: part.amount)) }
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

    private mutating func giveBack(_ part: HoldBook.Part) {
        let slice = Int(part.slice)
        slices[slice].held = max(0, slices[slice].held - part.amount)
        slices[slice].holds -= 1
        if slices[slice].isRetired, slices[slice].holds == 0 { markDue(slice) }
    }

    private mutating func charge(_ amount: Int64, _ slice: Int, _ charges: inout [LeaseCharge]) {
        slices[slice].charged = saturatingSum(slices[slice].charged, amount)
        if slices[slice].kind == .budget {
            if slices[slice].lease != 0 {
                charges.append(LeaseCharge(lease: slices[slice].lease, amount: amount))
            } else {
                if slices[slice].owed == 0 { owing.append(Int32(slice)) }
                slices[slice].owed = saturatingSum(slices[slice].owed, amount)
            }
        }
        if slices[slice].used >= slices[slice].alertAt { cross(slice) }
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
