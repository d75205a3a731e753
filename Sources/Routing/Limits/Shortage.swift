/// Why a request cannot be let pass now: what is exhausted, and whether asking the store may help.
struct Shortage {
    var mayHelp = false
    /// Of the exhausted accounts the one of the first scope.
    var refusal: LimitExceeded?
    /// When the last of all exhausted accounts begins anew; nil: never.
    private var allReset: Int64? = .min

    var isAny: Bool { mayHelp || refusal != nil }

    mutating func add(_ why: LimitExceeded, retryAt: Int64?, now: Int64) {
        if let latest = allReset { allReset = retryAt.map { max($0, latest) } }
        if refusal.map({ why.scope.rawValue < $0.scope.rawValue }) ?? true { refusal = why }
        refusal?.retryAfterMilliseconds = allReset.map { max(1_000, $0 - now) }
    }
}

extension Ledger {
    /// An answer this young is believed to say what is left at the store.
    static let recent: Int64 = 1_000
    /// Where nobody knows when there will be room.
    static let unknownWait: Int64 = 1_000

    /// Leases of a gateway that has not been heard of for too long may be somebody else's by now.
    @inline(__always) func isTrusted(_ kind: LeaseKind) -> Bool {
        switch kind {
        case .budget: clock.now <= calls.trustedUntil
        case .parallel: clock.now <= calls.parallelTrustedUntil
        case .rate: true
        }
    }

    /// A hard account has too little at hand: notes what is wanted, or why it cannot be.
    mutating func examine(_ account: Int, _ slice: Int, _ amount: Int64, _ shortage: inout Shortage) {
        let limit = states[account].limit
        if amount > limit { return exceeded(.tooLarge, account, slice, amount, &shortage) }
        if states[account].isLocal { return exceeded(.exhausted, account, slice, amount, &shortage) }
        let missing = saturatingDifference(amount, slices[slice].spare)
        if calls.isLost || !isTrusted(states[account].kind) {
            if states[account].kind != .budget, onStoreLoss == .local {
                let used = saturatingSum(slices[slice].charged, slices[slice].held)
                if saturatingSum(used, amount) <= max(1, limit / Int64(calls.gateways)) { return }
                return exceeded(.exhausted, account, slice, amount, &shortage)
            }
            let isExhausted = slices[slice].answered != nil && missing > slices[slice].free
            return exceeded(isExhausted ? .exhausted : .storeLost, account, slice, amount, &shortage)
        }
        if let answered = slices[slice].answered, missing > 0, missing > slices[slice].free {
            if mode == .exclusive || clock.now - answered <= Self.recent { return exceeded(.exhausted, account, slice, amount, &shortage) }
        }
        slices[slice].wanted = saturatingSum(slices[slice].wanted, amount)
        slices[slice].touched = clock.now
        states[account].pace.noteWanted(amount)
        shortage.mayHelp = true
        markDue(slice)
    }

    private func exceeded(_ reason: LimitExceeded.Reason, _ account: Int, _ slice: Int, _ amount: Int64, _ shortage: inout Shortage) {
        let state = states[account]
        let of = table.accounts[account]
        let used = slices[slice].used
        let remaining = saturatingDifference(saturatingDifference(state.limit, used), slices[slice].held)
        let resets: Int64? = state.kind == .parallel || state.period == .total ? nil : slices[slice].window.end
        let retry: Int64? =
            switch reason {
            case .tooLarge: nil
            case .storeLost: clock.now + Self.unknownWait
            case .exhausted: state.kind == .parallel ? clock.now + Self.unknownWait : resets
            }
        let why = LimitExceeded(
            reason: reason, account: account, scope: state.scope, owner: of.owner, unit: of.unit, period: state.period,
            isBudget: of.isBudget, limit: state.limit, used: used, remaining: max(0, remaining), demanded: amount, resetsAt: resets,
            retryAfterMilliseconds: nil)
        shortage.add(why, retryAt: retry, now: clock.now)
    }
}
