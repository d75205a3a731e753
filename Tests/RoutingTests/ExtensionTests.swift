import Testing

@testable import Routing

@Suite("Extensions of a table") struct ExtensionTests {
    private let now = Instant(nanoseconds: 1_000_000_000)

    private func base() throws -> RoutingTable {
        let deployments = ["a", "b", "c"].map { Deployment(name: $0) }
        let group = NamedRoute(name: "group", tree: .choice(RoundRobin(), [Branch(.deployment(0)), Branch(.deployment(1))]))
        return try RoutingTable(version: 1, deployments: deployments, routes: [group, NamedRoute(name: "c", tree: .deployment(2))])
    }

    private func inline(_ tree: Route, fallbacks: [String] = []) -> NamedRoute {
        NamedRoute(name: "router/inline", tree: tree, retry: RetryPolicy(maxRetries: 0), fallbacks: fallbacks)
    }

    private func attempt(_ router: inout Router, _ table: RoutingTable, _ route: Int) -> (Attempt, Journey)? {
        var journey = Journey(in: table, route: route)
        guard case .attempt(let attempt) = router.next(&journey, at: now) else { return nil }
        return (attempt, journey)
    }

    @Test("a tree of a request finds the health of the table's deployments, and counts there")
    func health() throws {
        let base = try base()
        var router = Router(table: base, seed: 7)
        let extended = try base.extended(by: [inline(.choice(Fallback(), [Branch(.deployment(2)), Branch(.named("group"))]))], version: -1)
        #expect(extended.baseVersion == 1 && extended.deployments == base.deployments && extended.routes.count == 3)
        let known = router.extend(with: extended)
        #expect(known)
        let (attempt, _) = try #require(attempt(&router, extended, 2))
        #expect(attempt.deployment == 2 && router.inFlight(at: 2) == 1)
        router.record(.fault(.auth, retryAfter: nil), of: attempt, at: now)
        #expect(router.inFlight(at: 2) == 0 && router.state(of: 2, at: now) == .open)
        let (next, _) = try #require(self.attempt(&router, extended, 2))
        #expect(next.deployment != 2)
    }

    @Test("the state of its strategies lives as long as the extension")
    func turns() throws {
        let base = try base()
        var router = Router(table: base, seed: 7)
        let tree = Route.choice(RoundRobin(), (0..<3).map { Branch(.deployment($0)) })
        let extended = try base.extended(by: [inline(tree)], version: -1)
        let (known, again) = (router.extend(with: extended), router.extend(with: extended))
        #expect(known && again)
        var served: [Int] = []
        for _ in 0..<6 {
            let (attempt, _) = try #require(attempt(&router, extended, 2))
            served.append(attempt.deployment)
            router.record(.success(firstByte: .milliseconds(1), total: .milliseconds(1), outputTokens: 1), of: attempt, at: now)
        }
        #expect(served == [0, 1, 2, 0, 1, 2])
    }

    @Test("its fallbacks may be routes of the table")
    func fallbacks() throws {
        let base = try base()
        var router = Router(table: base, seed: 7)
        let extended = try base.extended(by: [inline(.deployment(2), fallbacks: ["group"])], version: -1)
        let known = router.extend(with: extended)
        #expect(known)
        let (first, begun) = try #require(attempt(&router, extended, 2))
        var journey = begun
        router.record(.fault(.serverError, retryAfter: nil), of: first, in: &journey, at: now)
        guard case .attempt(let second) = router.next(&journey, at: now) else {
            Issue.record("the fallback was not entered")
            return
        }
        #expect(second.deployment < 2)
    }

    @Test("old extensions go first, and never a table")
    func forgetting() throws {
        let base = try base()
        var router = Router(table: base, seed: 7)
        var versions: [RoutingTable] = []
        for number in 1...Router.keptExtensions + 3 {
            let extended = try base.extended(by: [inline(.deployment(number % 3))], version: -number)
            let known = router.extend(with: extended)
            #expect(known)
            versions.append(extended)
        }
        var old = Journey(in: versions[0], route: 2)
        guard case .exhausted(let why) = router.next(&old, at: now) else {
            Issue.record("the oldest extension is still known")
            return
        }
        #expect(why.reason == .tableGone)
        _ = try #require(attempt(&router, versions[3], 2))
        _ = try #require(attempt(&router, base, 0))
        for version in 2...Router.keptTables + 1 {
            router.replace(try RoutingTable(version: version, deployments: base.deployments, routes: base.routes), at: now)
        }
        #expect(router.table.version == Router.keptTables + 1)
        let late = router.extend(with: try base.extended(by: [inline(.deployment(0))], version: -9_999))
        #expect(!late)
    }

    @Test("what is wrong with it is said, and the table stays as it is")
    func problems() throws {
        let base = try base()
        #expect(throws: RoutingTableError.self) { try base.extended(by: [inline(.named("grope"))], version: -1) }
        #expect(throws: RoutingTableError.self) { try base.extended(by: [NamedRoute(name: "group", tree: .deployment(0))], version: -1) }
        var deep = Route.deployment(0)
        for _ in 0...RoutingTable.maxDepth { deep = .choice(Fallback(), [Branch(deep)]) }
        #expect(throws: RoutingTableError.self) { try base.extended(by: [inline(deep)], version: -1) }
    }
}
