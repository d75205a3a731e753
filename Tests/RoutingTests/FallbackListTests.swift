import Routing
import Testing

/// Fallbacks between named routes, after LiteLLM's rules.
@Suite("Fallback lists") struct FallbackListTests {
    /// Route n is deployment n alone.
    func router(
        _ change: (inout [NamedRoute]) -> Void, defaults: [String] = [], contextWindows: [Int?] = [], maxFallbacks: Int = 5
    ) throws -> Router {
        var routes = (0..<6).map { NamedRoute(name: "r\($0)", tree: .deployment($0), retry: RetryPolicy(maxRetries: 0)) }
        change(&routes)
        var all = deployments("a", "b", "c", "d", "e", "f")
        for (index, window) in contextWindows.enumerated() { all[index].contextWindow = window }
        let table = try RoutingTable(version: 1, deployments: all, routes: routes, defaultFallbacks: defaults, maxFallbacks: maxFallbacks)
        return Router(table: table, seed: 1)
    }

    struct Row: Sendable {
        var fault: Fault
        var tried: [Int]
    }

    @Test(
        "each class of fault has its list, before the general one",
        arguments: [
            Row(fault: .contextWindow, tried: [0, 1, 2]), Row(fault: .contentPolicy, tried: [0, 3, 2]), Row(fault: .serverError, tried: [0, 2]),
            Row(fault: .auth, tried: [0, 2]), Row(fault: .badRequest, tried: [0]),
        ])
    func lists(_ row: Row) throws {
        var router = try router { routes in
            routes[0].contextWindowFallbacks = ["r1"]
            routes[0].contentPolicyFallbacks = ["r3"]
            routes[0].fallbacks = ["r2"]
        }
        let run = router.run(route: "r0") { _ in .badly(row.fault) }
        #expect(run.tried == row.tried)
    }

    @Test("without a list the fault is the caller's", arguments: [Fault.contextWindow, .contentPolicy])
    func noList(fault: Fault) throws {
        var router = try router { _ in }
        #expect(router.run(route: "r0") { _ in .badly(fault) }.end?.reason == .callersFault(fault))
    }

    @Test("defaults serve routes without a list of their own; no route is entered twice")
    func defaults() throws {
        var router = try router({ $0[1].fallbacks = ["r3"] }, defaults: ["r4", "r0", "r5"])
        #expect(router.run(route: "r0") { _ in .badly(.timeout) }.tried == [0, 4, 5])
        #expect(router.run(route: "r1") { _ in .badly(.timeout) }.tried == [1, 3, 4, 0, 5])
    }

    @Test("a fallback's own fallbacks come first, at most max_fallbacks in all")
    func nested() throws {
        func tried(_ limit: Int) throws -> [Int] {
            var router = try router(
                { routes in
                    routes[0].fallbacks = ["r1", "r2"]
                    routes[1].fallbacks = ["r3", "r0"]
                    routes[3].fallbacks = ["r4"]
                    routes[2].fallbacks = ["r5"]
                }, maxFallbacks: limit)
            return router.run(route: "r0") { _ in .badly(.timeout) }.tried
        }
        #expect(try tried(5) == [0, 1, 3, 4, 2, 5])
        #expect(try tried(3) == [0, 1, 3, 4])
        #expect(try tried(0) == [0])
    }

    @Test("each fallback runs its own repeats")
    func repeats() throws {
        var router = try router { routes in
            routes[0].fallbacks = ["r1"]
            routes[0].retry = RetryPolicy(maxRetries: 1, backoff: .zero)
            routes[1].retry = RetryPolicy(maxRetries: 2, backoff: .zero)
        }
        #expect(router.run(route: "r0") { _ in .badly(.timeout) }.tried == [0, 0, 1, 1, 1])
    }

    @Test("a request may bring its own list, or none")
    func ofRequest() throws {
        var router = try router { $0[0].fallbacks = ["r1"] }
        var journey = router.journey(route: 0)
        journey.fallbacks = [4, 5]
        #expect(router.run(journey) { _ in .badly(.timeout) }.tried == [0, 4, 5])
        journey.fallbacksDisabled = true
        #expect(router.run(journey) { _ in .badly(.timeout) }.tried == [0])
    }

    @Test("too small a context window leads to its list before any call")
    func beforeAnyCall() throws {
        var router = try router({ $0[0].contextWindowFallbacks = ["r1"] }, contextWindows: [1000])
        #expect(router.run(router.journey(route: 0, facts: Facts(inputTokens: 900, outputTokens: 101))) { _ in .well }.tried == [1])
        #expect(router.run(router.journey(route: 0, facts: Facts(inputTokens: 900, outputTokens: 100))) { _ in .well }.tried == [0])
        let big = Facts(inputTokens: 5000)
        #expect(router.run(router.journey(route: 0, facts: big)) { _ in .badly(.timeout) }.tried == [1])
    }

    @Test("a route that rests is left for its fallback; it is tried in panic only without one")
    func resting() throws {
        var router = try router { $0[0].fallbacks = ["r1"] }
        _ = router.run(route: "r0") { $0 == 0 ? .badly(.auth) : .well }
        #expect(router.run(route: "r0") { _ in .well }.tried == [1])
        _ = router.run(route: "r2") { _ in .badly(.auth) }
        #expect(router.run(route: "r2") { _ in .well }.attempts.map(\.isPanic) == [true])
    }

    @Test("the attempt names the route it was chosen in")
    func routeOfAttempt() throws {
        var router = try router { $0[0].fallbacks = ["r1"] }
        #expect(router.run(route: "r0") { _ in .badly(.timeout) }.attempts.map(\.route) == [0, 1])
    }
}
