import Routing
import Settings
import Storage
import Synchronization

/// The accounts of this gateway, for all event loops: a request takes the lock for under a microsecond, and so do the keeper of leases
/// and whoever looks at balances.
final class SharedLedger: Sendable {
    private struct State {
        var ledger: Ledger
        /// Of the settings in force, and of those before, under which requests may still begin.
        var anchors: [Anchor] = []
        var own = AccountTable.empty
    }

    private let state: Locked<State>
    /// Milliseconds since 1970 by the store's clock, less the machine's monotonic ones.
    private let offset: Atomic<Int64>
    let isExclusive: Bool
    private let rowsWait: @Sendable () -> Bool
    /// Of rows that are durable on this machine, but not in the store yet.
    private let unwritten = Locked([LeaseCharge]())

    /// - Parameters:
    ///   - isExclusive: The store has no other gateway.
    ///   - rowsWait: Whether rows that are acknowledged wait for the store.
    init(isExclusive: Bool, rowsWait: @escaping @Sendable () -> Bool = { false }) {
        self.isExclusive = isExclusive
        self.rowsWait = rowsWait
        state = Locked(State(ledger: Ledger(table: .empty, mode: isExclusive ? .exclusive : .shared)))
        offset = Atomic(WallClock.milliseconds() - Instant.now().nanoseconds / 1_000_000)
    }

    func with<Result: Sendable>(_ body: (inout Ledger) -> sending Result) -> sending Result { state.withLock { body(&$0.ledger) } }

    /// The settings in force; their accounts stand first in the ledger.
    var settings: AccountTable { state.withLock { $0.own } }

    // MARK: Time

    /// Milliseconds since 1970 as the store counts them.
    @inline(__always) func unixMilliseconds(at now: Instant) -> Int64 { offset.load(ordering: .relaxed) + now.nanoseconds / 1_000_000 }

    /// What the store's clock said.
    func setClock(_ unixMilliseconds: Int64, at now: Instant) {
        guard unixMilliseconds > 0 else { return }
        offset.store(unixMilliseconds - now.nanoseconds / 1_000_000, ordering: .relaxed)
    }

    /// Of a lone gateway: this machine's clock, which is set right some time after a start and stands still in a machine that sleeps. What
    /// it differs by otherwise is between two looks at two clocks.
    func follow(_ unixMilliseconds: Int64, at now: Instant) {
        if abs(unixMilliseconds - self.unixMilliseconds(at: now)) >= 1_000 { setClock(unixMilliseconds, at: now) }
    }

    // MARK: Rows

    /// Rows with these charges are durable. A slice gives itself back behind the last of its rows, and only what the store has counts.
    func written(_ charges: [LeaseCharge]) {
        guard !isExclusive else { return with { $0.written(charges) } }
        unwritten.withLock { $0 += charges }
        tellWritten()
    }

    /// Where no row waits any more, all are in the store that were acknowledged before this was asked.
    func tellWritten() {
        guard !isExclusive else { return }
        let charges = unwritten.withLock { unwritten in
            defer { unwritten = [] }
            return unwritten
        }
        guard !charges.isEmpty else { return }
        if rowsWait() { return unwritten.withLock { $0 += charges } }
        with { $0.written(charges) }
    }

    // MARK: Settings

    /// Counts by new settings. Requests that still begin under the old ones find their accounts; those before them do not.
    func replace(_ metering: Metering, onStoreLoss: Ledger.OnStoreLoss) {
        state.withLock { state in
            var table = metering.table.joined
            let known = Set(table.accounts.map(\.name))
            let old = state.own
            // Accounts that only the old settings have stay as long as these may be asked for.
            let extra = old.accounts.filter { !known.contains($0.name) }
            table.accounts += extra.map { account in
                var account = account
                account.alerts = []
                return account
            }
            let places = Dictionary(table.accounts.enumerated().map { ($1.name, $0) }) { first, _ in first }
            func moved(_ chain: [Int]) -> [Int] { chain.compactMap { places[old.accounts[$0].name] } }
            let (chains, deployments) = (table.chains.count, table.deployments.count)
            table.chains += old.chains.map(moved)
            table.deployments += old.deployments.map(moved)
            for anchor in state.anchors.dropLast() { anchor.set(chains: -1, deployments: -1) }
            state.anchors.last?.set(chains: chains, deployments: deployments)
            metering.anchor.set(chains: 0, deployments: 0)
            state.anchors = [state.anchors.last, metering.anchor].compactMap { $0 }
            state.own = metering.table.joined
            state.ledger.onStoreLoss = onStoreLoss
            state.ledger.replace(table)
        }
    }
}

/// Where the chains of some settings stand in the ledger. Changes under the ledger's lock, and is read there.
final class Anchor: Sendable {
    private let chainBase = Atomic(-1)
    private let deploymentBase = Atomic(-1)

    func set(chains: Int, deployments: Int) {
        chainBase.store(chains, ordering: .relaxed)
        deploymentBase.store(deployments, ordering: .relaxed)
    }

    /// Nil: those settings are gone.
    var chains: Int? { Self.base(chainBase) }
    var deployments: Int? { Self.base(deploymentBase) }

    private static func base(_ atomic: borrowing Atomic<Int>) -> Int? {
        let base = atomic.load(ordering: .relaxed)
        return base < 0 ? nil : base
    }
}

extension AccountTable {
    /// As the ledger has it: the chains of keys, then those of projects and of customers that requests may name, then those
    /// of routes.
    var joined: AccountTable {
        var joined = self
        joined.chains = chains + projects + customers + routeChains
        (joined.projects, joined.customers, joined.routes, joined.routeChains) = ([], [], [], [])
        return joined
    }
}

/// Requests of this process in flight, of which there may be exactly so many at once.
final class Slots: Sendable {
    private let taken = Locked(0)

    var inUse: Int { taken.withLock { $0 } }

    /// Nil: one was taken. Else how many are in flight.
    func take(of limit: Int) -> Int? {
        taken.withLock { taken in
            guard taken < limit else { return taken }
            taken += 1
            return nil
        }
    }

    func giveBack() { taken.withLock { $0 -= 1 } }
}
