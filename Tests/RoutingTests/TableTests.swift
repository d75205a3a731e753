import Routing
import Testing

@Suite("Routing table") struct TableTests {
    func problems(_ routes: [NamedRoute], _ all: [Deployment] = deployments("a", "b"), defaults: [String] = []) -> [RouteProblem] {
        do {
            _ = try RoutingTable(version: 1, deployments: all, routes: routes, defaultFallbacks: defaults)
            return []
        } catch { return error.problems }
    }

    @Test("all problems are listed at once, with the nearest name")
    func all() {
        let found = problems(
            [
                NamedRoute(name: "chat", tree: .named("smrt"), fallbacks: ["chta", "zzzzzz"]),
                NamedRoute(name: "smart", tree: leaves(Single(), 0, 1)),
                NamedRoute(name: "empty", tree: .choice(Shuffle(), [])),
                NamedRoute(name: "gone", tree: .deployment(7)),
                NamedRoute(
                    name: "weights", tree: .choice(Percentage(), [Branch(.deployment(0), weight: -1), Branch(.deployment(1), weight: 0)])),
                NamedRoute(name: "smart", tree: .deployment(0)),
            ], deployments("a", "a") { $0.breaker.failureThreshold = 65 }, defaults: ["nobody"])
        let kinds: [RouteProblem.Kind] = [
            .unknownRoute("smrt", nearest: "smart"), .unknownRoute("chta", nearest: "chat"), .unknownRoute("zzzzzz", nearest: nil),
            .severalForSingle(2), .emptyChoice(strategy: "shuffle"), .unknownDeployment(7), .badWeight(-1), .noWeight(strategy: "percentage"),
            .duplicateName("route"), .duplicateName("deployment"), .unknownRoute("nobody", nearest: nil),
        ]
        for kind in kinds { #expect(found.map(\.kind).contains(kind), "\(kind)") }
        #expect(found.contains { if case .badDeployment = $0.kind { true } else { false } })
        #expect(found.allSatisfy { !$0.description.isEmpty })
    }

    @Test("cycles are named whole")
    func cycles() {
        let routes = [
            NamedRoute(name: "a", tree: .choice(Fallback(), [Branch(.deployment(0)), Branch(.named("b"))])),
            NamedRoute(name: "b", tree: .named("c")), NamedRoute(name: "c", tree: .named("b")),
            NamedRoute(name: "self", tree: .named("self")),
        ]
        let kinds = problems(routes).map(\.kind)
        #expect(kinds.contains(.cycle(["b", "c", "b"])))
        #expect(kinds.contains(.cycle(["self", "self"])))
    }

    @Test("depth and leaves are bounded, also when names multiply them")
    func bounds() throws {
        func nest(_ depth: Int) -> Route { depth == 1 ? .deployment(0) : .choice(Fallback(), [Branch(nest(depth - 1))]) }
        #expect(problems([NamedRoute(name: "deep", tree: nest(RoutingTable.maxDepth))]).isEmpty)
        #expect(problems([NamedRoute(name: "deep", tree: nest(RoutingTable.maxDepth + 1))]).map(\.kind) == [.tooDeep])
        let doubling = (0..<9).map { level in
            let child: Route = level == 8 ? .deployment(0) : .named("l\(level + 1)")
            return NamedRoute(name: "l\(level)", tree: .choice(Shuffle(), (0..<20).map { _ in Branch(child) }))
        }
        #expect(problems(doubling).map(\.kind).contains(.tooManyLeaves))
        let wide = Route.choice(Shuffle(), (0..<RoutingTable.maxLeaves).map { _ in Branch(.deployment(0)) })
        let table = try RoutingTable(version: 1, deployments: deployments("a"), routes: [NamedRoute(name: "wide", tree: wide)])
        #expect(table.deployments(of: 0) == [0])
    }

    @Test("names find ids")
    func lookup() throws {
        let table = try RoutingTable(
            version: 3, deployments: deployments("p/m", "q/n"),
            routes: [NamedRoute(name: "x", tree: .deployment(1)), NamedRoute(name: "chat", tree: leaves(Shuffle(), 1, 0))])
        #expect(table.route(named: "chat") == 1)
        #expect(table.route(named: "Chat") == nil)
        #expect(table.deployment(named: "q/n") == 1)
        #expect(table.deployments(of: 1) == [1, 0])
        #expect(table.nearestRoute(to: "chatt") == "chat")
        #expect(RoutingTable.empty.routes.isEmpty)
    }
}
