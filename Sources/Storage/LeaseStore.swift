import Routing

/// Where budgets and rates are leased from. Part of `Store`; every kind of store passes one contract.
///
/// What holds at all times for each window of an account: used + leased ≤ limit as of the last grant, where `used` is what rows of the
/// ledger have charged and what gateways that are not heard of any more had in their hands, and `leased` is what is out in slices and
/// not charged yet. Only a row that says more than its slice had, which is the truth, may exceed it.
public protocol LeaseStore: Sendable {
    /// Registers a gateway by an identity that lasts as long as its spool. Slices it had before, expired or not, are closed: what rows
    /// charged is used, the rest is free again (so rows of the run before are to be written first). Of a rate that it did not leave behind
    /// in order, all counts as used for the rest of its window: nobody can say what its last second took. A store of one gateway closes
    /// those of all, and knows of rates what rows say. Calls of earlier lives change nothing from here on.
    func join(gateway identity: String, called name: String) throws(StoreFailure) -> GatewayLife
    /// One transaction: says that the gateway lives, takes back what it returns, grants what can be granted.
    /// What this gateway wanted and did not get, others that have slices of the same window are told for three seconds.
    /// Slices of gateways not heard of for `expiry` are charged in full. Of a life that another one followed it fails with `conflict`.
    func lease(_ call: LeaseCall, for gateway: GatewayLife, expiry: Duration) throws(StoreFailure) -> LeaseReply
    /// Closes all of its slices, of rates as used as it said last, and forgets that it lives. Of an earlier life it does nothing.
    func leave(_ gateway: GatewayLife) throws(StoreFailure)
    /// Corrects what was charged in full for gateways not heard of for `silence`: down to what rows charged and what they held last.
    /// Returns how many slices. A row that comes later still is charged as what it is.
    func correct(afterSilenceOf silence: Duration) throws(StoreFailure) -> Int

    /// True once for each account, window and threshold: this gateway is the one to tell.
    func claimAlert(_ account: String, windowStart: Int64, threshold: Int) throws(StoreFailure) -> Bool

    /// How windows stand, by account name; those of `accounts` that have been counted at all.
    func balances(_ accounts: [(account: String, windowStart: Int64)]) throws(StoreFailure) -> [AccountBalance]
    /// Who has been heard of, the youngest first.
    func gateways() throws(StoreFailure) -> [GatewayRecord]
    /// What gateways say of themselves: the settings version they run, for operators to see.
    func note(settingsVersion: Int64, of gateway: GatewayNumber) throws(StoreFailure)
}

public struct GatewayNumber: RawRepresentable, Hashable, Sendable {
    public let rawValue: Int64
    public init(rawValue: Int64) { self.rawValue = rawValue }
}

/// A gateway from one join to its next.
public struct GatewayLife: Hashable, Sendable {
    public let number: GatewayNumber
    /// Rises with each join.
    public let life: Int64

    public init(number: GatewayNumber, life: Int64) {
        self.number = number
        self.life = life
    }
}

public struct GatewayRecord: Hashable, Sendable {
    public var number: GatewayNumber
    public var name: String
    public var settingsVersion: Int64
    /// By the store's clock.
    public var lastHeardUnixMilliseconds: Int64
    public var isAlive: Bool

    public init(number: GatewayNumber, name: String, settingsVersion: Int64, lastHeardUnixMilliseconds: Int64, isAlive: Bool) {
        self.number = number
        self.name = name
        self.settingsVersion = settingsVersion
        self.lastHeardUnixMilliseconds = lastHeardUnixMilliseconds
        self.isAlive = isAlive
    }
}

/// How a window of an account stands, in its unit.
public struct AccountBalance: Hashable, Sendable {
    public var account: String
    public var windowStart: Int64
    /// Charged by rows of the ledger.
    public var used: Int64
    /// Charged for gateways that are not heard of, until the ledger corrects it.
    public var writtenOff: Int64
    /// Out in slices, not charged yet.
    public var leased: Int64

    public init(account: String, windowStart: Int64, used: Int64 = 0, writtenOff: Int64 = 0, leased: Int64 = 0) {
        self.account = account
        self.windowStart = windowStart
        self.used = used
        self.writtenOff = writtenOff
        self.leased = leased
    }
}
