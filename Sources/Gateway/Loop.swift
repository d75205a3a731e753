import Guarding
import NIOCore
import Routing
import Settings
import Storage

/// What one event loop owns. Nothing here is locked; only its own loop touches it.
final class Loop {
    let index: Int
    let eventLoop: any EventLoop
    let server: Server
    let reads = ReadBuffer()
    let deadlines: Deadlines
    let allocator = ByteBufferAllocator()
    /// What the loop runs; replaced by `Server.replace`.
    var live: Live
    var counters = Counters()
    /// When the event that the loop is busy with came: set by whoever is called by NIO or a timer, before anything else, so
    /// that a request asks the clock twice and not twelve times.
    var time = Instant.now()
    private(set) lazy var holding = Holding(
        self, journal: server.journal, store: server.store, wait: live.blueprint.ledger.wait)
    private(set) lazy var parking = Parking(self)
    /// Of the file of requests in flight; nil: there is none.
    let region: OpenRegion?
    let accessLog: AccessLog.Lane
    var requestIDs: RequestIDGenerator
    var verifiedKeys = VerifiedKeys()
    /// By policy of `live.guards`: made when it is first asked.
    private var checkers: [Guard?] = []
    /// Of the request whose prompt is looked at.
    var prompts = PromptTexts()
    private var pools: [UpstreamPool] = []
    private var clients: [ObjectIdentifier: ClientChannel] = [:]
    private(set) var draining = false
    private var scratch: ByteBuffer?
    /// Others, for answers that wait for their row: small ones only, at most `mostSpares`.
    private var spares: [ByteBuffer] = []
    private static let mostSpares = 64
    private static let largestSpare = 8192

    init(index: Int, eventLoop: any EventLoop, server: Server, live: Live) {
        self.index = index
        self.eventLoop = eventLoop
        self.server = server
        self.live = live
        deadlines = Deadlines(loop: eventLoop)
        accessLog = AccessLog.Lane(log: server.accessLog, eventLoop: eventLoop)
        region = server.open?.region(index)
        requestIDs = RequestIDGenerator(node: server.firstNode + index)
        counters.fit(deployments: live.targets.count)
    }

    /// The idle connections to an origin; origins are numbered by `OriginNumbers` for the life of the process.
    func pool(_ origin: Int) -> UpstreamPool {
        while pools.count <= origin {
            pools.append(UpstreamPool(origin: server.origins[pools.count], loop: self))
        }
        return pools[origin]
    }

    /// A buffer to write one answer or one upstream request into, and to give back once written.
    func takeScratch(capacity: Int) -> ByteBuffer {
        guard var buffer = scratch ?? spares.popLast() else { return allocator.buffer(capacity: max(capacity, 4096)) }
        scratch = nil
        buffer.clear()
        return buffer
    }

    /// Large ones are let go, so that one long prompt does not stay for ever.
    func giveBack(_ buffer: consuming ByteBuffer) {
        if scratch == nil, buffer.capacity <= 65_536 {
            scratch = buffer
        } else if buffer.capacity <= Self.largestSpare, spares.count < Self.mostSpares {
            spares.append(buffer)
        }
    }

    /// The guard of a policy of `live.guards`.
    func checker(_ policy: Int, _ guards: LiveGuards) -> Guard {
        while checkers.count <= policy { checkers.append(nil) }
        if let checker = checkers[policy] { return checker }
        let checker = Guard(guards.table.policies[policy])
        checkers[policy] = checker
        return checker
    }

    /// Runs `live` from the next request on.
    func run(_ live: Live) {
        self.live = live
        verifiedKeys.forget()
        checkers = []
        counters.fit(deployments: live.targets.count)
    }

    // MARK: Clients

    func opened(_ client: ClientChannel) {
        clients[ObjectIdentifier(client)] = client
        counters.clientConnections += 1
    }

    func closed(_ client: ClientChannel) {
        clients[ObjectIdentifier(client)] = nil
        counters.clientConnections -= 1
    }

    /// No further request begins here; connections close as they fall idle.
    func drain() {
        time = .now()
        draining = true
        for client in clients.values { client.drain() }
    }

    /// The grace time is over: streams end with a typed error, the rest is refused.
    func endAll() {
        time = .now()
        for client in clients.values { client.endForShutdown() }
        for pool in pools { pool.closeIdle() }
    }

    var busyClients: Int { clients.values.reduce(0) { $0 + ($1.isServing ? 1 : 0) } }
    var openClients: Int { clients.count }
    var idleUpstreams: Int { pools.reduce(0) { $0 + $1.idleCount } }
}
