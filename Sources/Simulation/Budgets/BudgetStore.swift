import Routing

/// What a world of budgets asks of its store. Tests put bugs around one.
public protocol LeaseBooking: Sendable {
    mutating func join(_ gateway: Int, at now: Int64)
    /// Nil: refused.
    mutating func lease(_ call: LeaseCall, for gateway: Int, at now: Int64) -> LeaseReply?
    mutating func append(_ rows: [BudgetRow])
    mutating func correct(at now: Int64)
    var books: BudgetStore { get }
}

/// A request's row and what it charges.
public struct BudgetRow: Hashable, Sendable {
    public var id: Int
    public var charges: [LeaseCharge]
    /// Nobody saw its end: charged with what it held.
    public var isUnknown = false

    public init(id: Int, charges: [LeaseCharge], isUnknown: Bool = false) {
        (self.id, self.charges, self.isUnknown) = (id, charges, isUnknown)
    }
}

/// The rules of `LeaseStore` in memory, written down a second time: sums are taken anew from slices where they are asked for.
public struct BudgetStore: LeaseBooking {
    public struct Window: Hashable, Sendable {
        public var account: String
        public var start: Int64
    }

    public enum State: Sendable { case open, writtenOff, closed }

    public struct Slice: Sendable {
        public var window: Window
        public var gateway: Int
        public var kind: LeaseKind
        public var state = State.open
        public var granted: Int64 = 0
        public var used: Int64 = 0
        /// The most that may be owed of it; all, as long as nothing was said.
        public var held = Int64.max

        public var rest: Int64 { state == .closed ? 0 : max(0, granted - used) }
    }

    struct Heard: Sendable {
        var at: Int64
        var number: Int64 = 0
        var isAlive = true
    }

    public let expiry: Int64
    public let silence: Int64
    public var slices: [Int64: Slice] = [:]
    /// In the order they were opened.
    public var byWindow: [Window: [Int64]] = [:]
    /// By gateway, those that are not closed.
    private var live: [Int: [Int64]] = [:]
    public var rows: [Int: BudgetRow] = [:]
    var heard: [Int: Heard] = [:]
    /// Who wanted more of a window than there was, and when last.
    private var sought: [Window: (at: Int64, by: Int)] = [:]
    private var last: Int64 = 0

    public var books: BudgetStore { self }

    public init(expiry: Int64, silence: Int64) {
        self.expiry = expiry
        self.silence = silence
    }

    public mutating func join(_ gateway: Int, at now: Int64) {
        for lease in leases(of: gateway) { close(lease) }
        heard[gateway] = Heard(at: now)
    }

    public mutating func lease(_ call: LeaseCall, for gateway: Int, at now: Int64) -> LeaseReply? {
        guard let known = heard[gateway], call.number > known.number else { return nil }
        heard[gateway] = Heard(at: now, number: call.number)
        for back in call.returns where slices[back.lease]?.gateway == gateway { giveBack(back) }
        for holding in call.held where slices[holding.lease]?.gateway == gateway { slices[holding.lease]?.held = holding.amount }
        for (other, last) in heard where other != gateway && last.isAlive && last.at <= now - expiry {
            heard[other]?.isAlive = false
            for lease in leases(of: other) { expire(lease) }
        }
        var reply = LeaseReply()
        reply.grants = call.wishes.map { grant($0, for: gateway, at: now) }
        reply.sought = leases(of: gateway).filter { lease in
            guard let slice = slices[lease], slice.state == .open, let seeker = sought[slice.window] else { return false }
            return seeker.by != gateway && seeker.at > now - 3_000
        }
        reply.lost = leases(of: gateway).filter { slices[$0]?.state == .writtenOff }
        reply.storeUnixMilliseconds = now
        reply.gateways = heard.values.count { $0.isAlive }
        return reply
    }

    public mutating func append(_ rows: [BudgetRow]) {
        for row in rows where self.rows[row.id] == nil {
            self.rows[row.id] = row
            for charge in row.charges { slices[charge.lease]?.used += charge.amount }
        }
    }

    public mutating func correct(at now: Int64) {
        for lease in live.values.joined() {
            guard let slice = slices[lease], slice.state == .writtenOff, slice.kind == .budget else { continue }
            guard let heard = heard[slice.gateway], !heard.isAlive, heard.at <= now - silence, slice.rest > slice.held else { continue }
            slices[lease]?.granted = slice.used + slice.held
        }
    }

    /// Used, written off, leased.
    public func sums(_ window: Window) -> (used: Int64, writtenOff: Int64, leased: Int64) {
        var sums: (used: Int64, writtenOff: Int64, leased: Int64) = (0, 0, 0)
        for lease in byWindow[window] ?? [] {
            guard let slice = slices[lease] else { continue }
            sums.used += slice.used
            if slice.state == .open { sums.leased += slice.rest } else { sums.writtenOff += slice.rest }
        }
        return sums
    }

    private func leases(of gateway: Int) -> [Int64] { live[gateway] ?? [] }

    private mutating func end(_ lease: Int64, _ slice: Slice) {
        var slice = slice
        slice.state = .closed
        slices[lease] = slice
        live[slice.gateway]?.removeAll { $0 == lease }
    }

    private mutating func giveBack(_ back: LeaseReturn) {
        guard var slice = slices[back.lease] else { return }
        slice.granted -= max(0, min(back.amount, slice.rest))
        if back.isLast {
            if slice.kind == .rate { slice.used += slice.rest }
            end(back.lease, slice)
        } else {
            slices[back.lease] = slice
        }
    }

    private mutating func close(_ lease: Int64) {
        guard var slice = slices[lease] else { return }
        // Nobody knows what of it was used when its gateway was killed.
        if slice.kind == .rate { slice.used += slice.rest }
        end(lease, slice)
    }

    private mutating func expire(_ lease: Int64) {
        guard let slice = slices[lease], slice.state == .open else { return }
        if slice.kind == .parallel { end(lease, slice) } else { slices[lease]?.state = .writtenOff }
    }

    private mutating func grant(_ wish: LeaseWish, for gateway: Int, at now: Int64) -> LeaseGrant {
        let window = Window(account: wish.account, start: wish.windowStart)
        var lease = (byWindow[window] ?? []).first { slices[$0]?.gateway == gateway && slices[$0]?.state == .open } ?? 0
        if lease == 0 {
            last += 1
            lease = last
            slices[lease] = Slice(window: window, gateway: gateway, kind: wish.kind)
            byWindow[window, default: []].append(lease)
            live[gateway, default: []].append(lease)
        }
        // More than the gateway knows of: an answer got lost.
        if let slice = slices[lease] { slices[lease]?.granted = min(slice.granted, max(0, wish.granted)) }
        let before = sums(window)
        let free = max(0, wish.limit - before.used - before.writtenOff - before.leased)
        let amount = max(0, min(wish.amount, free))
        slices[lease]?.granted += amount
        if amount < wish.amount { sought[window] = (now, gateway) }
        let after = sums(window)
        return LeaseGrant(lease: lease, amount: amount, used: after.used + after.writtenOff, leased: after.leased)
    }
}
