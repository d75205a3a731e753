import Routing
import Testing

/// Context windows of deployments, for prompts that can be made shorter.
@Suite("Windows that yield") struct WindowsTests {
    private func router(_ windows: [Int?], _ strategy: any Strategy = Fallback(), contextFallbacks: [String] = []) throws -> Router {
        var all = deployments("a", "b", "c")
        for (index, window) in windows.enumerated() { all[index].contextWindow = window }
        var main = NamedRoute(name: "main", tree: leaves(strategy, 0, 1), retry: RetryPolicy(maxRetries: 0))
        main.contextWindowFallbacks = contextFallbacks
        let other = NamedRoute(name: "other", tree: .deployment(2), retry: RetryPolicy(maxRetries: 0))
        return Router(table: try RoutingTable(version: 1, deployments: all, routes: [main, other]), seed: 1)
    }

    private func journey(_ router: Router, tokens: Int, _ windows: Journey.Windows) -> Journey {
        var journey = Journey(in: router.table, route: 0, facts: Facts(inputTokens: tokens))
        journey.windows = windows
        return journey
    }

    @Test("one that is too small serves when nothing else is left, and not before")
    func yields() throws {
        var router = try router([100, 1_000, nil])
        #expect(router.run(journey(router, tokens: 500, .yield)) { _ in .well }.tried == [1])
        #expect(router.run(journey(router, tokens: 5_000, .yield)) { _ in .well }.tried == [0])
        #expect(router.run(journey(router, tokens: 500, .yield)) { $0 == 1 ? .badly(.serverError) : .well }.tried == [1, 0])
        #expect(router.run(journey(router, tokens: 5_000, .yield)) { _ in .badly(.serverError) }.tried == [0, 1], "each once")
    }

    @Test("one that binds never serves what is too long for it")
    func binds() throws {
        var router = try router([100, 1_000, nil])
        let run = router.run(journey(router, tokens: 5_000, .bind)) { _ in .well }
        #expect(run.tried.isEmpty)
        guard case .noneEligible(let reason)? = run.end?.reason else {
            Issue.record("\(String(describing: run.end))")
            return
        }
        #expect([.contextTooSmall(100), .contextTooSmall(1_000)].contains(reason))
        #expect(router.run(journey(router, tokens: 500, .bind)) { _ in .badly(.serverError) }.tried == [1])
    }

    @Test("a fallback for long prompts comes before a shorter prompt")
    func fallbacks() throws {
        var router = try router([100, 1_000, nil], contextFallbacks: ["other"])
        #expect(router.run(journey(router, tokens: 5_000, .yield)) { _ in .well }.tried == [2])
        #expect(router.run(journey(router, tokens: 5_000, .yield)) { $0 == 2 ? .badly(.contextWindow) : .well }.end != nil)
    }
}
