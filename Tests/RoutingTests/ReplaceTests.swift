import Routing
import Testing

@Suite("Replacing the table") struct ReplaceTests {
    func version(_ version: Int, _ all: [Deployment]) throws -> RoutingTable {
        try table(all, .choice(Fallback(), all.indices.map { Branch(.deployment($0)) }), version: version)
    }

    @Test("health follows the name, whatever its place; what is called anew begins anew")
    func health() throws {
        var router = Router(table: try version(1, deployments("a", "b", "c")), seed: 1)
        _ = router.run { $0 == 2 ? .well : .badly(.auth) }
        #expect((0..<3).map { router.state($0, at: .zero) } == [.open, .open, .closed])
        var next = deployments("c", "b", "a", "d")
        next[1].weight = 9
        next[2].fingerprint = 1
        router.replace(try version(2, next), at: .zero)
        #expect((0..<4).map { router.state($0, at: .zero) } == [.closed, .open, .closed, .closed])
        #expect(router.health(of: 0, at: .zero).successes == 1)
        #expect(router.health(of: 2, at: .zero).faults == 0)
        #expect(router.health(of: 3, at: .zero).name == "d")
    }

    @Test("a request under way ends on the table where it began")
    func underWay() throws {
        var router = Router(table: try version(1, deployments("a", "b", "c")), seed: 1)
        var journey = router.journey(route: 0)
        guard case .attempt(let first) = router.next(&journey, at: .zero) else { return }
        router.replace(try version(2, deployments("c", "a")), at: .zero)
        router.record(.fault(.timeout, retryAfter: nil), of: first, in: &journey, at: .zero)
        guard case .attempt(let second) = router.next(&journey, at: .zero) else {
            Issue.record("the request ended")
            return
        }
        #expect(second.deployment == 1 && second.tableVersion == 1)
        router.record(Ending.well.outcome, of: second, in: &journey, at: .zero)
        #expect(router.healthReports(at: .zero).map(\.inFlight) == [0, 0])
        #expect(router.healthReports(at: .zero).map(\.faults) == [0, 1])
    }

    @Test("an attempt of a table long gone is not counted on whoever has its place")
    func longGone() throws {
        var router = Router(table: try version(1, deployments("a", "b")), seed: 1)
        var journey = router.journey(route: 0)
        guard case .attempt(let first) = router.next(&journey, at: .zero) else { return }
        var kept = router.journey(route: 0)
        guard case .attempt(let second) = router.next(&kept, at: .zero) else { return }
        #expect(first.deployment == 0 && second.deployment == 0)
        for round in 2...40 { router.replace(try version(round, deployments("b", "c\(round)")), at: .zero) }
        router.record(.fault(.timeout, retryAfter: nil), of: first, in: &journey, at: .zero)
        #expect(router.healthReports(at: .zero).allSatisfy { $0.inFlight == 0 && $0.faults == 0 })
        guard case .exhausted(let why) = router.next(&journey, at: .zero) else {
            Issue.record("a table that is gone still serves")
            return
        }
        #expect(why.reason == .tableGone)
        router.record(.cancelled, of: second, in: &kept, at: .zero)
        #expect(router.healthReports(at: .zero).allSatisfy { $0.inFlight == 0 })
    }

    @Test("in flight survives replacement and comes back to nothing")
    func inFlight() throws {
        var router = Router(table: try version(1, deployments("a", "b")), seed: 1)
        var open: [(Attempt, Journey)] = []
        for round in 2...60 {
            var journey = router.journey(route: 0)
            if case .attempt(let attempt) = router.next(&journey, at: .zero) { open.append((attempt, journey)) }
            router.replace(try version(round, round.isMultiple(of: 2) ? deployments("b", "a") : deployments("a", "b", "x")), at: .zero)
        }
        #expect(router.healthReports(at: .zero).map(\.inFlight).reduce(0, +) == open.count)
        for (attempt, journey) in open {
            var journey = journey
            router.record(.cancelled, of: attempt, in: &journey, at: .zero)
        }
        #expect(router.healthReports(at: .zero).allSatisfy { $0.inFlight == 0 })
    }

    @Test("a table known already changes nothing")
    func same() throws {
        var router = Router(table: try version(1, deployments("a")), seed: 1)
        router.replace(try version(1, deployments("z")), at: .zero)
        #expect(router.table.deployments.map(\.name) == ["a"])
    }
}
