/// How an account stands in the window of now, as far as this gateway knows. Amounts are in its unit.
public struct LimitBalance: Hashable, Sendable {
    /// Nil: counted, never full.
    public var limit: Int64?
    public var isHard: Bool
    /// Settled, by all gateways.
    public var used: Int64
    /// Reserved by requests in flight here.
    public var held: Int64
    /// In other gateways' hands, for their requests in flight among others.
    public var leasedElsewhere: Int64
    /// Of what this gateway has leased: not used yet, requests in flight here may hold of it.
    public var leasedHere: Int64 = 0
    public var window: LimitWindow
    /// False: the store has not said yet what others used.
    public var isKnown: Bool

    /// What no request has used or reserved; 0 where there is more than the limit.
    public var remaining: Int64? { limit.map { Ledger.Standing(used: used, held: held, window: window).remaining(of: $0) } }
    /// 0 to 100, and above. Nil without a limit.
    public var usedPercent: Double? {
        guard let limit else { return nil }
        return limit == 0 ? 100 : Double(used) * 100 / Double(limit)
    }
}

extension Ledger {
    /// What stands on an account's page of the window of now, for the path of a request.
    public struct Standing: Sendable {
        public var used: Int64
        public var held: Int64
        public var window: LimitWindow

        public init(used: Int64, held: Int64, window: LimitWindow) {
            self.used = used
            self.held = held
            self.window = window
        }

        /// What no request has used or reserved; 0 where there is more than the limit. Never beyond 64 bits: sums are saturated.
        public func remaining(of limit: Int64) -> Int64 { max(0, saturatingDifference(limit, saturatingSum(used, held))) }
    }

    /// As of the last reservation. `account` is one of this ledger's.
    @inline(__always) public func standing(of account: Int) -> Standing {
        let current = Int(states[account].current)
        if current >= 0, slices[current].window.contains(clock.now) {
            return Standing(used: slices[current].used, held: slices[current].held, window: slices[current].window)
        }
        let window = clock[states[account].period]
        var at = Int(states[account].first)
        while at >= 0 {
            if slices[at].window.start == window.start { return Standing(used: slices[at].used, held: slices[at].held, window: window) }
            at = Int(slices[at].next)
        }
        return Standing(used: 0, held: 0, window: window)
    }

    /// Nil: there is no such account. Constant time but for the slices of one account, which are two or three.
    public func balance(of account: Int, at unixMilliseconds: Int64) -> LimitBalance? {
        guard states.indices.contains(account) else { return nil }
        let state = states[account]
        let window = state.period.window(at: max(unixMilliseconds, clock.now))
        var balance = LimitBalance(
            limit: table.accounts[account].limit, isHard: state.isHard, used: 0, held: 0, leasedElsewhere: 0, window: window,
            isKnown: state.isLocal)
        var at = state.first
        while at >= 0 {
            let slice = slices[Int(at)]
            if slice.window.start == window.start {
                balance.used = slice.used
                balance.held = slice.held
                balance.leasedElsewhere = slice.leasedElsewhere
                balance.leasedHere = max(0, saturatingDifference(slice.granted, slice.charged))
                balance.isKnown = state.isLocal || slice.answered != nil
                break
            }
            at = slice.next
        }
        return balance
    }

    /// The index of an account in the table in force.
    public func account(named name: String) -> Int? { byName[name].map { Int($0) } }
}
