/// The one call to the store that is on its way, and what the last answer said of all.
struct CallBook: Sendable {
    struct Outstanding: Sendable {
        var number: Int64
        var sentAt: Int64
        /// By index of the wish.
        var asked: [Int32] = []
        /// Slices that it gives something back of.
        var returned: [Int32] = []
        /// Slices whose last return it carries.
        var closing: [Int32] = []
        var exposures: [(slice: Int32, amount: Int64)] = []
    }

    var number: Int64 = 0
    var sentAt: Int64 = 0
    var outstanding: Outstanding?
    var isLost = false
    var gateways = 1
    /// Until when what was leased is believed.
    var trustedUntil = Int64.max
    var parallelTrustedUntil = Int64.max
    /// See `Ledger.reread`.
    var rereads = false
    /// Slices of this gateway, which it does not know, to be returned.
    var strays: [Int64] = []
    /// Where the round of all slices goes on.
    var next = 0
}

extension Ledger {
    /// A gateway calls at least this often, so that it is heard of.
    static let heartbeat: Int64 = 1_000
    /// Nobody waits longer for an answer.
    static let longestCall: Int64 = 5_000
    /// Wishes and returns in one call.
    static let mostOfACall = 1_000
    /// Slices looked at in one call, beside those that are due.
    static let mostOfARound = 2_048

    /// What to ask the store now; nil: nothing, or a call is on its way. Its answer goes to `apply`, its failure to `lost`.
    public mutating func call(at unixMilliseconds: Int64) -> LeaseCall? {
        guard calls.outstanding == nil else { return nil }
        advance(to: unixMilliseconds)
        isUrgent = false
        if calls.rereads { recallBudgets() }
        var call = LeaseCall()
        var out = CallBook.Outstanding(number: max(calls.number + 1, clock.now), sentAt: clock.now)
        call.returns = calls.strays.map { LeaseReturn(lease: $0, amount: 0, isLast: true) }
        calls.strays = []
        // Tending marks others: they come behind.
        var tended = 0
        while tended < due.count, call.wishes.count + call.returns.count < Self.mostOfACall {
            let slice = due[tended]
            tended += 1
            slices[Int(slice)].isDue = false
            if slices[Int(slice)].isVacant { vacant.append(slice) }
            tend(Int(slice), &call, &out)
        }
        due.removeFirst(tended)
        goRound(&call, &out)
        let isEmpty = call.wishes.isEmpty && call.returns.isEmpty && call.held.isEmpty
        if isEmpty, mode == .exclusive || clock.now - calls.sentAt < Self.heartbeat && clock.now >= calls.sentAt { return nil }
        call.number = out.number
        calls.number = out.number
        calls.sentAt = clock.now
        calls.outstanding = out
        return call
    }

    /// Looks at slices that nobody marked: idle ones, those of windows that are over or nearly.
    private mutating func goRound(_ call: inout LeaseCall, _ out: inout CallBook.Outstanding) {
        var looked = 0
        while looked < min(slices.count, Self.mostOfARound), call.wishes.count + call.returns.count < Self.mostOfACall {
            if calls.next >= slices.count { calls.next = 0 }
            let slice = calls.next
            calls.next += 1
            looked += 1
            if !slices[slice].isDue { tend(slice, &call, &out) }
        }
    }

    /// The store's answer to the call that is on its way. Others are not believed: `lost` was said of them.
    public mutating func apply(_ reply: LeaseReply, to call: LeaseCall, at unixMilliseconds: Int64) {
        guard let out = calls.outstanding, out.number == call.number else { return }
        advance(to: unixMilliseconds)
        calls.outstanding = nil
        calls.isLost = false
        calls.gateways = max(1, reply.gateways)
        if mode == .shared {
            // Since the call was sent, unless the store's clock jumped in between.
            let isPlain = out.sentAt <= clock.now && clock.now - out.sentAt <= Self.longestCall
            let since = isPlain ? out.sentAt : clock.now - Self.longestCall
            calls.trustedUntil = saturatingSum(since, trust.milliseconds)
            calls.parallelTrustedUntil = saturatingSum(since, parallelTrust.milliseconds)
        }
        for exposure in out.exposures { slices[Int(exposure.slice)].exposure = exposure.amount }
        for slice in out.closing { vacate(Int(slice)) }
        for lease in reply.lost {
            // Named again with each answer until its last return.
            guard let slice = byLease[lease] else {
                // Opened for a wish whose answer got lost: nothing was ever charged to it.
                calls.strays.append(lease)
                continue
            }
            if !slices[Int(slice)].isRetired { replaceLost(Int(slice)) }
        }
        for lease in reply.sought {
            guard let slice = byLease[lease] else { continue }
            slices[Int(slice)].soughtAt = clock.now
            markDue(Int(slice))
            // Without waiting for the next heartbeat.
            if slices[Int(slice)].spare > 0 { isUrgent = true }
        }
        for (index, asked) in out.asked.enumerated() {
            slices[Int(asked)].isAsked = false
            guard index < reply.grants.count, index < call.wishes.count else { continue }
            take(reply.grants[index], call.wishes[index], Int(asked))
        }
    }

    /// The store did not answer the call: what was asked may have been granted or not.
    public mutating func lost(at unixMilliseconds: Int64) {
        advance(to: unixMilliseconds)
        calls.isLost = true
        guard let out = calls.outstanding else { return }
        calls.outstanding = nil
        for slice in out.asked {
            slices[Int(slice)].isAsked = false
            slices[Int(slice)].isUnclear = true
            markDue(Int(slice))
        }
        for slice in out.returned {
            slices[Int(slice)].isUnclear = true
            markDue(Int(slice))
        }
        for slice in out.closing {
            slices[Int(slice)].isAsked = false
            markDue(Int(slice))
        }
    }

    /// This gateway has begun a new life at the store while it runs: slices of the one before are closed there.
    public mutating func rejoined(at unixMilliseconds: Int64) {
        lost(at: unixMilliseconds)
        guard mode == .shared else { return }
        for slice in slices.indices where slices[slice].lease != 0 && !slices[slice].isRetired && !slices[slice].isVacant { replaceLost(slice) }
    }

    private mutating func take(_ grant: LeaseGrant, _ wish: LeaseWish, _ asked: Int) {
        var slice = asked
        if slices[slice].heir >= 0 { slice = Int(slices[slice].heir) }
        if slices[slice].isVacant { return }
        slices[slice].isUnclear = false
        if slices[slice].lease != grant.lease {
            if slices[slice].lease != 0 { slice = replaceLost(slice) }
            slices[slice].lease = grant.lease
            byLease[grant.lease] = Int32(slice)
            // The wish spoke of another lease: whether this one has grants that got lost is asked with the next.
            slices[slice].isUnclear = wish.granted > 0
            if wish.granted > 0 { markDue(slice) }
        }
        let owner = Int(slices[slice].account)
        if owner >= 0, states[owner].isAhead {
            slices[slice].granted = max(slices[slice].granted, grant.amount)
        } else {
            slices[slice].granted = saturatingSum(slices[slice].granted, max(0, grant.amount))
        }
        let ours = max(0, saturatingDifference(slices[slice].granted, slices[slice].written))
        slices[slice].leasedElsewhere = max(0, saturatingDifference(grant.leased, ours))
        if mode == .shared {
            slices[slice].usedElsewhere = max(0, saturatingDifference(grant.used, slices[slice].written))
        } else if slices[slice].answered == nil {
            slices[slice].usedElsewhere = usedElsewhere(slice, grant)
        }
        slices[slice].free = max(0, saturatingDifference(saturatingDifference(wish.limit, grant.used), grant.leased))
        slices[slice].answered = clock.now
        let account = Int(slices[slice].account)
        guard account >= 0 else { return }
        if wish.limit > states[account].grantable, !states[account].isAhead { recall(slice) }
        slices[slice].lowWater = sliceSize(account, slice) / 2
        if slices[slice].used >= slices[slice].alertAt { cross(slice) }
    }

    /// Of a lone gateway: before it, or by a correction since, which may be less than nothing. What of a grant is not leased any more rows
    /// have charged, whether that is known here yet or not.
    private func usedElsewhere(_ slice: Int, _ grant: LeaseGrant) -> Int64 {
        guard slices[slice].kind == .budget else { return max(0, saturatingDifference(grant.used, slices[slice].written)) }
        let charged = max(slices[slice].written, saturatingDifference(slices[slice].granted, grant.leased))
        return saturatingDifference(grant.used, charged)
    }

    /// The store has taken a slice away: holds stay with it, what comes is reserved of a new one.
    @discardableResult
    private mutating func replaceLost(_ lost: Int) -> Int {
        slices[lost].isRetired = true
        let account = Int(slices[lost].account)
        slices[lost].granted = min(slices[lost].granted, saturatingSum(slices[lost].charged, slices[lost].held))
        markDue(lost)
        guard account >= 0 else { return lost }
        unlink(lost)
        slices[lost].alertAt = .max
        let fresh = slice(of: account, in: slices[lost].window)
        slices[lost].heir = Int32(fresh)
        slices[fresh].told = slices[lost].told
        slices[fresh].touched = slices[lost].touched
        setAlert(fresh)
        return fresh
    }
}

extension Duration {
    var milliseconds: Int64 { nanoseconds / 1_000_000 }
}
