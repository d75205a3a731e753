import Routing
import Testing

@Suite("Decision records") struct DecisionTests {
    /// a rests after two faults, b is paused, c and d may serve.
    func router() throws -> Router {
        var all = deployments("a", "b", "c", "d") { $0.paused = $0.name == "b" }
        all[0].breaker = BreakerPolicy(failureThreshold: 2, cooldown: .seconds(50))
        let tree = Route.choice(Fallback(), [Branch(.deployment(0)), Branch(.deployment(1)), Branch(leaves(LeastBusy(), 2, 3))])
        var router = Router(table: try table(all, tree, retry: RetryPolicy(maxRetries: 0), version: 5), seed: 1)
        for second in [1.0, 2] { _ = router.run(at: at(second)) { $0 == 0 ? .badly(.timeout) : .well } }
        return router
    }

    func decide(_ router: inout Router, _ journey: Journey, at now: Instant) -> Decision? {
        var journey = journey
        journey.keepsDecision = true
        _ = router.next(&journey, at: now)
        return journey.decision
    }

    @Test("next writes its first decision down when it is asked to, with every candidate and why it was left out")
    func contents() throws {
        var router = try router()
        var journey = router.journey(route: 0, seed: 77)
        #expect(decide(&router, journey, at: at(10))?.candidates.isEmpty == false)
        journey.policy = 3
        let decision = try #require(decide(&router, journey, at: at(10)))
        #expect(decision.seed == 77 && decision.tableVersion == 5 && decision.policy == 3)
        #expect(decision.entry == 0 && decision.route == 0 && decision.leftBecause == nil)
        #expect(decision.reason == .strategy)
        #expect(decision.chosen == 2 || decision.chosen == 3)
        #expect(decision.candidates.map(\.deployment) == [0, 1, 2, 3])
        #expect(decision.candidates.map(\.excludedBecause) == [.resting(until: at(52)), .paused, nil, nil])
        #expect(decision.candidates[0].recentFaults == 2)
        var plain = router.journey(route: 0)
        _ = router.next(&plain, at: at(10))
        #expect(plain.decision == nil)
    }

    @Test("the record is of the first decision, and stays")
    func first() throws {
        var router = try router()
        var journey = router.journey(route: 0)
        journey.keepsDecision = true
        guard case .attempt(let attempt) = router.next(&journey, at: at(10)) else { return }
        let first = journey.decision
        router.record(.fault(.timeout, retryAfter: nil), of: attempt, in: &journey, at: at(11))
        _ = router.next(&journey, at: at(11))
        #expect(first != nil && journey.decision == first)
    }

    @Test("it is what explain says beforehand, on any tree and state", arguments: UInt64(1)...40)
    func explained(seed: UInt64) throws {
        var random = Random(seed: seed)
        let all = deployments("a", "b", "c", "d", "e") {
            $0.paused = random.below(5) == 0
            $0.maxParallelRequests = 1 + random.below(2)
        }
        let tree = Route.choice(Fallback(), [Branch(leaves(Shuffle(), 0, 1)), Branch(leaves(RoundRobin(), 1, 2, 3))])
        let others = [NamedRoute(name: "next", tree: .deployment(4), retry: atOnce)]
        var router = Router(table: try table(all, tree, others: others, fallbacks: ["next"]), seed: seed)
        for call in 0..<40 {
            let now = at(Double(call))
            let journey = router.journey(route: 0, seed: random.next())
            let explained = router.explain(journey, at: now)
            let decision = try #require(decide(&router, journey, at: now))
            #expect(decision == explained.decision)
            if random.below(2) == 0 { _ = router.run(at: now) { _ in random.below(3) == 0 ? .badly(.auth) : .well } }
        }
    }

    @Test("a route that cannot serve at all is named with its reason when a fallback decides")
    func fallback() throws {
        let others = [NamedRoute(name: "next", tree: .deployment(1), retry: atOnce)]
        let all = deployments("a", "b") { $0.contextWindow = $0.name == "a" ? 100 : nil }
        var router = Router(table: try table(all, .deployment(0), others: others, fallbacks: ["next"]), seed: 1)
        let journey = router.journey(route: 0, facts: Facts(inputTokens: 101))
        let decision = try #require(decide(&router, journey, at: .zero))
        #expect(decision.entry == 0 && decision.route == 1 && decision.chosen == 1)
        #expect(decision.leftBecause == .contextTooSmall(100))
        #expect(
            decision.text(DecisionNames(router.table)) == """
                it went to route main, where the nearest to serving has a context window of 100 tokens, too small for this request, \
                and from there to its fallback next; b is the route's only deployment
                """)
    }

    @Test("a decision reads like a sentence")
    func sentence() throws {
        var router = try router()
        var names = DecisionNames(router.table)
        let decision = try #require(decide(&router, router.journey(route: 0, seed: 4), at: at(10)))
        let chosen = decision.chosen == 2 ? "c" : "d"
        #expect(
            decision.text(names) == """
                it went to route main; least_busy chose \(chosen) because it is the one with the fewest requests in flight (2 eligible of 4); \
                excluded: a rests after 2 faults for another 42 s, b is paused
                """)
        #expect(names.strategies(of: decision) == ["fallback", "least_busy"])
        var ruled = decision
        ruled.policy = 0
        ruled.hits = [Decision.Hit(policy: 0, rule: 0, observed: [.init(field: "tags.customer_tier", value: "enterprise")])]
        names = names.with(policies: [DecisionNames.Policy(name: "default", rules: ["enterprise"])])
        #expect(
            ruled.text(names).hasPrefix("policy default, rule `enterprise` (tags.customer_tier = enterprise) sent it to route main; least_busy chose")
        )
    }

    @Test("what a strategy measured stands beside each candidate that it looked at")
    func scores() throws {
        var all = deployments("a", "b", "c", "d") { $0.price = Price(input: 2_000_000_000, output: 0) }
        all[1].paused = true
        all[2].price = Price(input: 1_000_000_000, output: 0)
        var cheapest = Router(table: try table(all, leaves(Cheapest(), 0, 1, 2, 3)), seed: 1)
        let decision = try #require(decide(&cheapest, cheapest.journey(route: 0, facts: Facts(inputTokens: 1_000_000)), at: .zero))
        #expect(decision.chosen == 2)
        #expect(decision.candidates.map(\.score) == [2, nil, 1, 2])
        #expect(decision.confidence == nil)
        var shuffled = Router(table: try table(all, leaves(Shuffle(), 0, 1, 2, 3)), seed: 1)
        let plain = try #require(decide(&shuffled, shuffled.journey(route: 0), at: .zero))
        #expect(plain.candidates.allSatisfy { $0.score == nil })
        var auto = Router(table: try table(all, leaves(Auto(mode: .cost), 0, 1, 2, 3)), seed: 1)
        let weighed = try #require(decide(&auto, auto.journey(route: 0, facts: Facts(inputTokens: 1_000_000)), at: .zero))
        let best = try #require(weighed.candidates[2].score)
        #expect(weighed.chosen == 2 && weighed.confidence ?? 0 > 0)
        #expect(weighed.candidates[0].score ?? .infinity < best && weighed.candidates[1].score == nil)
    }

    @Test("nobody to serve, the least bad and a probe are said as such")
    func exceptions() throws {
        var alone = Router(table: try table(deployments("a") { $0.paused = true }, .deployment(0)), seed: 1)
        let names = DecisionNames(alone.table)
        #expect(
            decide(&alone, alone.journey(route: 0), at: .zero)?.text(names).contains("no deployment may serve: the nearest to it is paused") == true)
        var router = Router(table: try table(deployments("a"), .deployment(0), retry: RetryPolicy(maxRetries: 0)), seed: 1)
        _ = router.run { _ in .badly(.auth) }
        let panic = try #require(decide(&router, router.journey(route: 0), at: at(1)))
        #expect(panic.reason == .panic)
        #expect(panic.text(names) == "it went to route main; all deployments rest, and a is the least bad")
        router.reset(0)
        _ = router.run(at: at(2)) { _ in .badly(.auth) }
        #expect(decide(&router, router.journey(route: 0), at: at(900))?.reason == .probe)
    }

    // MARK: Bytes

    static func random(seed: UInt64) -> Decision {
        var random = Random(seed: seed)
        var decision = Decision()
        decision.seed = random.next()
        decision.tableVersion = Int(truncatingIfNeeded: random.next() >> UInt64(1 + random.below(60)))
        decision.policy = random.below(2) == 0 ? nil : random.below(300)
        decision.entry = random.below(1_000)
        decision.route = random.below(1_000)
        decision.reason = Decision.Reason.allCases[random.below(Decision.Reason.allCases.count)]
        decision.chosen = random.below(3) == 0 ? nil : random.below(100_000)
        func verdict() -> Ineligibility? {
            let all: [Ineligibility?] = [
                nil, .tried, .resting(until: at(Double(random.below(1_000)))), .resting(until: .distantFuture), .probing,
                .parallelLimit(random.below(999)),
                .paused, .region, .tags, .contextTooSmall(random.below(1 << 30)), .lacks([.tools, .vision]), .notAllowed, .kind, .retention,
                .unpriced, .tooDear,
                .budget(until: at(Double(random.below(1_000)))), .budget(until: .distantFuture),
            ]
            return all[random.below(all.count)]
        }
        decision.leftBecause = verdict()
        decision.mode = random.below(2) == 0 ? nil : AutoMode.allCases[random.below(AutoMode.allCases.count)]
        decision.confidence = random.below(2) == 0 ? nil : Float(random.below(201)) / 200
        if random.below(3) == 0 {
            let saving = random.below(2) == 0 ? nil : Nanodollars(Int64(random.next() >> UInt64(2 + random.below(60))))
            decision.warm = Decision.Warm(instead: random.below(2) == 0 ? nil : random.below(99), tokens: 1 + random.below(1 << 20), saving: saving)
        }
        decision.candidates = (0..<random.below(12)).map { id in
            var candidate = Decision.Candidate(
                deployment: id * 7, excludedBecause: verdict(), score: random.below(2) == 0 ? nil : Float(random.unit()))
            if case .resting? = candidate.excludedBecause { candidate.recentFaults = random.below(99) }
            return candidate
        }
        decision.hits = (0..<random.below(3)).map { rule in
            let seen = (0..<random.below(3)).map { Decision.Hit.Observation(field: "tags.f\($0)", value: "\u{20ac}\(random.below(99))") }
            return Decision.Hit(policy: random.below(9), rule: rule, observed: seen)
        }
        return decision
    }

    @Test("what is stored is read back the same, and nothing else is read", arguments: UInt64(1)...100)
    func roundTrip(seed: UInt64) {
        let decision = Self.random(seed: seed)
        let bytes = decision.encoded
        #expect(Decision(decoding: bytes) == decision)
        for cut in 0..<bytes.count { #expect(Decision(decoding: Array(bytes[..<cut])) == nil, "cut at \(cut)") }
        #expect(Decision(decoding: bytes + [0]) == nil)
        #expect(decision.warm != nil || Decision(decoding: [2] + bytes.dropFirst()) == nil)
    }

    @Test("garbage is refused or read, never more: no byte makes the reader stumble", arguments: UInt64(1)...20)
    func garbage(seed: UInt64) {
        var random = Random(seed: seed)
        for _ in 0..<500 {
            var bytes = Self.random(seed: random.next()).encoded
            for _ in 0..<1 + random.below(4) { bytes[random.below(bytes.count)] = UInt8(random.below(256)) }
            if let read = Decision(decoding: bytes) { #expect(Decision(decoding: read.encoded)?.candidates == read.candidates) }
            _ = Decision(decoding: (0..<random.below(80)).map { _ in UInt8(random.below(256)) })
            _ = DecisionNames(decoding: [1] + (0..<random.below(80)).map { _ in UInt8(random.below(256)) })
        }
    }

    @Test("a usual decision takes at most 200 bytes, and times count from it")
    func size() throws {
        var router = try router()
        var decision = try #require(decide(&router, router.journey(route: 0, seed: .max), at: at(10)))
        decision.candidates += decision.candidates
        for index in decision.candidates.indices { decision.candidates[index].score = 0.5 }
        decision.hits = [
            Decision.Hit(
                policy: 0, rule: 2,
                observed: [.init(field: "tags.customer_tier", value: "enterprise"), .init(field: "budget.month.percent", value: "81.5")])
        ]
        #expect(decision.encoded.count <= 200, "\(decision.encoded.count)")
        let read = try #require(Decision(decoding: decision.encoded))
        #expect(read.candidates[0].excludedBecause == .resting(until: at(42)))
        #expect(read.text(DecisionNames(router.table)) == decision.text(DecisionNames(router.table)))
    }

    @Test("a value as long as a letter is cut at a character")
    func longValues() throws {
        var decision = Decision()
        decision.hits = [Decision.Hit(policy: 0, rule: 0, observed: [.init(field: "tags.x", value: String(repeating: "\u{20ac}", count: 5_000))])]
        let read = try #require(Decision(decoding: decision.encoded))
        #expect(read.hits[0].observed[0].value == String(repeating: "\u{20ac}", count: 21))
    }

    @Test("the names behind the numbers are stored too, and a number without a name is shown as one")
    func names() throws {
        let router = try router()
        let names = DecisionNames(router.table).with(policies: [.init(name: "default", rules: ["r1", "r2"])])
        #expect(DecisionNames(decoding: names.encoded) == names)
        for cut in 0..<names.encoded.count { #expect(DecisionNames(decoding: Array(names.encoded[..<cut])) == nil) }
        #expect(names.deployment(99) == "deployment 99" && names.route(-1) == "route -1" && names.policy(4) == "policy 4")
        #expect(names.rule(Decision.Hit(policy: 0, rule: 7)) == "rule 7")
    }
}
