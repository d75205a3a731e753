/// All accounts of this gateway: reserves the worst case before a request is sent, settles the truth behind it, and says what to ask the
/// store for in the background.
///
/// A value without clock, chance or I/O: the time is given, milliseconds since 1970 by the store's clock, moved on by the machine's
/// monotonic one. What it has of an account is a lease: a slice that left the budget before anything was spent of it.
public struct Ledger: Sendable {
    public enum Mode: Sendable {
        /// The store's only gateway: has all that is left of each budget. Minutes and requests in flight are counted here alone.
        case exclusive
        /// One of many.
        case shared
    }

    public enum OnStoreLoss: Sendable {
        /// Rates and parallel limits refuse as budgets do once what was leased is used up.
        case deny
        /// They count on for this gateway alone: its even part of the limit.
        case local
    }

    public var onStoreLoss = OnStoreLoss.deny
    /// How long after the last answer leases are still believed, shorter than the silence after which the store corrects what it charged
    /// for a gateway that is gone.
    public var trust = Duration.seconds(480)
    /// The same for requests in flight, which are free again as soon as leases expire.
    public var parallelTrust = Duration.seconds(10)

    let mode: Mode
    var table = AccountTable.empty
    var states: [AccountState] = []
    var byName: [String: Int32] = [:]
    /// Chains one behind the other: those of keys, projects, customers, deployments.
    var members: [Int32] = []
    var chains: [Range<Int32>] = []
    var projects: [Range<Int32>] = []
    var customers: [Range<Int32>] = []
    var deployments: [Range<Int32>] = []

    var slices: [LeaseSlice] = []
    var vacant: [Int32] = []
    /// Budgets' slices by the number of their lease.
    var byLease: [Int64: Int32] = [:]
    var holds = HoldBook()
    /// What the last second has taken of accounts that count seconds, and whether there are such.
    var bursts = BurstQueue()
    var hasBursts = false
    var clock = WindowClock()
    /// The first time this ledger was told.
    var bornAt: Int64?

    /// Slices that need something of the store.
    var due: [Int32] = []
    /// Slices that were charged while they had no lease.
    var owing: [Int32] = []
    var crossings: [LimitCrossing] = []
    var calls = CallBook()
    /// Requests wait, or will soon: the background should call now. Read and cleared by `takeUrgency`.
    var isUrgent = false

    public init(table: AccountTable, mode: Mode) {
        self.mode = mode
        replace(table)
    }

    /// False: requests with this key are counted nowhere.
    public func isLimited(chain: Int) -> Bool { chain >= 0 && chain < chains.count && !chains[chain].isEmpty }
    public func isLimited(deployment: Int) -> Bool {
        deployment >= 0 && deployment < deployments.count && !deployments[deployment].isEmpty
    }

    /// Whether a hard budget of money stands above this key's requests: what has no price may not be sent then.
    public func hasHardMoney(chain: Int) -> Bool {
        isLimited(chain: chain) && members[Int(chains[chain].lowerBound)..<Int(chains[chain].upperBound)].contains { isHardMoney($0) }
    }
    public func hasHardMoney(deployment: Int) -> Bool {
        guard isLimited(deployment: deployment) else { return false }
        return members[Int(deployments[deployment].lowerBound)..<Int(deployments[deployment].upperBound)].contains { isHardMoney($0) }
    }
    private func isHardMoney(_ account: Int32) -> Bool { states[Int(account)].unit == .nanodollars && states[Int(account)].isHard }

    /// Requests that hold something.
    public var holdCount: Int { holds.count }

    /// True once after requests had to wait or will have to soon: wake whoever calls the store.
    public mutating func takeUrgency() -> Bool {
        defer { isUrgent = false }
        return isUrgent
    }

    // MARK: Reserving

    /// Reserves on all accounts of a key's requests, or on none. `chain` is an index of `AccountTable.chains`; project and customer are
    /// given where the request names ones that its key does not have.
    public mutating func reserve(
        _ demand: Demand, chain: Int, project: Int? = nil, customer: Int? = nil, at unixMilliseconds: Int64
    ) -> Reservation {
        let own = isLimited(chain: chain) ? chains[chain] : 0..<0
        if project == nil, customer == nil {
            return own.isEmpty ? .permit(.none) : reserve(demand, among: Spans(own), at: unixMilliseconds)
        }
        var spans = Spans(own)
        if let project, projects.indices.contains(project) { spans.project = projects[project] }
        if let customer, customers.indices.contains(customer) { spans.customer = customers[customer] }
        return spans.isEmpty ? .permit(.none) : reserve(demand, among: spans, at: unixMilliseconds)
    }

    /// Reserves on all accounts of an attempt at a deployment, or on none.
    public mutating func reserve(_ demand: Demand, deployment: Int, at unixMilliseconds: Int64) -> Reservation {
        guard isLimited(deployment: deployment) else { return .permit(.none) }
        return reserve(demand, among: Spans(deployments[deployment]), at: unixMilliseconds)
    }

    /// Accounts of one request: up to three runs of `members`.
    private struct Spans {
        var own: Range<Int32>
        var project: Range<Int32> = 0..<0
        var customer: Range<Int32> = 0..<0

        init(_ own: Range<Int32>) { self.own = own }

        var isOwnAlone: Bool { project.isEmpty && customer.isEmpty }
        var isEmpty: Bool { own.isEmpty && isOwnAlone }
    }

    private mutating func reserve(_ demand: Demand, among spans: Spans, at time: Int64) -> Reservation {
        advance(to: time)
        let isAtHand = isAtHand(demand, spans.own) && (spans.isOwnAlone || isAtHand(demand, spans.project) && isAtHand(demand, spans.customer))
        if !isAtHand, let answer = shortage(of: demand, spans) { return answer }
        let hold = holds.open()
        var parts = holds.takeParts(of: Int(hold.index))
        take(demand, spans.own, &parts)
        if !spans.isOwnAlone {
            take(demand, spans.project, &parts)
            take(demand, spans.customer, &parts)
        }
        if hasBursts { takeBursts(of: hold, &parts) }
        holds.put(consume parts, at: Int(hold.index))
        return .permit(hold)
    }

    /// Nearly always: all accounts have their slice of now, with as much as is asked. Here and in `take` a request goes through all of its
    /// accounts, so lists are opened once, not asked at each step how long they are and who else has them.
    private func isAtHand(_ demand: Demand, _ span: Range<Int32>) -> Bool {
        let (now, budgetsUntil, parallelUntil) = (clock.now, calls.trustedUntil, calls.parallelTrustedUntil)
        return members[Int(span.lowerBound)..<Int(span.upperBound)].withUnsafeBufferPointer { members in
            states.withUnsafeBufferPointer { states in
                slices.withUnsafeBufferPointer { slices in
                    for member in members {
                        let current = states[Int(member)].current
                        guard current >= 0, slices[Int(current)].window.contains(now) else { return false }
                        let amount = demand.amount(states[Int(member)].unit)
                        guard states[Int(member)].isHard, amount > 0 else { continue }
                        guard slices[Int(current)].available >= amount else { return false }
                        switch slices[Int(current)].kind {
                        case .budget: if now > budgetsUntil { return false }
                        case .parallel: if now > parallelUntil { return false }
                        case .rate: break
                        }
                    }
                    return true
                }
            }
        }
    }

    /// Why it is not, unless it is after all: nil. Opens the slices that there are none of.
    @inline(never) private mutating func shortage(of demand: Demand, _ spans: Spans) -> Reservation? {
        var shortage = Shortage()
        look(demand, spans.own, &shortage)
        look(demand, spans.project, &shortage)
        look(demand, spans.customer, &shortage)
        return shortage.isAny ? reservation(for: shortage) : nil
    }

    private mutating func look(_ demand: Demand, _ span: Range<Int32>, _ shortage: inout Shortage) {
        for member in span {
            let account = Int(members[Int(member)])
            let slice = currentSlice(of: account)
            let amount = demand.amount(states[account].unit)
            if states[account].isHard, amount > 0, slices[slice].available < amount || !isTrusted(slices[slice].kind) {
                examine(account, slice, amount, &shortage)
            }
        }
    }

    private mutating func take(_ demand: Demand, _ span: Range<Int32>, _ parts: inout [HoldBook.Part]) {
        let accounts = members[Int(span.lowerBound)..<Int(span.upperBound)]
        guard Self.take(demand, accounts, &states, &slices, &parts, at: clock.now) else { return }
        for account in accounts where !states[Int(account)].isLocal && slices[Int(states[Int(account)].current)].isRunningLow {
            markDue(Int(states[Int(account)].current))
            isUrgent = true
        }
    }

    /// True: one of the slices runs low.
    @inline(__always) private static func take(
        _ demand: Demand, _ accounts: ArraySlice<Int32>, _ states: inout [AccountState], _ slices: inout [LeaseSlice],
        _ parts: inout [HoldBook.Part], at now: Int64
    ) -> Bool {
        accounts.withUnsafeBufferPointer { accounts in
            states.withUnsafeMutableBufferPointer { states in
                slices.withUnsafeMutableBufferPointer { slices in
                    var isRunningLow = false
                    for account in accounts {
                        let (current, unit) = (states[Int(account)].current, states[Int(account)].unit)
                        let amount = demand.amount(unit)
                        slices[Int(current)].take(amount, at: now)
                        slices[Int(current)].holds += 1
                        if slices[Int(current)].isRunningLow { isRunningLow = true }
                        states[Int(account)].pace.note(amount)
                        parts.append(HoldBook.Part(slice: current, unit: unit, amount: amount))
                    }
                    return isRunningLow
                }
            }
        }
    }

    /// Reserves more for a request on the accounts it holds of, or nothing: a second attempt beside the first, a dearer deployment. Where
    /// a window has passed, what it held moves to the one of now.
    public mutating func extend(_ hold: Hold, by demand: Demand, at unixMilliseconds: Int64) -> Reservation {
        guard let place = holds.place(of: hold) else { return .permit(hold) }
        advance(to: unixMilliseconds)
        var shortage = Shortage()
        let count = holds.entries[place].parts.count
        for index in 0..<count {
            let part = holds.entries[place].parts[index]
            let account = Int(slices[Int(part.slice)].account)
            let more = part.unit == .parallel ? 0 : demand.amount(part.unit)
            guard account >= 0, more > 0, states[account].isHard else { continue }
            let slice = currentSlice(of: account)
            let amount = slice == Int(part.slice) ? more : saturatingSum(part.amount, more)
            if slices[slice].available < amount || !isTrusted(slices[slice].kind) { examine(account, slice, amount, &shortage) }
        }
        if shortage.isAny { return reservation(for: shortage) }
        for index in 0..<count {
            let part = holds.entries[place].parts[index]
            let account = Int(slices[Int(part.slice)].account)
            let more = part.unit == .parallel ? 0 : demand.amount(part.unit)
            guard more > 0 else { continue }
            if account < 0 {
                slices[Int(part.slice)].held = saturatingSum(slices[Int(part.slice)].held, more)
            } else {
                let slice = currentSlice(of: account)
                if slice != Int(part.slice) { move(part, index, to: slice, at: place) }
                take(more, account, slice)
            }
            holds.grow(index, by: more, at: place)
        }
        return .permit(hold)
    }

    private mutating func move(_ part: HoldBook.Part, _ index: Int, to slice: Int, at place: Int) {
        let from = Int(part.slice)
        slices[from].held -= part.amount
        slices[from].holds -= 1
        slices[slice].held = saturatingSum(slices[slice].held, part.amount)
        slices[slice].holds += 1
        holds.move(index, to: Int32(slice), at: place)
        markDue(from)
    }

    private mutating func take(_ amount: Int64, _ account: Int, _ slice: Int) {
        slices[slice].take(amount, at: clock.now)
        states[account].pace.note(amount)
        if slices[slice].isRunningLow, !states[account].isLocal {
            markDue(slice)
            isUrgent = true
        }
    }

    private mutating func reservation(for shortage: Shortage) -> Reservation {
        if let why = shortage.refusal { return .refused(why) }
        isUrgent = true
        return .wait
    }

    // MARK: Windows

    mutating func advance(to time: Int64) {
        _ = clock.advance(to: time)
        if bornAt == nil { bornAt = clock.now }
        if !bursts.isEmpty { giveBackBursts() }
    }

    /// The slice of the window that counts now, opened if there is none.
    @inline(__always) mutating func currentSlice(of account: Int) -> Int {
        let current = Int(states[account].current)
        if current >= 0, slices[current].window.start == clock[states[account].period].start { return current }
        let slice = self.slice(of: account, in: clock[states[account].period])
        states[account].current = Int32(slice)
        return slice
    }

    /// The slice of this window, opened if there is none.
    mutating func slice(of account: Int, in window: LimitWindow) -> Int {
        var known = states[account].first
        while known >= 0 {
            if slices[Int(known)].window.start == window.start { return Int(known) }
            known = slices[Int(known)].next
        }
        var slice = LeaseSlice(account: Int32(account), window: window, kind: states[account].kind, unit: states[account].unit)
        slice.next = states[account].first
        if states[account].isLocal || states[account].isAhead && window.start > bornAt ?? .max {
            slice.granted = states[account].grantable
            slice.answered = clock.now
        }
        let index: Int
        if let place = vacant.popLast() {
            index = Int(place)
            slices[index] = slice
        } else {
            index = slices.count
            slices.append(slice)
        }
        states[account].first = Int32(index)
        setAlert(index)
        if !states[account].isLocal { markDue(index) }
        return index
    }

    mutating func markDue(_ slice: Int) {
        guard !slices[slice].isDue else { return }
        slices[slice].isDue = true
        due.append(Int32(slice))
    }
}
