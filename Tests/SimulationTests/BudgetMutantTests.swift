import Routing
import Simulation
import Testing

/// Bugs planted around ledgers and store on purpose. A world that does not find them finds nothing.
@Suite("Mutants of budgets") struct BudgetMutantTests {
    static let seeds: ClosedRange<UInt64> = 1...40

    static func plan(_ name: String) throws -> BudgetPlan { try #require(BudgetPlan.plans.first { $0.name == name }) }

    /// The first breach that some seed shows.
    static func breach<Limits: Limiting>(
        _ name: String, seeds: ClosedRange<UInt64> = seeds, _ make: @escaping (Ledger) -> Limits
    ) throws -> String? {
        let plan = try plan(name)
        for seed in seeds {
            let store = BudgetStore(expiry: plan.expiry, silence: plan.silence)
            if let breach = plan.run(seed: seed, store: store, make).breach { return breach }
        }
        return nil
    }

    static func breach(_ name: String, store make: (BudgetStore) -> some LeaseBooking) throws -> String? {
        let plan = try plan(name)
        for seed in seeds {
            let store = make(BudgetStore(expiry: plan.expiry, silence: plan.silence))
            if let breach = plan.run(seed: seed, store: store, { TrueLedger($0) }).breach { return breach }
        }
        return nil
    }

    // MARK: Ledgers

    @Test("a ledger that takes what it asked for as granted is found by what providers bill")
    func impatient() throws {
        struct Impatient: LedgerMutant {
            var ledger: Ledger
            mutating func apply(_ reply: LeaseReply, to call: LeaseCall, at now: Int64) {
                var reply = reply
                for index in reply.grants.indices where call.wishes[index].amount > 0 { reply.grants[index].amount = call.wishes[index].amount }
                ledger.apply(reply, to: call, at: now)
            }
        }
        #expect(try Self.breach("crashes") { Impatient(ledger: $0) }?.contains("providers bill") == true)
    }

    @Test("a ledger that gives back more than it has is found")
    func generous() throws {
        struct Generous: LedgerMutant {
            var ledger: Ledger
            mutating func call(at now: Int64) -> LeaseCall? {
                var call = ledger.call(at: now)
                for index in call?.returns.indices ?? 0..<0 { call?.returns[index].amount *= 2 }
                return call
            }
        }
        #expect(try Self.breach("calm") { Generous(ledger: $0) } != nil)
    }

    @Test("a ledger that closes slices before their rows are written is found")
    func hasty() throws {
        struct Hasty: LedgerMutant {
            var ledger: Ledger
            mutating func settle(_ hold: Hold, _ spent: Spent, charges: inout [LeaseCharge]) {
                let before = charges.count
                ledger.settle(hold, spent, charges: &charges)
                ledger.written(Array(charges[before...]))
            }
            mutating func written(_ charges: [LeaseCharge]) {}
        }
        #expect(try Self.breach("machines-lost", seeds: 1...400) { Hasty(ledger: $0) } != nil)
    }

    @Test("a hold that is never given back is found")
    func leak() throws {
        struct Leak: LedgerMutant {
            var ledger: Ledger
            mutating func release(_ hold: Hold) {}
        }
        #expect(try Self.breach("calm") { Leak(ledger: $0) }?.contains("holds of nobody") == true)
    }

    @Test("a row that forgets an account is found")
    func forgetful() throws {
        struct Forgetful: LedgerMutant {
            var ledger: Ledger
            mutating func settle(_ hold: Hold, _ spent: Spent, charges: inout [LeaseCharge]) {
                ledger.settle(hold, spent, charges: &charges)
                if charges.count > 2 { charges.removeLast() }
            }
        }
        #expect(try Self.breach("calm") { Forgetful(ledger: $0) } != nil)
    }

    @Test("a ledger that counts a minute's requests by halves is found")
    func halves() throws {
        struct Halves: LedgerMutant {
            var ledger: Ledger
            var count = 0
            mutating func settle(_ hold: Hold, _ spent: Spent, charges: inout [LeaseCharge]) {
                count += 1
                var spent = spent
                if count % 2 == 0 { spent.requests = 0 }
                ledger.settle(hold, spent, charges: &charges)
            }
        }
        #expect(try Self.breach("calm") { Halves(ledger: $0) } != nil)
    }

    @Test("a ledger that gives places in flight back before the request has ended is found")
    func places() throws {
        struct Early: LedgerMutant {
            var ledger: Ledger
            mutating func call(at now: Int64) -> LeaseCall? {
                var call = ledger.call(at: now)
                for index in call?.wishes.indices ?? 0..<0 where call?.wishes[index].kind == .parallel { call?.wishes[index].granted = 0 }
                return call
            }
        }
        #expect(try Self.breach("calm") { Early(ledger: $0) }?.contains("in flight") == true)
    }

    @Test("a ledger that says too little of what it may owe is found when its machine is lost")
    func secretive() throws {
        struct Secretive: LedgerMutant {
            var ledger: Ledger
            mutating func call(at now: Int64) -> LeaseCall? {
                var call = ledger.call(at: now)
                for index in call?.held.indices ?? 0..<0 { call?.held[index].amount = 0 }
                return call
            }
        }
        #expect(try Self.breach("machines-lost") { Secretive(ledger: $0) } != nil)
    }

    // MARK: Stores

    @Test("a store that begins the minute anew for a gateway that was killed is found")
    func forgiving() throws {
        struct Forgiving: StoreMutant {
            var store: BudgetStore
            mutating func join(_ gateway: Int, at now: Int64) {
                for (lease, slice) in store.slices where slice.gateway == gateway && slice.kind == .rate && slice.state != .closed {
                    store.slices[lease]?.granted = slice.used
                }
                store.join(gateway, at: now)
            }
        }
        #expect(try Self.breach("minutes") { Forgiving(store: $0) }?.contains("let pass in a minute") == true)
    }

    @Test("a store that frees the slices of gateways it has not heard of is found")
    func frees() throws {
        struct Frees: StoreMutant {
            var store: BudgetStore
            mutating func lease(_ call: LeaseCall, for gateway: Int, at now: Int64) -> LeaseReply? {
                let reply = store.lease(call, for: gateway, at: now)
                for (lease, slice) in store.slices where slice.state == .writtenOff { store.slices[lease]?.granted = slice.used }
                return reply
            }
        }
        #expect(try Self.breach("partitions") { Frees(store: $0) }?.contains("providers bill") == true)
    }

    @Test("a store that charges a row twice is found")
    func twice() throws {
        struct Twice: StoreMutant {
            var store: BudgetStore
            mutating func append(_ rows: [BudgetRow]) {
                for row in rows where store.rows[row.id] != nil {
                    for charge in row.charges { store.slices[charge.lease]?.used += charge.amount }
                }
                store.append(rows)
            }
        }
        #expect(try Self.breach("crashes") { Twice(store: $0) }?.contains("rows say") == true)
    }

    @Test("a store that carries a late call out behind its successor is found")
    func late() throws {
        struct Late: StoreMutant {
            var store: BudgetStore
            var last: Int64 = 0
            mutating func lease(_ call: LeaseCall, for gateway: Int, at now: Int64) -> LeaseReply? {
                last += 1
                var call = call
                call.number = 1 << 60 + last
                return store.lease(call, for: gateway, at: now)
            }
        }
        #expect(try Self.breach("clocks") { Late(store: $0) } != nil)
    }

    @Test("a store that takes what was not said for nothing owed is found when a machine is lost")
    func unsaid() throws {
        struct Unsaid: StoreMutant {
            var store: BudgetStore
            mutating func correct(at now: Int64) {
                for (lease, slice) in store.slices where slice.held == .max { store.slices[lease]?.held = 0 }
                store.correct(at: now)
            }
        }
        #expect(try Self.breach("machines-lost") { Unsaid(store: $0) } != nil)
    }

    @Test("a store that does not believe what a gateway knows to have strands money")
    func strands() throws {
        struct Strands: StoreMutant {
            var store: BudgetStore
            mutating func lease(_ call: LeaseCall, for gateway: Int, at now: Int64) -> LeaseReply? {
                var call = call
                for index in call.wishes.indices { call.wishes[index].granted = .max }
                return store.lease(call, for: gateway, at: now)
            }
        }
        #expect(try Self.breach("partitions") { Strands(store: $0) }?.contains("the store thinks") == true)
    }
}

/// A ledger with a bug around it. What it does not spoil goes through.
protocol LedgerMutant: Limiting {
    var ledger: Ledger { get set }
}

extension LedgerMutant {
    mutating func reserve(_ demand: Demand, chain: Int, at now: Int64) -> Reservation { ledger.reserve(demand, chain: chain, at: now) }
    mutating func extend(_ hold: Hold, by demand: Demand, at now: Int64) -> Reservation { ledger.extend(hold, by: demand, at: now) }
    mutating func settle(_ hold: Hold, _ spent: Spent, charges: inout [LeaseCharge]) { ledger.settle(hold, spent, charges: &charges) }
    mutating func release(_ hold: Hold) { ledger.release(hold) }
    func worstCharges(of hold: Hold, into charges: inout [LeaseCharge]) { ledger.worstCharges(of: hold, into: &charges) }
    mutating func written(_ charges: [LeaseCharge]) { ledger.written(charges) }
    mutating func call(at now: Int64) -> LeaseCall? { ledger.call(at: now) }
    mutating func apply(_ reply: LeaseReply, to call: LeaseCall, at now: Int64) { ledger.apply(reply, to: call, at: now) }
    mutating func lost(at now: Int64) { ledger.lost(at: now) }
    mutating func replace(_ table: AccountTable) { ledger.replace(table) }
    var holdCount: Int { ledger.holdCount }
    var standings: [SliceStanding] { ledger.standings }
}

protocol StoreMutant: LeaseBooking {
    var store: BudgetStore { get set }
}

extension StoreMutant {
    mutating func join(_ gateway: Int, at now: Int64) { store.join(gateway, at: now) }
    mutating func lease(_ call: LeaseCall, for gateway: Int, at now: Int64) -> LeaseReply? { store.lease(call, for: gateway, at: now) }
    mutating func append(_ rows: [BudgetRow]) { store.append(rows) }
    mutating func correct(at now: Int64) { store.correct(at: now) }
    var books: BudgetStore { store }
}
