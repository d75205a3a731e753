/// Decides which deployment serves a request next. A value with two verbs: `next` says what to do, `record` learns how it went. It
/// never waits and never does I/O; time is an argument and chance is seeded.
public struct Router: Sendable {
    /// Tables whose requests may still be under way: the newest last.
    static let keptTables = 16

    /// A table as this router runs it.
    struct Generation: Sendable {
        let table: RoutingTable
        var plan: Plan { table.plan }
        /// Where each deployment's health stands, by `Deployment.ID`.
        var slots: [Int]
        var pickers: [Picker]
    }

    var generations: [Generation]
    var health: [Health]
    private var freeSlots: [Int] = []
    private var nextStamp: Int
    var random: Random
    /// Reused by every decision, so that a decision allocates nothing. Means nothing between calls.
    var scratch: [Candidate] = []

    public init(table: RoutingTable, seed: UInt64) {
        random = Random(seed: seed)
        health = table.deployments.enumerated().map { Health(stamp: $0, policy: $1.breaker) }
        nextStamp = health.count
        generations = [Generation(table: table, slots: Array(health.indices), pickers: table.plan.pickers)]
        scratch.reserveCapacity(RoutingTable.maxLeaves)
    }

    public var table: RoutingTable { generations[generations.count - 1].table }

    /// A journey through the newest table.
    public func journey(route: Route.ID, facts: Facts = Facts(), envelope: Envelope = Envelope(), seed: UInt64? = nil) -> Journey {
        Journey(in: table, route: route, facts: facts, envelope: envelope, seed: seed)
    }

    /// From here on `table` serves new journeys; those under way end on the table where they began. The health of deployments that
    /// are still the same thing to call survives. A table of a version already known changes nothing.
    public mutating func replace(_ table: RoutingTable, at now: Instant) {
        guard !generations.contains(where: { $0.table.version == table.version }) else { return }
        let old = generations[generations.count - 1]
        var slots: [Int] = []
        for deployment in table.deployments {
            if let id = old.table.deployment(named: deployment.name), old.table.deployments[id].isSameTarget(as: deployment) {
                slots.append(old.slots[id])
                health[old.slots[id]].breaker.adopt(deployment.breaker)
            } else {
                slots.append(takeSlot(deployment.breaker))
            }
        }
        generations.append(Generation(table: table, slots: slots, pickers: table.plan.pickers))
        if generations.count > Self.keptTables { generations.removeFirst() }
        freeUnusedSlots()
    }

    private mutating func takeSlot(_ policy: BreakerPolicy) -> Int {
        let fresh = Health(stamp: nextStamp, policy: policy)
        nextStamp += 1
        if let slot = freeSlots.popLast() {
            health[slot] = fresh
            return slot
        }
        health.append(fresh)
        return health.count - 1
    }

    private mutating func freeUnusedSlots() {
        let used = Set(generations.lazy.flatMap(\.slots))
        freeSlots = health.indices.filter { !used.contains($0) }
        for slot in freeSlots { health[slot].stamp = -1 }
    }
}
