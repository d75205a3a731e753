import Routing

/// What a memory store knows of leases.
struct MemoryLeases: Sendable {
    struct Key: Hashable, Sendable {
        var account: String
        var windowStart: Int64
    }

    struct Counted: Sendable {
        var sums = LeaseWindow()
        var end: Int64
        var kind: LeaseKind
        /// The youngest slice of each gateway, which grows while it is open.
        var youngest: [GatewayNumber: Int64] = [:]
        /// Who wanted more than there was, and when last.
        var sought: (at: Int64, by: GatewayNumber)?
    }

    struct Held: Sendable {
        var slice: LeaseSlice
        var window: Key
        var gateway: GatewayNumber
    }

    struct Alert: Hashable, Sendable {
        var window: Key
        var threshold: Int
    }

    var windows: [Key: Counted] = [:]
    var slices: [Int64: Held] = [:]
    var lastSlice: Int64 = 0
    var gateways: [GatewayNumber: GatewayRecord] = [:]
    var identities: [String: GatewayNumber] = [:]
    var lastCalls: [GatewayNumber: Int64] = [:]
    var lives: [GatewayNumber: Int64] = [:]
    var alerts: Set<Alert> = []

    mutating func charge(_ charges: [LeaseCharge]) {
        for charge in charges { change(charge.lease) { $0.charge(charge.amount, &$1) } }
    }

    mutating func change(_ lease: Int64, _ body: (inout LeaseSlice, inout LeaseWindow) -> Void) {
        guard var held = slices[lease], var counted = windows[held.window] else { return }
        body(&held.slice, &counted.sums)
        slices[lease] = held
        windows[held.window] = counted
    }

    /// Linear in slices, as is all that is done for gateways that come and go.
    mutating func close(of gateway: GatewayNumber?, isAbandoned: Bool = false) {
        for (lease, held) in slices where gateway == nil || held.gateway == gateway {
            change(lease) { slice, window in if isAbandoned { slice.abandon(&window) } else { slice.close(&window) } }
        }
    }

    mutating func join(_ identity: String, _ name: String, alone: Bool, at now: Int64) -> GatewayLife {
        let number = identities[identity] ?? GatewayNumber(rawValue: Int64(identities.count + 1))
        identities[identity] = number
        // Behind a clock that was set back its calls would all come late.
        lastCalls[number] = nil
        lives[number, default: 0] += 1
        close(of: alone ? nil : number, isAbandoned: !alone)
        if alone { gateways = gateways.filter { $0.key == number } }
        let version = gateways[number]?.settingsVersion ?? 0
        gateways[number] = GatewayRecord(number: number, name: name, settingsVersion: version, lastHeardUnixMilliseconds: now, isAlive: true)
        return GatewayLife(number: number, life: lives[number] ?? 0)
    }

    /// Nil for a gateway that has not joined, for an earlier life of one, and for a call that comes behind a younger one.
    mutating func lease(_ call: LeaseCall, for life: GatewayLife, expiry: Int64, at now: Int64) -> LeaseReply? {
        let gateway = life.number
        guard gateways[gateway] != nil, lives[gateway] == life.life, call.number == 0 || call.number > lastCalls[gateway] ?? 0 else { return nil }
        if call.number != 0 { lastCalls[gateway] = call.number }
        gateways[gateway]?.lastHeardUnixMilliseconds = now
        gateways[gateway]?.isAlive = true
        for back in call.returns where slices[back.lease]?.gateway == gateway {
            change(back.lease) { $0.giveBack(back.amount, isLast: back.isLast, &$1) }
        }
        for holding in call.held where slices[holding.lease]?.gateway == gateway {
            change(holding.lease) { slice, _ in slice.held = max(0, holding.amount) }
        }
        for (other, record) in gateways where other != gateway && record.isAlive && record.lastHeardUnixMilliseconds <= now - expiry {
            gateways[other]?.isAlive = false
            for (lease, held) in slices where held.gateway == other { change(lease) { $0.expire(&$1) } }
        }
        forget(at: now)
        var reply = LeaseReply()
        for wish in call.wishes { reply.grants.append(grant(wish, for: gateway, at: now)) }
        reply.sought = slices.filter { _, held in
            guard held.gateway == gateway, held.slice.state == .open, let sought = windows[held.window]?.sought else { return false }
            return sought.by != gateway && sought.at > now - LeaseKeeping.soughtMilliseconds
        }.keys.sorted()
        reply.lost = slices.filter { $0.value.gateway == gateway && $0.value.slice.state == .writtenOff }.keys.sorted()
        reply.storeUnixMilliseconds = now
        reply.gateways = gateways.values.count { $0.isAlive }
        return reply
    }

    private mutating func grant(_ wish: LeaseWish, for gateway: GatewayNumber, at now: Int64) -> LeaseGrant {
        let key = Key(account: wish.account, windowStart: wish.windowStart)
        var counted = windows[key] ?? Counted(end: wish.windowEnd, kind: wish.kind)
        counted.end = max(counted.end, wish.windowEnd)
        let open = counted.youngest[gateway].flatMap { lease in slices[lease].flatMap { $0.slice.state == .open ? (lease, $0) : nil } }
        if open == nil { lastSlice += 1 }
        var (lease, held) = open ?? (lastSlice, Held(slice: LeaseSlice(wish.kind), window: key, gateway: gateway))
        counted.youngest[gateway] = lease
        held.slice.lower(to: max(0, wish.granted), &counted.sums)
        let amount = counted.sums.grant(wish.amount, under: wish.limit)
        if amount < wish.amount { counted.sought = (now, gateway) }
        held.slice.grow(by: amount, &counted.sums)
        slices[lease] = held
        windows[key] = counted
        let sums = counted.sums
        return LeaseGrant(lease: lease, amount: amount, used: sums.used.saturatingAdd(sums.writtenOff), leased: sums.leased)
    }

    mutating func correct(heardUntil moment: Int64) -> Int {
        var corrected = 0
        for (lease, held) in slices {
            guard let record = gateways[held.gateway], !record.isAlive, record.lastHeardUnixMilliseconds <= moment else { continue }
            change(lease) { corrected += $0.correct(&$1) ? 1 : 0 }
        }
        return corrected
    }

    /// Linear in windows.
    private mutating func forget(at now: Int64) {
        let gone = windows.filter { _, counted in
            counted.end < now - (counted.kind == .budget ? LeaseKeeping.budgetMilliseconds : LeaseKeeping.rateMilliseconds)
        }
        guard !gone.isEmpty else { return }
        for key in gone.keys { windows[key] = nil }
        slices = slices.filter { gone[$0.value.window] == nil }
        alerts = alerts.filter { gone[$0.window] == nil }
    }
}

extension MemoryStore {
    public func join(gateway identity: String, called name: String) throws(StoreFailure) -> GatewayLife {
        try with { state in
            if !self.isShared { state.texts.claims = state.texts.claims.filter { $0.value.answer != nil } }
            return state.leases.join(identity, name, alone: !self.isShared, at: self.clock())
        }
    }

    public func lease(_ call: LeaseCall, for gateway: GatewayLife, expiry: Duration) throws(StoreFailure) -> LeaseReply {
        let reply = try with { $0.leases.lease(call, for: gateway, expiry: expiry.wholeMilliseconds, at: self.clock()) }
        guard let reply else { throw .notJoined(gateway, call, path: "") }
        return reply
    }

    public func leave(_ gateway: GatewayLife) throws(StoreFailure) {
        try with { state in
            guard state.leases.gateways[gateway.number] != nil, state.leases.lives[gateway.number] == gateway.life else { return }
            state.leases.close(of: gateway.number)
            state.leases.gateways[gateway.number]?.isAlive = false
        }
    }

    public func correct(afterSilenceOf silence: Duration) throws(StoreFailure) -> Int {
        try with { $0.leases.correct(heardUntil: self.clock() - silence.wholeMilliseconds) }
    }

    public func claimAlert(_ account: String, windowStart: Int64, threshold: Int) throws(StoreFailure) -> Bool {
        try with { state in
            let alert = MemoryLeases.Alert(window: .init(account: account, windowStart: windowStart), threshold: threshold)
            return state.leases.alerts.insert(alert).inserted
        }
    }

    public func balances(_ accounts: [(account: String, windowStart: Int64)]) throws(StoreFailure) -> [AccountBalance] {
        try with { state in
            accounts.compactMap { account, start in
                state.leases.windows[.init(account: account, windowStart: start)].map { AccountBalance(account, start, $0.sums) }
            }
        }
    }

    public func gateways() throws(StoreFailure) -> [GatewayRecord] {
        try with { state in
            state.leases.gateways.values.sorted {
                ($1.lastHeardUnixMilliseconds, $1.number.rawValue) < ($0.lastHeardUnixMilliseconds, $0.number.rawValue)
            }
        }
    }

    public func note(settingsVersion: Int64, of gateway: GatewayNumber) throws(StoreFailure) {
        try with { $0.leases.gateways[gateway]?.settingsVersion = settingsVersion }
    }
}

extension AccountBalance {
    init(_ account: String, _ start: Int64, _ sums: LeaseWindow) {
        self.init(account: account, windowStart: start, used: sums.used, writtenOff: sums.writtenOff, leased: sums.leased)
    }
}

extension StoreFailure {
    static func notJoined(_ gateway: GatewayLife, _ call: LeaseCall = LeaseCall(), path: String) -> StoreFailure {
        StoreFailure(
            .conflict, path: path,
            "gateway \(gateway.number.rawValue) has not joined, another took its place, or call \(call.number) is behind a younger one")
    }
}
