import Routing
import Testing

@Suite("Failover") struct FailoverTests {
    struct Row: Sendable {
        var fault: Fault
        /// How a fallback chain of a, b, c goes on when a fails so, and b serves.
        var chain: [Deployment.ID]
        /// The same for a group that round robin serves.
        var group: [Deployment.ID]
    }

    @Test(
        "each fault goes on as it should",
        arguments: [
            Row(fault: .rateLimit, chain: [0, 1], group: [0, 1]),
            Row(fault: .quotaExceeded, chain: [0, 1], group: [0, 1]),
            Row(fault: .serverError, chain: [0, 1], group: [0, 1]),
            Row(fault: .timeout, chain: [0, 1], group: [0, 1]),
            Row(fault: .unavailable, chain: [0, 1], group: [0, 1]),
            Row(fault: .malformedReply, chain: [0, 1], group: [0, 1]),
            Row(fault: .auth, chain: [0, 1], group: [0, 1]),
            Row(fault: .notFound, chain: [0, 1], group: [0, 1]),
            Row(fault: .contextWindow, chain: [0, 1], group: [0]),
            Row(fault: .contentPolicy, chain: [0, 1], group: [0]),
            Row(fault: .badRequest, chain: [0], group: [0]),
            Row(fault: .cancelled, chain: [0], group: [0]),
        ])
    func faults(_ row: Row) throws {
        for (strategy, wanted) in [(Fallback(), row.chain), (RoundRobin(), row.group)] as [(any Strategy, [Int])] {
            var router = Router(table: try table(deployments("a", "b", "c"), leaves(strategy, 0, 1, 2)), seed: 1)
            let run = router.run { $0 == 0 ? .badly(row.fault) : .well }
            #expect(run.tried == wanted)
            #expect(run.waits.isEmpty)
            #expect(run.succeeded == (wanted.count > 1))
            if wanted.count == 1 { #expect(run.end?.reason == (row.fault == .cancelled ? .cancelled : .callersFault(row.fault))) }
        }
    }

    @Test("a nested node is used up before its parent goes on")
    func nested() throws {
        let tree = Route.choice(Fallback(), [Branch(leaves(RoundRobin(), 0, 1)), Branch(.named("pair")), Branch(.deployment(4))])
        let pair = NamedRoute(name: "pair", tree: leaves(Fallback(), 2, 3))
        var router = Router(
            table: try table(deployments("a", "b", "c", "d", "e"), tree, retry: RetryPolicy(maxRetries: 0), others: [pair]), seed: 1)
        #expect(router.run { _ in .badly(.serverError) }.tried == [0, 1, 2, 3, 4])
        #expect(router.run { _ in .badly(.timeout) }.tried == [0, 1, 2, 3, 4])
    }

    @Test("on: limits after which faults a branch is tried")
    func limitedBranches() throws {
        let tree = Route.choice(
            Fallback(), [Branch(.deployment(0)), Branch(.deployment(1), on: FaultSet(.timeout)), Branch(.deployment(2), on: FaultSet(.badRequest))])
        func chain(_ fault: Fault) throws -> [Int] {
            var router = Router(table: try table(deployments("a", "b", "c"), tree, retry: RetryPolicy(maxRetries: 0)), seed: 1)
            return router.run { _ in .badly(fault) }.tried
        }
        #expect(try chain(.timeout) == [0, 1])
        #expect(try chain(.serverError) == [0])
        #expect(try chain(.badRequest) == [0, 2])
    }

    @Test("on: of an inner branch does not bar the way into its node")
    func limitedInside() throws {
        let inner = Route.choice(Fallback(), [Branch(.deployment(1), on: FaultSet(.timeout)), Branch(.deployment(2))])
        let tree = Route.choice(Fallback(), [Branch(.deployment(0)), Branch(inner)])
        var router = Router(table: try table(deployments("a", "b", "c"), tree, retry: RetryPolicy(maxRetries: 0)), seed: 1)
        #expect(router.run { _ in .badly(.serverError) }.tried == [0, 1, 2])
    }

    @Test("a deployment written twice is tried once")
    func twice() throws {
        let tree = Route.choice(Fallback(), [Branch(.deployment(0)), Branch(.deployment(1)), Branch(.deployment(0)), Branch(.deployment(2))])
        var router = Router(table: try table(deployments("a", "b", "c"), tree, retry: RetryPolicy(maxRetries: 0)), seed: 1)
        #expect(router.run { _ in .badly(.serverError) }.tried == [0, 1, 2])
    }

    @Test("a named route in two trees has one round robin")
    func sharedState() throws {
        let pair = NamedRoute(name: "pair", tree: leaves(RoundRobin(), 0, 1))
        let wrapped = NamedRoute(name: "wrapped", tree: .choice(Fallback(), [Branch(.named("pair"))]))
        var router = Router(table: try table(deployments("a", "b"), .named("pair"), others: [pair, wrapped]), seed: 1)
        let turns = ["pair", "wrapped", "main", "pair"].flatMap { router.run(route: $0) { _ in .well }.tried }
        #expect(turns == [0, 1, 0, 1])
    }

    @Test("an attempt ends by the nearest timeout that is said, and never after the deadline")
    func timeouts() throws {
        func deadline(leaf: Duration?, own: Duration?, request: Duration?, route: Duration?, total: Double = 1000) throws -> Duration {
            let tree = Route.choice(Fallback(), [Branch(.deployment(0, LeafOptions(timeout: leaf)))])
            let table = try RoutingTable(
                version: 1, deployments: deployments("a") { $0.timeout = own }, routes: [NamedRoute(name: "main", tree: tree, timeout: route)])
            var router = Router(table: table, seed: 1)
            var journey = Journey(in: table, route: 0, envelope: Envelope(deadline: at(total)))
            journey.timeout = request
            guard case .attempt(let attempt) = router.next(&journey, at: at(1)) else { return .zero }
            return attempt.deadline - at(1)
        }
        #expect(try deadline(leaf: .seconds(1), own: .seconds(2), request: .seconds(3), route: .seconds(4)) == .seconds(1))
        #expect(try deadline(leaf: nil, own: .seconds(2), request: .seconds(3), route: .seconds(4)) == .seconds(2))
        #expect(try deadline(leaf: nil, own: nil, request: .seconds(3), route: .seconds(4)) == .seconds(3))
        #expect(try deadline(leaf: nil, own: nil, request: nil, route: .seconds(4)) == .seconds(4))
        #expect(try deadline(leaf: nil, own: nil, request: nil, route: nil) == .seconds(999))
        #expect(try deadline(leaf: .seconds(50), own: nil, request: nil, route: nil, total: 3) == .seconds(2))
    }
}
