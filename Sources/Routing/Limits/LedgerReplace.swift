extension Ledger {
    /// New settings: accounts of the same name keep their state, those that are gone end with the requests that hold of them.
    public mutating func replace(_ new: AccountTable) {
        let old = states
        let oldNames = byName
        table = new
        states = new.accounts.map { AccountState($0, mode) }
        hasBursts = states.contains(where: \.isBurst)
        byName = [:]
        byName.reserveCapacity(states.count)
        for (index, account) in new.accounts.enumerated() { byName[account.name] = Int32(index) }
        lay(new)
        var places = Array(repeating: Int32(-1), count: old.count)
        for (name, was) in oldNames { places[Int(was)] = byName[name] ?? -1 }
        for slice in slices.indices where slices[slice].account >= 0 { slices[slice].account = places[Int(slices[slice].account)] }
        for (was, now) in places.enumerated() {
            if now >= 0 { keep(old[was], as: Int(now)) } else { end(old[was]) }
        }
    }

    private mutating func lay(_ table: AccountTable) {
        members = []
        func span(_ list: [Int]) -> Range<Int32> {
            let start = Int32(members.count)
            members += list.map { Int32($0) }
            return start..<Int32(members.count)
        }
        chains = table.chains.map(span)
        projects = table.projects.map(span)
        customers = table.customers.map(span)
        deployments = table.deployments.map(span)
    }

    private mutating func keep(_ old: AccountState, as account: Int) {
        states[account].current = old.current
        states[account].first = old.first
        states[account].pace = old.pace
        let more = saturatingDifference(states[account].grantable, old.grantable)
        var at = old.first
        while at >= 0 {
            let slice = Int(at)
            if states[account].isLocal || states[account].isAhead && slices[slice].answered != nil {
                slices[slice].granted = max(0, saturatingDifference(states[account].grantable, slices[slice].usedElsewhere))
            } else if more < 0 {
                recall(slice)
            } else if more > 0 {
                slices[slice].free = saturatingSum(slices[slice].free, more)
                slices[slice].isUnclear = true
                markDue(slice)
            }
            setAlert(slice)
            if slices[slice].used >= slices[slice].alertAt { cross(slice) }
            at = slices[slice].next
        }
    }

    private mutating func end(_ old: AccountState) {
        var at = old.first
        while at >= 0 {
            let slice = Int(at)
            at = slices[slice].next
            slices[slice].next = -1
            slices[slice].isRetired = true
            slices[slice].alertAt = .max
            markDue(slice)
        }
    }
}
