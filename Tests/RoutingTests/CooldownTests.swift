import Routing
import Testing

/// The sentences of LiteLLM's cooldown, one by one.
@Suite("Cooldown by allowed fails") struct CooldownTests {
    func pair(_ policy: BreakerPolicy) throws -> Router {
        Router(table: try table(deployments("a", "b") { $0.breaker = policy }, leaves(Fallback(), 0, 1)), seed: 1)
    }

    func alone(_ policy: BreakerPolicy) throws -> Router {
        Router(table: try table(deployments("a") { $0.breaker = policy }, .deployment(0), retry: RetryPolicy(maxRetries: 0)), seed: 1)
    }

    /// Makes a fail so often, a hundredth of a second apart; the number after which it rests.
    func faultsUntilRest(_ router: inout Router, _ fault: Fault, atMost: Int, every: Double = 0.01) -> Int? {
        for number in 1...atMost {
            let now = at(Double(number) * every)
            _ = router.run(at: now) { $0 == 0 ? .badly(fault) : .well }
            if router.state(0, at: now) != .closed { return number }
        }
        return nil
    }

    struct Row: Sendable {
        var allowed: Int?
        var classes: [(Fault, Int)] = []
        var fault: Fault
        /// The fault that makes it rest, of twelve; nil: none does.
        var rests: Int?
        var alone = false
    }

    @Test(
        "a deployment rests at the fault that exceeds what is allowed",
        arguments: [
            Row(allowed: 3, fault: .serverError, rests: 4), Row(allowed: 3, fault: .timeout, rests: 4), Row(allowed: 0, fault: .timeout, rests: 1),
            Row(allowed: 3, fault: .rateLimit, rests: 4), Row(allowed: 3, fault: .unavailable, rests: 4),
            Row(allowed: 3, fault: .auth, rests: 1), Row(allowed: 3, fault: .notFound, rests: 1),
            Row(allowed: 3, fault: .badRequest, rests: nil), Row(allowed: 3, fault: .contentPolicy, rests: nil),
            // A class with a number of its own, whether it would count otherwise or not.
            Row(allowed: 3, classes: [(.rateLimit, 5)], fault: .rateLimit, rests: 6),
            Row(allowed: 3, classes: [(.rateLimit, 5)], fault: .serverError, rests: 4),
            Row(allowed: 3, classes: [(.auth, 2)], fault: .auth, rests: 3),
            Row(allowed: 3, classes: [(.badRequest, 7)], fault: .badRequest, rests: 8, alone: true),
            Row(allowed: 3, classes: [(.contentPolicy, 0)], fault: .contentPolicy, rests: 1, alone: true),
            Row(allowed: 0, classes: [(.timeout, 2), (.serverError, 9)], fault: .timeout, rests: 3),
            // Without a number: by nature.
            Row(allowed: nil, fault: .rateLimit, rests: 1), Row(allowed: nil, fault: .rateLimit, rests: nil, alone: true),
            Row(allowed: nil, fault: .auth, rests: 1), Row(allowed: nil, fault: .auth, rests: 1, alone: true),
            Row(allowed: nil, fault: .notFound, rests: 1), Row(allowed: nil, fault: .serverError, rests: 5),
            Row(allowed: nil, fault: .serverError, rests: nil, alone: true), Row(allowed: nil, fault: .unavailable, rests: nil),
            Row(allowed: nil, fault: .badRequest, rests: nil), Row(allowed: nil, fault: .contextWindow, rests: nil),
            Row(allowed: nil, classes: [(.rateLimit, 2)], fault: .rateLimit, rests: 3),
        ])
    func allowances(_ row: Row) throws {
        var policy = BreakerPolicy.cooldown(allowedFails: row.allowed, time: .seconds(30))
        for (fault, count) in row.classes { policy.allow(count, of: fault) }
        var router = try row.alone ? alone(policy) : pair(policy)
        #expect(faultsUntilRest(&router, row.fault, atMost: 12) == row.rests)
    }

    @Test("faults count for the cooldown time only, each class by itself")
    func window() throws {
        var policy = BreakerPolicy.cooldown(allowedFails: 2, time: .seconds(10))
        policy.allow(1, of: .timeout)
        var slow = try pair(policy)
        #expect(faultsUntilRest(&slow, .serverError, atMost: 20, every: 5.1) == nil)
        var fast = try pair(policy)
        #expect(faultsUntilRest(&fast, .serverError, atMost: 20, every: 4.9) == 3)
        var mixed = try pair(policy)
        for (second, fault) in [(0.0, Fault.serverError), (1, .timeout), (2, .serverError)] {
            _ = mixed.run(at: at(second)) { $0 == 0 ? .badly(fault) : .well }
            #expect(mixed.state(0, at: at(second)) == .closed)
        }
        _ = mixed.run(at: at(3)) { $0 == 0 ? .badly(.timeout) : .well }
        #expect(mixed.state(0, at: at(3)) == .open)
    }

    @Test("many faults do not rest a deployment whose calls mostly go well, unless a number is set", arguments: [nil, 3] as [Int?])
    func share(allowed: Int?) throws {
        var router = try pair(.cooldown(allowedFails: allowed, time: .seconds(30)))
        var rested = false
        for call in 0..<2_000 {
            let now = at(Double(call) * 0.01)
            _ = router.run(at: now) { $0 == 0 && call % 10 == 9 ? .badly(.serverError) : .well }
            rested = rested || router.state(0, at: now) != .closed
        }
        #expect(rested == (allowed != nil))
    }

    @Test("alone, it rests when all of a thousand calls of a minute failed, and not for less")
    func lone() throws {
        var router = try alone(.cooldown(allowedFails: nil, time: .seconds(30)))
        #expect(faultsUntilRest(&router, .serverError, atMost: 1_200) == 1_000)
        var lucky = try alone(.cooldown(allowedFails: nil, time: .seconds(30)))
        _ = lucky.run { _ in .well }
        #expect(faultsUntilRest(&lucky, .serverError, atMost: 1_200) == nil)
    }

    @Test("a cooldown of zero, or none, never rests", arguments: [BreakerPolicy.cooldown(allowedFails: 0, time: .zero), .never])
    func off(_ policy: BreakerPolicy) throws {
        for fault in Fault.allCases where fault != .cancelled {
            var router = try pair(policy)
            #expect(faultsUntilRest(&router, fault, atMost: 20) == nil, "\(fault)")
        }
    }

    @Test("a number of its own that is out of range is a problem of the table", arguments: [-1, 64])
    func range(_ count: Int) throws {
        var policy = BreakerPolicy()
        policy.allow(count, of: .timeout)
        #expect(throws: RoutingTableError.self) { try self.pair(policy) }
    }
}
