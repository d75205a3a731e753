import Routing

/// Gateways with their ledgers, one store, a network between them that loses and delays, providers that bill, and a clock that may jump.
/// Each step one thing happens, drawn by chance: a crash may come between any two.
struct BudgetWorld<Store: LeaseBooking, Limits: Limiting> {
    enum Message: Sendable {
        case call(LeaseCall)
        case reply(LeaseReply, to: LeaseCall, storeTime: Int64)
        case rows([BudgetRow])
        case durable([BudgetRow])
        case join
        case joined(storeTime: Int64)
    }

    struct Letter: Sendable {
        var at: Int64
        var gateway: Int
        var epoch: Int
        var message: Message
    }

    let plan: BudgetPlan
    let makeLedger: (Ledger) -> Limits
    var random: Random
    var store: Store
    var table: AccountTable
    var gateways: [BudgetGateway<Limits>] = []
    var network: [Letter] = []
    /// True milliseconds, which only go forward; the store's clock is off by what its jumps came to.
    var now: Int64
    var storeOffset: Int64 = 0
    var isHealed = false
    var nextID = 0
    var books = BudgetBooks()
    var report = BudgetReport()

    init(_ plan: BudgetPlan, seed: UInt64, store: Store, _ makeLedger: @escaping (Ledger) -> Limits) {
        self.plan = plan
        self.makeLedger = makeLedger
        self.store = store
        random = Random(seed: seed)
        table = plan.table
        now = plan.start
        books.learn(table)
        for gateway in 0..<plan.gateways {
            gateways.append(BudgetGateway(ledger: freshLedger()))
            start(gateway)
        }
    }

    mutating func run() -> BudgetReport {
        while report.steps < plan.steps, books.breach == nil {
            report.steps += 1
            now += Int64(random.below(2 * plan.pace + 1))
            if chance(plan.leaps) { now += Int64(random.below(30_000)) }
            deliver()
            step()
            expireParked()
        }
        if books.breach == nil { drain() }
        report.breach = books.breach.map { "\(plan.name), step \(report.steps): \($0)" }
        return report
    }

    // MARK: One step

    private mutating func step() {
        if chance(plan.crashes) { return crash(random.below(gateways.count)) }
        if chance(plan.cuts) { gateways[random.below(gateways.count)].isCutOff.toggle() }
        if chance(plan.jumps) { storeOffset += Int64(random.below(3) == 0 ? random.below(7_200_000) - 3_600_000 : random.below(4_000) - 2_000) }
        if chance(plan.changes) { changeSettings() }
        if chance(plan.corrections) { store.correct(at: storeTime) }
        let gateway = random.below(gateways.count)
        switch gateways[gateway].life {
        case .gone: return
        case .down:
            if chance(50) { start(gateway) }
        case .draining:
            if chance(200) { write(gateway) }
        case .up:
            switch random.below(100) {
            case ..<25: arrive(gateway)
            case ..<70: advance(gateway)
            case ..<85: keep(gateway)
            default: write(gateway)
            }
        }
    }

    var storeTime: Int64 { now + storeOffset }

    mutating func chance(_ perThousand: Int) -> Bool { perThousand > 0 && random.below(1_000) < perThousand }

    func time(of gateway: Int) -> Int64 { now + gateways[gateway].offset }

    // MARK: Requests

    private mutating func arrive(_ gateway: Int) {
        let cost = random.below(8) == 0 ? 0 : Int64(1 + random.below(Int(plan.largest)))
        let demand = Demand(nanodollars: random.below(40) == 0 ? nil : cost, tokens: Int64(1 + random.below(900)))
        nextID += 1
        let request = BudgetGateway<Limits>.Parked(
            id: nextID, chain: random.below(table.chains.count), demand: demand, until: now + 1_000)
        ask(request, of: gateway, isFirst: true)
    }

    private mutating func ask(_ request: BudgetGateway<Limits>.Parked, of gateway: Int, isFirst: Bool) {
        switch gateways[gateway].ledger.reserve(request.demand, chain: request.chain, at: time(of: gateway)) {
        case .permit(let hold):
            report.permitted += 1
            gateways[gateway].flights.append(
                BudgetGateway.Flight(
                    id: request.id, chain: request.chain, hold: hold, demand: request.demand, truth: truth(of: request.demand),
                    passedAt: clock(of: gateway)))
            checkPlaces(request.chain)
        case .wait:
            if isFirst { report.waited += 1 }
            gateways[gateway].parked.append(request)
            if random.below(3) == 0 { keep(gateway) }
        case .refused: report.refused += 1
        }
    }

    /// The time that a gateway's ledger counts in: it does not follow a clock that is set back a little.
    private mutating func clock(of gateway: Int) -> Int64 {
        let (time, youngest) = (time(of: gateway), gateways[gateway].youngest)
        if time >= youngest || youngest - time > 5_000 { gateways[gateway].youngest = time }
        return gateways[gateway].youngest
    }

    /// What is counted while it lasts, all gateways together.
    private mutating func checkPlaces(_ chain: Int) {
        guard plan.isCalm else { return }
        let flying = gateways.reduce(0) { $0 + $1.flights.count { $0.chain == chain } }
        for index in table.chains[chain] where table.accounts[index].unit == .parallel { books.check(Int64(flying), table.accounts[index]) }
    }

    /// A request that was let pass then is sent: what is released before was none.
    private mutating func countMinute(_ flight: BudgetGateway<Limits>.Flight) {
        guard plan.areMinutesSharp else { return }
        for index in table.chains[flight.chain] where table.accounts[index].kind == .rate && table.accounts[index].unit == .requests {
            books.countRequest(table.accounts[index], in: table.accounts[index].period.window(at: flight.passedAt))
        }
    }

    private mutating func truth(of demand: Demand) -> Spent {
        var spent = Spent(
            nanodollars: Int64(random.below(Int(demand.nanodollars ?? 0) + 1)), tokens: Int64(random.below(Int(demand.tokens) + 1)))
        if random.below(4) == 0 { spent.nanodollars = demand.nanodollars ?? 0 }
        if chance(plan.liars) { spent.nanodollars += Int64(random.below(300)) }
        return spent
    }

    private mutating func expireParked() {
        for gateway in gateways.indices where !gateways[gateway].parked.isEmpty {
            gateways[gateway].parked.removeAll { $0.until < now }
        }
    }

    /// One request in flight goes one step on.
    private mutating func advance(_ gateway: Int) {
        guard !gateways[gateway].flights.isEmpty else { return }
        let index = random.below(gateways[gateway].flights.count)
        var flight = gateways[gateway].flights[index]
        switch flight.stage {
        case .held:
            if random.below(12) == 0 {
                gateways[gateway].ledger.release(flight.hold)
                gateways[gateway].flights.swapAt(index, gateways[gateway].flights.count - 1)
                gateways[gateway].flights.removeLast()
                return
            }
            note(&flight, gateway)
            flight.stage = .noted
        case .noted:
            books.sent(flight.id, flight.truth, gateways[gateway].notes[flight.id] ?? [], store.books)
            countMinute(flight)
            flight.stage = .sent
        case .sent:
            if random.below(15) == 0, extend(&flight, gateway) { break }
            if random.below(3) > 0 { break }
            finish(index, gateway)
            return
        }
        gateways[gateway].flights[index] = flight
    }

    /// Survives a crash: what the request may charge.
    private mutating func note(_ flight: inout BudgetGateway<Limits>.Flight, _ gateway: Int) {
        var charges: [LeaseCharge] = []
        gateways[gateway].ledger.worstCharges(of: flight.hold, into: &charges)
        gateways[gateway].notes[flight.id] = charges
    }

    /// A second attempt beside the first; noted before it is sent.
    private mutating func extend(_ flight: inout BudgetGateway<Limits>.Flight, _ gateway: Int) -> Bool {
        let more = Demand(nanodollars: Int64(random.below(100)), tokens: 10, requests: 0)
        guard case .permit = gateways[gateway].ledger.extend(flight.hold, by: more, at: time(of: gateway)) else { return false }
        note(&flight, gateway)
        let spent = Spent(nanodollars: Int64(random.below(Int(more.nanodollars ?? 0) + 1)), tokens: 10, requests: 0)
        flight.truth.nanodollars += spent.nanodollars
        flight.truth.tokens += spent.tokens
        books.sent(flight.id, flight.truth, gateways[gateway].notes[flight.id] ?? [], store.books)
        return true
    }

    mutating func finish(_ index: Int, _ gateway: Int) {
        let flight = gateways[gateway].flights.remove(at: index)
        var charges: [LeaseCharge] = []
        if flight.stage == .sent {
            gateways[gateway].ledger.settle(flight.hold, flight.truth, charges: &charges)
            gateways[gateway].queue.append(BudgetRow(id: flight.id, charges: charges))
        } else {
            gateways[gateway].ledger.release(flight.hold)
            gateways[gateway].notes[flight.id] = nil
        }
    }

    // MARK: Settings

    private mutating func changeSettings() {
        let account = random.below(table.accounts.count)
        if let limit = table.accounts[account].limit, table.accounts[account].isHard {
            table.accounts[account].limit = max(1, limit * Int64(60 + random.below(80)) / 100)
        }
        books.learn(table)
        for gateway in gateways.indices where gateways[gateway].life == .up { gateways[gateway].ledger.replace(table) }
    }

    func freshLedger() -> Limits {
        var ledger = Ledger(table: table, mode: plan.mode)
        ledger.onStoreLoss = plan.onStoreLoss
        ledger.trust = .milliseconds(plan.silence - 6_000)
        ledger.parallelTrust = .milliseconds(plan.expiry - 1_000)
        return makeLedger(ledger)
    }

    /// Parked requests ask again.
    mutating func askAgain(_ gateway: Int) {
        let parked = gateways[gateway].parked
        gateways[gateway].parked = []
        for request in parked { ask(request, of: gateway, isFirst: false) }
    }
}
