import Routing

/// What a world of budgets asks of a gateway's ledger. Tests put bugs around one.
public protocol Limiting: Sendable {
    mutating func reserve(_ demand: Demand, chain: Int, at now: Int64) -> Reservation
    mutating func extend(_ hold: Hold, by demand: Demand, at now: Int64) -> Reservation
    mutating func settle(_ hold: Hold, _ spent: Spent, charges: inout [LeaseCharge])
    mutating func release(_ hold: Hold)
    func worstCharges(of hold: Hold, into charges: inout [LeaseCharge])
    mutating func written(_ charges: [LeaseCharge])
    mutating func call(at now: Int64) -> LeaseCall?
    mutating func apply(_ reply: LeaseReply, to call: LeaseCall, at now: Int64)
    mutating func lost(at now: Int64)
    mutating func replace(_ table: AccountTable)
    var holdCount: Int { get }
    var standings: [SliceStanding] { get }
}

/// The ledger that serves traffic.
public struct TrueLedger: Limiting {
    public var ledger: Ledger

    public init(_ ledger: Ledger) { self.ledger = ledger }

    public mutating func reserve(_ demand: Demand, chain: Int, at now: Int64) -> Reservation { ledger.reserve(demand, chain: chain, at: now) }
    public mutating func extend(_ hold: Hold, by demand: Demand, at now: Int64) -> Reservation { ledger.extend(hold, by: demand, at: now) }
    public mutating func settle(_ hold: Hold, _ spent: Spent, charges: inout [LeaseCharge]) { ledger.settle(hold, spent, charges: &charges) }
    public mutating func release(_ hold: Hold) { ledger.release(hold) }
    public func worstCharges(of hold: Hold, into charges: inout [LeaseCharge]) { ledger.worstCharges(of: hold, into: &charges) }
    public mutating func written(_ charges: [LeaseCharge]) { ledger.written(charges) }
    public mutating func call(at now: Int64) -> LeaseCall? { ledger.call(at: now) }
    public mutating func apply(_ reply: LeaseReply, to call: LeaseCall, at now: Int64) { ledger.apply(reply, to: call, at: now) }
    public mutating func lost(at now: Int64) { ledger.lost(at: now) }
    public mutating func replace(_ table: AccountTable) { ledger.replace(table) }
    public var holdCount: Int { ledger.holdCount }
    public var standings: [SliceStanding] { ledger.standings }
}

/// A gateway of the world: what of it survives a crash, and what does not.
struct BudgetGateway<Limits: Limiting>: Sendable {
    enum Life: Sendable {
        case down, draining, up
        /// Its machine is gone, with everything on its disk.
        case gone
    }

    struct Flight: Sendable {
        enum Stage: Sendable { case held, noted, sent }

        var id: Int
        var chain: Int
        var hold: Hold
        var demand: Demand
        var truth: Spent
        /// When it was let pass, by the time of its gateway's ledger.
        var passedAt: Int64
        var stage = Stage.held
    }

    struct Parked: Sendable {
        var id: Int
        var chain: Int
        var demand: Demand
        var until: Int64
    }

    var life = Life.down
    /// Counts lives: answers to an earlier one are not for this one.
    var epoch = 0
    /// The last life that joined: calls of earlier ones are over by then.
    var joined = 0
    var isCutOff = false

    // Gone with a crash.
    var ledger: Limits
    var flights: [Flight] = []
    var parked: [Parked] = []
    var queue: [BudgetRow] = []
    var call: (call: LeaseCall, until: Int64)?
    /// Milliseconds to add to the true time: what the store said last.
    var offset: Int64 = 0
    /// The latest time that its ledger has seen.
    var youngest: Int64 = 0

    // Still there after one.
    var spool: [Int: BudgetRow] = [:]
    var notes: [Int: [LeaseCharge]] = [:]

    init(ledger: Limits) { self.ledger = ledger }
}
