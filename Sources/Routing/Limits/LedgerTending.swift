extension Ledger {
    /// So long nothing was reserved of a slice before it goes back.
    static let idle: Int64 = 3_000
    /// The same where another gateway seeks of its account, and so long it is believed to.
    static let idleSought: Int64 = 500
    static let sought: Int64 = 3_000
    /// How old an answer may be about an account that is in use.
    static let fresh: Int64 = 2_000
    /// How long before a window begins busy accounts get their slice of it.
    static let ahead: Int64 = 5_000
    /// An account is busy when something was reserved of it so lately.
    static let busy: Int64 = 30_000
    /// A slice of a past window whose rows nobody ever reported durable is forgotten.
    static let forgotten: Int64 = 86_400_000
    /// What a lone gateway asks of accounts without a limit, in their unit.
    static let plenty: Int64 = 1 << 60

    /// What one slice needs of the store.
    mutating func tend(_ slice: Int, _ call: inout LeaseCall, _ out: inout CallBook.Outstanding) {
        guard !slices[slice].isVacant, !slices[slice].isAsked else { return }
        let now = clock.now
        let account = Int(slices[slice].account)
        if slices[slice].isRetired || account < 0 || slices[slice].window.end <= now - WindowClock.jitter {
            return finish(slice, &call, &out)
        }
        if states[account].isLocal { return }
        if slices[slice].returning > 0, slices[slice].lease != 0 { giveBack(slices[slice].returning, slice, &call, &out) }
        states[account].pace.measure(at: now)
        if slices[slice].window.contains(now) { prepareNext(account, slice) }

        let isShared = mode == .shared
        if isShared { giveBackIdle(account, slice, &call, &out) }
        let amount = isShared ? sharedWish(account, slice) : exclusiveWish(account, slice)
        slices[slice].lowWater = isShared ? sliceSize(account, slice) / 2 : 0
        if isShared || states[account].isAhead { expose(account, slice, &call, &out) }
        let isStale = slices[slice].answered.map { isShared && slices[slice].touched > $0 && now - $0 >= Self.fresh } ?? true
        if amount > 0 || isStale || slices[slice].isUnclear { wish(amount, account, slice, &call, &out) }
        slices[slice].wanted = 0
    }

    private mutating func wish(_ amount: Int64, _ account: Int, _ slice: Int, _ call: inout LeaseCall, _ out: inout CallBook.Outstanding) {
        let window = slices[slice].window
        call.wishes.append(
            LeaseWish(
                account: table.accounts[account].name, windowStart: window.start, windowEnd: window.end, limit: states[account].grantable,
                granted: slices[slice].lease == 0 ? 0 : slices[slice].granted, amount: amount, kind: states[account].kind))
        out.asked.append(Int32(slice))
        slices[slice].isAsked = true
    }

    private mutating func giveBack(_ amount: Int64, _ slice: Int, _ call: inout LeaseCall, _ out: inout CallBook.Outstanding) {
        out.returned.append(Int32(slice))
        slices[slice].returning = 0
        call.returns.append(LeaseReturn(lease: slices[slice].lease, amount: amount, isLast: false))
    }

    /// A slice of which nothing is reserved any more: gives back what is spare, and itself once rows have said all.
    private mutating func finish(_ slice: Int, _ call: inout LeaseCall, _ out: inout CallBook.Outstanding) {
        // The store may have opened it for a wish whose answer got lost.
        let account = Int(slices[slice].account)
        let isAnswerNeeded = slices[slice].isUnclear || slices[slice].owed > 0 && slices[slice].lease == 0
        if isAnswerNeeded, !slices[slice].isRetired, account >= 0 { return wish(0, account, slice, &call, &out) }
        let isForgotten = slices[slice].holds == 0 && clock.now - Self.forgotten > slices[slice].window.end
        if slices[slice].isSettled || isForgotten {
            let isKept = slices[slice].lease == 0 && slices[slice].window.end > clock.now - LimitWindow.minute && !slices[slice].isRetired
            if isKept { return }
            if slices[slice].lease == 0 || isForgotten && !slices[slice].isSettled { return vacate(slice) }
            let rest = saturatingSum(max(0, slices[slice].spare), slices[slice].returning)
            call.returns.append(LeaseReturn(lease: slices[slice].lease, amount: rest, isLast: true))
            out.closing.append(Int32(slice))
            slices[slice].isAsked = true
            return
        }
        let rest = slices[slice].spare
        guard slices[slice].lease != 0, rest > 0 || slices[slice].returning > 0 else { return }
        slices[slice].granted -= max(0, rest)
        giveBack(saturatingSum(max(0, rest), slices[slice].returning), slice, &call, &out)
    }

    // MARK: How much

    /// clamp(what is left / 4 gateways' worth, the largest request, some seconds' worth).
    func sliceSize(_ account: Int, _ slice: Int) -> Int64 {
        let pace = states[account].pace
        let left = saturatingSum(slices[slice].free, max(0, slices[slice].spare))
        let share = (slices[slice].answered == nil ? states[account].grantable : left) / Int64(4 * calls.gateways)
        let (several, overflows) = pace.largest.multipliedReportingOverflow(by: 8)
        let usual = overflows ? .max : max(several, saturatingSum(pace.rate, pace.rate))
        return min(max(share, pace.largest), max(usual, pace.largest))
    }

    private func sharedWish(_ account: Int, _ slice: Int) -> Int64 {
        let spare = slices[slice].spare
        let wanted = slices[slice].wanted
        let isUsed = wanted > 0 || clock.now - slices[slice].touched < Self.idle
        guard isUsed, wanted > spare || spare <= slices[slice].lowWater || slices[slice].answered == nil else { return 0 }
        let goal = max(sliceSize(account, slice), wanted)
        return max(0, saturatingDifference(goal, spare))
    }

    private func exclusiveWish(_ account: Int, _ slice: Int) -> Int64 {
        if states[account].isAhead { return slices[slice].lease == 0 ? min(states[account].grantable, Self.plenty) : 0 }
        let isShort = slices[slice].answered == nil || slices[slice].wanted > 0
        if states[account].isHard { return isShort ? states[account].limit : 0 }
        return slices[slice].spare < Self.plenty / 2 ? Self.plenty : 0
    }

    /// What is too much goes back, so that money wanders to the gateway that asks: of a slice in use all beyond a slice's size where it has
    /// several, of an idle one all but a request's or two, and in time, where little is left or where another gateway seeks those too.
    private mutating func giveBackIdle(_ account: Int, _ slice: Int, _ call: inout LeaseCall, _ out: inout CallBook.Outstanding) {
        let now = clock.now
        guard slices[slice].lease != 0, slices[slice].wanted == 0 else { return }
        guard slices[slice].window.start <= now || slices[slice].window.start > now + LimitWindow.minute else { return }
        let spare = slices[slice].spare
        let largest = states[account].pace.largest
        var kept = saturatingSum(largest, largest)
        let unused = now - slices[slice].touched
        let isSought = now - slices[slice].soughtAt < Self.sought
        if unused < (isSought ? Self.idleSought : Self.idle) {
            let size = sliceSize(account, slice)
            let isScarce = isSought || slices[slice].free < size
            guard spare / (isScarce ? 2 : 4) > size else { return }
            kept = isScarce ? size : max(kept, size)
        } else {
            let left = saturatingSum(slices[slice].free, max(0, spare))
            if isSought || unused >= Self.busy || left / Int64(8 * calls.gateways) < largest { kept = 0 }
        }
        let surplus = saturatingDifference(spare, kept)
        guard surplus > 0 else { return }
        slices[slice].granted -= surplus
        giveBack(surplus, slice, &call, &out)
    }

    /// Says how much of a slice may be owed, so that the rest can be freed should this gateway never be heard of again.
    private mutating func expose(_ account: Int, _ slice: Int, _ call: inout LeaseCall, _ out: inout CallBook.Outstanding) {
        guard states[account].isHard, slices[slice].lease != 0 else { return }
        if states[account].kind != .budget { return tellUsed(account, slice, &call) }
        let owed = saturatingSum(slices[slice].outstanding, slices[slice].wanted)
        // Never less than a slice is good for, and twice what made it short: a burst waits for one answer, not for one after the other.
        let twice = saturatingSum(owed, owed)
        let goal = max(saturatingSum(twice, twice), saturatingSum(states[account].pace.largest, sliceSize(account, slice)))
        let exposure = slices[slice].exposure
        let isShort = exposure != .max && owed > exposure / 2
        let isWide = exposure == .max ? slices[slice].granted - slices[slice].written > goal : goal < exposure / 4
        guard isShort || isWide else { return }
        call.held.append(LeaseHolding(lease: slices[slice].lease, amount: goal))
        // Less holds at once, more only when the store knows.
        slices[slice].exposure = min(exposure, goal)
        out.exposures.append((Int32(slice), goal))
    }

    /// What is used of a rate: should this gateway come back within the minute, it stays used.
    private mutating func tellUsed(_ account: Int, _ slice: Int, _ call: inout LeaseCall) {
        let used = saturatingSum(slices[slice].charged, slices[slice].held)
        guard states[account].kind == .rate, used != slices[slice].saidUsed else { return }
        slices[slice].saidUsed = used
        call.held.append(LeaseHolding(lease: slices[slice].lease, amount: used))
    }

    /// A busy account has its slice of the next window before that begins.
    private mutating func prepareNext(_ account: Int, _ slice: Int) {
        let end = slices[slice].window.end
        guard end != .max, end - clock.now <= Self.ahead, clock.now - slices[slice].touched < Self.busy else { return }
        let next = self.slice(of: account, in: states[account].period.window(at: end))
        if slices[next].touched == 0 { slices[next].touched = clock.now }
    }

    // MARK: The end of slices

    /// What is spare goes back, so that all gateways are granted by the new limit only.
    mutating func recall(_ slice: Int) {
        let spare = max(0, slices[slice].spare)
        slices[slice].granted -= spare
        slices[slice].returning = saturatingSum(slices[slice].returning, spare)
        slices[slice].answered = nil
        slices[slice].free = 0
        markDue(slice)
    }

    /// Somebody corrected at the store what was used of budgets: the next call asks anew what is left of them. Requests that they limit wait
    /// for its answer.
    public mutating func reread() {
        calls.rereads = true
        isUrgent = true
    }

    mutating func recallBudgets() {
        calls.rereads = false
        for slice in slices.indices where slices[slice].kind == .budget && slices[slice].account >= 0 && slices[slice].lease != 0 {
            if !slices[slice].isRetired, !slices[slice].isVacant { recall(slice) }
        }
    }

    mutating func vacate(_ slice: Int) {
        unlink(slice)
        if slices[slice].lease != 0 { byLease[slices[slice].lease] = nil }
        owing.removeAll { $0 == Int32(slice) }
        let isDue = slices[slice].isDue
        slices[slice] = LeaseSlice(account: -1, window: .always, kind: slices[slice].kind, unit: slices[slice].unit)
        slices[slice].isVacant = true
        slices[slice].isDue = isDue
        // One that is still in `due` is used again only when it has left that.
        if !isDue { vacant.append(Int32(slice)) }
    }

    /// Takes a slice out of its account's list.
    mutating func unlink(_ slice: Int) {
        let account = Int(slices[slice].account)
        guard account >= 0 else { return }
        if states[account].current == Int32(slice) { states[account].current = -1 }
        if states[account].first == Int32(slice) {
            states[account].first = slices[slice].next
        } else {
            var at = states[account].first
            while at >= 0, slices[Int(at)].next != Int32(slice) { at = slices[Int(at)].next }
            if at >= 0 { slices[Int(at)].next = slices[slice].next }
        }
        slices[slice].next = -1
    }
}
