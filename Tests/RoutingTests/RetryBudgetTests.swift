import Routing
import Testing

@Suite("Monthly retry budget") struct RetryBudgetTests {
    func router(_ budget: Int, fallback: Bool = true) throws -> Router {
        let retry = RetryPolicy(maxRetries: 2, backoff: .milliseconds(1), monthlyBudget: budget, budgetName: "gold")
        let others = [NamedRoute(name: "next", tree: .deployment(1), retry: RetryPolicy(maxRetries: 0))]
        let table = try table(
            deployments("a", "b") { $0.breaker = .never }, .deployment(0), retry: retry, others: others, fallbacks: fallback ? ["next"] : [])
        return Router(table: table, seed: 1)
    }

    func spend(_ router: inout Router) -> Run { router.run { $0 == 0 ? .badly(.timeout) : .well } }

    @Test("repeats are counted; when the month's are used up, the request goes straight to its fallback")
    func spent() throws {
        var router = try router(5)
        #expect(spend(&router).tried == [0, 0, 0, 1])
        #expect(spend(&router).tried == [0, 0, 0, 1])
        #expect(spend(&router).tried == [0, 0, 1])
        for _ in 0..<10 { #expect(spend(&router).tried == [0, 1]) }
        #expect(router.retrySpending == [RetrySpending(name: "gold", month: 0, used: 5)])
        let events = router.takeEvents().filter { $0.kind == .retryBudgetSpent }
        #expect(events.count == 1)
        #expect(events.first?.policy == "gold" && events.first?.number == 5 && events.first?.route == "main")
    }

    @Test("a new month begins anew, with an event of its own at its end")
    func months() throws {
        var router = try router(2)
        for month in [24_000, 24_001, 24_002] {
            router.setMonth(month)
            #expect(spend(&router).tried == [0, 0, 0, 1])
            #expect(spend(&router).tried == [0, 1])
            #expect(router.takeEvents().count { $0.kind == .retryBudgetSpent } == 1)
            #expect(router.retrySpending == [RetrySpending(name: "gold", month: month, used: 2)])
        }
    }

    @Test("what was spent survives a restart within its month")
    func restored() throws {
        var router = try router(3)
        router.setMonth(7)
        router.restore([RetrySpending(name: "gold", month: 7, used: 2), RetrySpending(name: "other", month: 7, used: 99)])
        #expect(spend(&router).tried == [0, 0, 1])
        var later = try self.router(3)
        later.restore([RetrySpending(name: "gold", month: 7, used: 3)])
        later.setMonth(8)
        #expect(spend(&later).tried == [0, 0, 0, 1])
        #expect(later.retrySpending.map(\.used) == [2])
    }

    @Test("zero is any number, a change of tables forgets nothing, and going on to others is no repeat")
    func unlimited() throws {
        var router = try router(0)
        for _ in 0..<20 { #expect(spend(&router).tried == [0, 0, 0, 1]) }
        #expect(router.retrySpending.isEmpty)
        #expect(router.takeEvents().allSatisfy { $0.kind != .retryBudgetSpent })
        let retry = RetryPolicy(maxRetries: 0, monthlyBudget: 1)
        var group = Router(table: try table(deployments("a", "b", "c"), leaves(Fallback(), 0, 1, 2), retry: retry), seed: 1)
        for _ in 0..<4 { #expect(group.run { $0 < 2 ? .badly(.serverError) : .well }.tried == [0, 1, 2]) }
        #expect(group.retrySpending.isEmpty)
        var changed = try self.router(2)
        #expect(spend(&changed).tried == [0, 0, 0, 1])
        let same = try self.router(2).table
        let next = try RoutingTable(version: 2, deployments: same.deployments, routes: same.routes)
        changed.replace(next, at: .zero)
        #expect(spend(&changed).tried == [0, 1])
    }
}

@Suite("Retry bucket") struct RetryBucketTests {
    /// Two that always fail and one that always serves; the chain asks them in this order. No breaker, so that all are asked.
    func router(_ bucket: RetryBucket, breaker: BreakerPolicy = .never, retry: RetryPolicy = RetryPolicy(maxRetries: 0)) throws -> Router {
        let table = try RoutingTable(
            version: 1, deployments: deployments("sick", "ill", "well") { $0.breaker = breaker },
            routes: [
                NamedRoute(name: "main", tree: leaves(Fallback(), 0, 1, 2), retry: retry),
                NamedRoute(name: "sick", tree: leaves(Fallback(), 0, 1), retry: retry),
                NamedRoute(name: "steady", tree: .deployment(2), retry: retry),
            ], retryBucket: bucket)
        return Router(table: table, seed: 1)
    }

    @Test("when everything fails, further attempts are a share of the requests; each request keeps its first")
    func amplification() throws {
        var router = try router(RetryBucket(share: 0.2, perSecond: 0, burst: 50))
        var attempts = 0
        for call in 0..<2_000 {
            let run = router.run(route: "sick", at: at(Double(call) * 0.001)) { _ in .badly(.serverError) }
            #expect(run.tried.count >= 1)
            attempts += run.tried.count
        }
        // 2,000 first ones, the burst, and a fifth.
        #expect(attempts <= 2_000 + 50 + 400 + 1)
        #expect(attempts >= 2_000 + 400)
        #expect(router.tallies.heldBack > 1_000)
        #expect(router.takeEvents().count { $0.kind == .retryStorm } == 1)
    }

    @Test("moving on to a deployment in plain good health is never held back")
    func healthy() throws {
        var router = try router(RetryBucket(share: 0, perSecond: 0, burst: 1))
        for call in 0..<500 {
            let run = router.run(at: at(Double(call) * 0.001)) { $0 < 2 ? .badly(.serverError) : .well }
            // The bucket's only token, then one attempt at the one that is well.
            #expect(run.succeeded, "\(call): \(run.tried)")
            #expect(run.tried.count <= 3)
        }
    }

    @Test("one that fails a little more than a tenth of its calls is not plainly well; its lot ends with the first attempt")
    func share() throws {
        for (faults, isServed) in [(10, true), (12, false)] {
            var router = try router(RetryBucket(share: 0, perSecond: 0, burst: 1))
            for call in 0..<100 { _ = router.run(route: "steady") { _ in call < faults ? .badly(.serverError) : .well } }
            _ = router.run(route: "sick") { _ in .badly(.timeout) }
            let run = router.run { $0 < 2 ? .badly(.timeout) : .well }
            #expect(run.succeeded == isServed, "\(faults) of 100: \(run)")
            if !isServed { #expect(run.end?.reason == .retryStorm) }
        }
    }

    @Test("nothing is repeated and nothing is tried in panic while the bucket is empty")
    func repeats() throws {
        var router = try router(RetryBucket(share: 0, perSecond: 0, burst: 2), retry: RetryPolicy(maxRetries: 5, backoff: .milliseconds(1)))
        let first = router.run(route: "sick") { _ in .badly(.timeout) }
        #expect(first.tried.count == 3)
        let second = router.run(route: "sick") { _ in .badly(.timeout) }
        #expect(second.tried == [0] && second.waits.isEmpty)
        #expect(second.end?.reason == .retryStorm && second.end?.lastFault == .timeout)
        // The caller's own mistake is still said as such.
        #expect(router.run(route: "sick") { _ in .badly(.badRequest) }.end?.reason == .callersFault(.badRequest))
        #expect(router.run(route: "sick") { _ in .badly(.contextWindow) }.end?.reason == .callersFault(.contextWindow))
    }

    @Test("time fills the bucket, so little traffic is never short")
    func little() throws {
        var router = try router(RetryBucket(), retry: RetryPolicy(maxRetries: 1, backoff: .milliseconds(1)))
        // Two a second, all failing: three attempts each.
        for call in 0..<200 {
            let run = router.run(route: "sick", at: at(Double(call) * 0.5)) { _ in .badly(.serverError) }
            #expect(run.tried.count == 2, "\(call)")
        }
        #expect(router.tallies.heldBack == 0)
    }

    @Test("a burst of zero is no bucket")
    func unlimited() throws {
        var router = try router(.unlimited)
        for _ in 0..<2_000 { #expect(router.run(route: "sick") { _ in .badly(.serverError) }.tried.count == 2) }
        #expect(router.tallies.heldBack == 0)
    }

    @Test("a storm that ends and comes again is told of again")
    func again() throws {
        var router = try router(RetryBucket(share: 0, perSecond: 10, burst: 20))
        for storm in 0..<3 {
            for _ in 0..<100 { _ = router.run(route: "sick", at: at(Double(storm) * 60)) { _ in .badly(.serverError) } }
            #expect(router.takeEvents().count { $0.kind == .retryStorm } == 1)
        }
    }
}
