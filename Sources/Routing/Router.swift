/// Decides which deployment serves a request next. A value with two verbs: `next` says what to do, `record` learns how it went. It
/// never waits and never does I/O; time is an argument and chance is seeded.
public struct Router: Sendable {
    /// Tables whose requests may still be under way.
    static let keptTables = 16
    /// Extensions of tables, one for each tree that came with a request, that are kept with the state of their strategies.
    static let keptExtensions = 512

    /// A table as this router runs it.
    struct Generation: Sendable {
        let table: RoutingTable
        var plan: Plan { table.plan }
        /// Where each deployment's health stands, by `Deployment.ID`.
        var slots: [Int]
        var pickers: [Picker]
        /// By `CompiledTree.Node.mind`.
        var minds: [Mind] = []
    }

    /// Oldest first, extensions among them.
    var generations: [Generation]
    /// The table of new journeys, in `generations`.
    var newest = 0
    var health: [Health]
    private var freeSlots: [Int] = []
    private var nextStamp: Int
    var random: Random
    /// Nanoseconds on the caller's clock at which a minute of UTC begins.
    var minuteOrigin: Int64 = 0
    /// Reused by every decision, so that a decision allocates nothing. Means nothing between calls.
    var scratch: [Candidate] = []
    var reliability: Reliability
    /// What the decision under way found out about its candidates, where the journey wants to know.
    var noted: [Decision.Candidate] = []
    var notedLeaving: Ineligibility?
    /// What fields of deployments were lately, by slot.
    var readings: [LiveReading] = []
    /// Where prompts are remembered, and how far that is to be believed, by `Plan.warmthKeys`.
    var warm = WarmBeginnings()
    var warmthRecords: [UInt64: WarmthRecord] = [:]
    /// Requests that went where they are remembered in place of where their strategy sent them, and those that it sent there itself.
    public internal(set) var warmMoves = 0
    public internal(set) var warmStays = 0
    /// Answers that were believed to be remembered and were, and were not.
    public internal(set) var warmHits = 0
    public internal(set) var warmMisses = 0
    /// Leaves that conditions close, of the decision being made. Means nothing between calls.
    var closed = LeafSet()
    /// Of choices by complexity.
    var sessions = SessionMemory()
    var observed = ObservedCapabilities()

    public init(table: RoutingTable, seed: UInt64) {
        random = Random(seed: seed)
        reliability = Reliability(table.plan.retryBucket)
        health = table.deployments.enumerated().map { Health(stamp: $0, policy: $1.breaker) }
        nextStamp = health.count
        generations = [Generation(table: table, slots: Array(health.indices), pickers: table.plan.pickers)]
        scratch.reserveCapacity(RoutingTable.maxLeaves)
        makeMinds(0, after: nil)
    }

    public var table: RoutingTable { generations[newest].table }

    /// A journey through the newest table.
    public func journey(route: Route.ID, facts: Facts = Facts(), envelope: Envelope = Envelope(), seed: UInt64? = nil) -> Journey {
        Journey(in: table, route: route, facts: facts, envelope: envelope, seed: seed)
    }

    /// From here on `table` serves new journeys; those under way end on the table where they began. The health of deployments that
    /// are still the same thing to call survives. A table of a version already known changes nothing.
    public mutating func replace(_ table: RoutingTable, at now: Instant) {
        guard !generations.contains(where: { $0.table.version == table.version }) else { return }
        let old = generations[newest]
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
        rate(generations.count - 1)
        makeMinds(generations.count - 1, after: newest)
        newest = generations.count - 1
        forget(keeping: Self.keptTables) { !$0.isExtension }
        freeUnusedSlots()
    }

    /// Takes an extension of a table that this router runs, so that journeys through it find the same health. False: its base was
    /// replaced too long ago. One that is known already keeps the state of its strategies.
    public mutating func extend(with table: RoutingTable) -> Bool {
        if generations.contains(where: { $0.table.version == table.version }) { return true }
        guard let base = table.baseVersion, let generation = generation(of: base) else { return false }
        generations.append(Generation(table: table, slots: generations[generation].slots, pickers: table.plan.pickers))
        makeMinds(generations.count - 1, after: generation)
        forget(keeping: Self.keptExtensions) { $0.isExtension }
        return true
    }

    /// Lets go of the oldest generation of a kind when there are more than `limit`.
    private mutating func forget(keeping limit: Int, _ isKind: (RoutingTable) -> Bool) {
        guard generations.count > limit, generations.count(where: { isKind($0.table) }) > limit,
            let oldest = generations.firstIndex(where: { isKind($0.table) })
        else { return }
        generations.remove(at: oldest)
        if oldest < newest { newest -= 1 }
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
