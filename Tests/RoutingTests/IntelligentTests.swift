import Testing

@testable import Routing

@Suite("Intelligent") struct IntelligentTests {
    static let qualities = [0.1, 0.4, 0.65, 0.95]

    static func list(_ qualities: [Double?] = qualities, prices: [Int64?] = []) -> [Deployment] {
        qualities.enumerated().map { index, quality in
            var deployment = Deployment(name: "m\(index)")
            deployment.quality = quality
            if index < prices.count { deployment.price = prices[index].map { Price(input: $0, output: $0) } }
            return deployment
        }
    }

    static func router(_ axis: Intelligent.Axis, _ list: [Deployment] = list(), version: Int = 1) throws -> Router {
        Router(table: try self.table(axis, list, version: version), seed: 1)
    }

    static func table(_ axis: Intelligent.Axis, _ list: [Deployment] = list(), version: Int = 1) throws -> RoutingTable {
        let tree = Route.choice(Intelligent(axis: axis), list.indices.map { Branch(.deployment($0)) })
        return try RoutingTable(
            version: version, deployments: list, routes: [NamedRoute(name: "main", tree: tree, retry: RetryPolicy(maxRetries: 0))])
    }

    /// Reaches of the four on the scale from the least to the most capable: 0.18, 0.5, 0.82, beyond.
    @Test(
        "the cheapest that reaches what the axis makes of the score; without one the most capable; near a border upwards",
        arguments: [
            (Intelligent.Axis.performance, nil, 3), (.cost, nil, 3), (.performance, 0.0, 0), (.performance, 1, 3), (.performance, 0.3, 1),
            (.performance, 0.7, 2), (.cost, 0.7, 2), (.cost, 0.6, 1), (.intelligence, 0.3, 2), (.cost, 0.3, 0), (.intelligence, 0.7, 2),
            (.intelligence, 0.8, 3), (.performance, 0.45, 1), (.performance, 0.49, 2), (.performance, 0.55, 2), (.cost, 0.5, 1),
            (.performance, 7, 3), (.performance, -1, 0),
        ] as [(Intelligent.Axis, Double?, Int)])
    func tiers(_ axis: Intelligent.Axis, _ score: Double?, _ wanted: Int) throws {
        #expect(try Self.router(axis).choice(Facts(complexity: score), at: .zero) == wanted)
    }

    @Test("models nearly as capable are one tier, unknown ones the middle, and reach grows with capability")
    func grouped() {
        let tiers = Tiers([0.9, .nan, 0.2, 0.22, 0.6])
        #expect(tiers.tier == [4, 2, 1, 1, 3] && tiers.count == 4, "the middle of the four known is 0.41: \(tiers)")
        #expect(tiers.reach[2] == tiers.reach[3] && tiers.reach[2] < tiers.reach[4] && tiers.reach[4] < tiers.reach[0])
        #expect(Tiers([.nan, .nan]).count == 1 && Tiers([0.5]).reach == [1.5])
        #expect(Tiers([]).count == 0)
        var random = Random(seed: 5)
        for _ in 0..<500 {
            let all = (0..<1 + random.below(9)).map { _ in random.below(6) == 0 ? Float.nan : Float(random.unit()) }
            let tiers = Tiers(all)
            for (a, b) in zip(all.indices, all.indices.dropFirst()) where !all[a].isNaN && !all[b].isNaN && all[a] < all[b] {
                #expect(tiers.reach[a] <= tiers.reach[b] && tiers.tier[a] <= tiers.tier[b])
            }
            #expect(Set(tiers.tier) == Set(1...tiers.count))
            #expect(tiers.reach.max() == 1.5, "nothing is beyond the most capable")
        }
    }

    @Test("of those that reach far enough the cheapest, however capable; the dearest and best only where it must be")
    func cost() throws {
        let odd = Self.list([0.2, 0.5, 0.9], prices: [3_000_000_000, 1_000_000_000, 9_000_000_000])
        var router = try Self.router(.performance, odd)
        for (score, wanted) in [(0.0, 1), (0.5, 1), (0.9, 2)] { #expect(router.choice(Facts(complexity: score), at: .zero) == wanted) }
        router = try Self.router(.performance, Self.list([0.2, 0.5, 0.9], prices: [nil, 1_000_000_000, nil]))
        #expect(router.choice(Facts(complexity: 0), at: .zero) == 1, "no price is no bargain")
    }

    @Test(
        "after a fault the next more capable, then the less capable", arguments: [(0.0, [0, 1, 2, 3]), (0.4, [1, 2, 3, 0]), (0.95, [3, 2, 1, 0])])
    func failover(_ score: Double, _ wanted: [Int]) throws {
        var router = try Self.router(.performance)
        let run = router.run(router.journey(route: 0, facts: Facts(complexity: score))) { _ in .badly(.serverError) }
        #expect(run.tried.prefix(2) == wanted.prefix(2)[...], "\(run.tried)")
        #expect(run.tried.sorted() == [0, 1, 2, 3])
        if score == 0.4 { #expect(run.tried == wanted) }
    }

    @Test(
        "an odd prompt, and one that nobody could score, go to the most capable, and the record says why",
        arguments: Appraisal.Trouble.allCases.dropFirst())
    func trouble(_ trouble: Appraisal.Trouble) throws {
        let router = try Self.router(.cost)
        var facts = Facts()
        facts.appraisal = Appraisal(trouble)
        let explained = router.explain(router.journey(route: 0, facts: facts), at: .zero)
        #expect(explained.chosen == 3)
        #expect(explained.decision.complexity?.trouble == trouble)
        #expect(explained.reason.contains("the most capable, for \(trouble.text)"), "\(explained.reason)")
    }

    // MARK: Shares

    static func share(_ router: inout Router, _ count: Int, _ score: () -> Double) -> Double {
        var capable = 0
        for _ in 0..<count {
            var journey = router.journey(route: 0, facts: Facts(complexity: score()))
            guard case .attempt(let attempt) = router.next(&journey, at: .zero) else { return .nan }
            if attempt.deployment == 1 { capable += 1 }
            router.record(.success(firstByte: .milliseconds(1), total: .milliseconds(1), outputTokens: 1), of: attempt, in: &journey, at: .zero)
        }
        return Double(capable) / Double(count)
    }

    @Test(
        "of a mixed stream 30, 50 and 70 of 100 go to capable models, from the first request on and after many",
        arguments: zip(Intelligent.Axis.allCases, [0.3, 0.5, 0.7]))
    func mixed(_ axis: Intelligent.Axis, _ wanted: Double) throws {
        for seed in UInt64(1)...5 {
            var random = Random(seed: seed)
            var router = try Self.router(axis, Self.list([0.2, 0.8]))
            #expect(abs(Self.share(&router, 1000) { random.unit() } - wanted) < 0.06)
            #expect(abs(Self.share(&router, 4000) { random.unit() } - wanted) < 0.05)
        }
    }

    @Test("it follows a tenant's own traffic as far as 0.4 stays simple and 0.6 complex", arguments: zip(Intelligent.Axis.allCases, [0.3, 0.5, 0.7]))
    func shifted(_ axis: Intelligent.Axis, _ wanted: Double) throws {
        var random = Random(seed: 9)
        let bend = { Intelligent.adjusted($0, axis) }
        // Scores around the border, below it by a little: a border that stood still would send few upwards.
        var router = try Self.router(axis, Self.list([0.2, 0.8]))
        let unbend: (Double) -> Double = { axis == .cost ? $0.squareRoot() : axis == .performance ? $0 : $0 * $0 }
        _ = Self.share(&router, 3000) { unbend(0.38 + 0.14 * random.unit()) }
        let share = Self.share(&router, 3000) { unbend(0.38 + 0.14 * random.unit()) }
        #expect(share > 0.15 && share < wanted + 0.25, "\(axis) \(share)")
        // All hard, all easy: nothing bends that.
        #expect(Self.share(&router, 2000) { unbend(0.62 + 0.3 * random.unit()) } > 0.999)
        #expect(Self.share(&router, 2000) { unbend(0.39 * random.unit()) } < 0.001)
        #expect(bend(1) == 1 && bend(0) == 0)
    }

    @Test("the border stays within its bounds whatever comes, and not a number changes nothing", arguments: UInt64(1)...20)
    func bounded(seed: UInt64) {
        var random = Random(seed: seed)
        for axis in Intelligent.Axis.allCases {
            var habit = Habit(axis)
            for _ in 0..<3000 {
                habit.learn(random.below(20) == 0 ? .nan : Float(random.unit()) * Float(random.below(3)) - 0.2)
                #expect(Habit.bounds.contains(habit.border))
                #expect((0...1).contains(habit.demand(Float(random.unit() * 3 - 1))))
            }
        }
    }

    @Test("what was learnt survives other settings, and explaining teaches nothing")
    func kept() throws {
        var random = Random(seed: 3)
        var router = try Self.router(.performance, Self.list([0.2, 0.8]))
        let before = router.generations[0].minds[0].habit
        for _ in 0..<100 { _ = router.explain(router.journey(route: 0, facts: Facts(complexity: 0.9)), at: .zero) }
        #expect(router.generations[0].minds[0].habit == before)
        _ = Self.share(&router, 3000) { 0.5 + 0.3 * random.unit() }
        let learnt = router.generations[router.newest].minds[0].habit
        #expect(learnt.border > before.border)
        router.replace(try Self.table(.performance, Self.list([0.2, 0.7, 0.9]), version: 2), at: .zero)
        #expect(router.generations[router.newest].minds[0].habit == learnt)
        #expect(router.generations[router.newest].minds[0].tiers.count == 3)
        router.replace(try Self.table(.cost, version: 3), at: .zero)
        #expect(router.generations[router.newest].minds[0].habit == Habit(.cost), "another axis is another border")
    }

    @Test("what was observed of models stands in place of what was declared, across tables, until it is taken back")
    func observed() throws {
        var router = try Self.router(.performance, Self.list([0.2, 0.8]))
        router.observe(ObservedCapabilities(["m0": 0.9, "m1": 0.3, "unknown": 0.1]))
        #expect(router.choice(Facts(complexity: 0.9), at: .zero) == 0)
        router.replace(try Self.table(.performance, Self.list([0.2, 0.8]), version: 2), at: .zero)
        #expect(router.choice(Facts(complexity: 0.9), at: .zero) == 0)
        router.observe(ObservedCapabilities())
        #expect(router.choice(Facts(complexity: 0.9), at: .zero) == 1)
    }

    // MARK: Sessions

    @Test("a session goes up at once and down slowly, and never to and fro around a border")
    func sessions() throws {
        func picks(_ scores: [Double], every seconds: Double = 10) throws -> [Int] {
            var router = try Self.router(.performance, Self.list([0.2, 0.8]))
            return scores.enumerated().map { index, score in
                var facts = Facts()
                facts.appraisal = Appraisal(score: Float(score), conversation: 7)
                return router.choiceThatCounts(facts, at: at(Double(index) * seconds))
            }
        }
        #expect(try picks([0.52, 0.47, 0.52, 0.46, 0.53, 0.4, 0.5]) == [1, 1, 1, 1, 1, 1, 1])
        #expect(try picks([0.1, 0.9, 0.1, 0.1, 0.1, 0.1, 0.1]) == [0, 1, 1, 1, 1, 1, 0], "down by a tenth a turn")
        #expect(try picks([0.9, 0.1], every: 2000) == [1, 0], "forgotten after half an hour")
        var random = Random(seed: 4)
        for _ in 0..<200 {
            let middle = 0.35 + 0.3 * random.unit()
            let all = try picks((0..<30).map { _ in middle + 0.14 * (random.unit() - 0.5) })
            #expect(zip(all, all.dropFirst()).count { $0 != $1 } <= 1, "\(all)")
        }
    }

    @Test("a conversation without a session is known by its beginning; others and other policies do not move it")
    func conversations() throws {
        var router = try Self.router(.performance, Self.list([0.2, 0.8]))
        func choose(_ score: Float, _ conversation: UInt64) -> Int {
            var facts = Facts()
            facts.appraisal = Appraisal(score: score, conversation: conversation)
            return router.choiceThatCounts(facts, at: at(1))
        }
        #expect(choose(0.9, 5) == 1 && choose(0.1, 5) == 1)
        #expect(choose(0.1, 6) == 0 && choose(0.1, 0) == 0)
        var facts = Facts(session: 9, user: 9, key: 3)
        facts.appraisal = Appraisal(score: 0.1, conversation: 5)
        #expect(router.choiceThatCounts(facts, at: at(2)) == 0, "another key's conversation is another")
    }

    @Test("the memory of sessions is bounded, and the longest silent makes room")
    func memory() {
        var memory = SessionMemory()
        for session in UInt64(1)...40_000 { _ = memory.hold(0.9, of: Random.mix(session), at: at(Double(session) * 0.001)) }
        #expect(memory.hold(0.1, of: Random.mix(40_000), at: at(41)) > 0.7)
        #expect(memory.hold(0.1, of: Random.mix(1), at: at(41)) == 0.1)
    }

    // MARK: Records

    @Test("the record says score, adjusted score, tier of tiers and chance, in bytes as well")
    func record() throws {
        var router = try Self.router(.cost)
        var journey = router.journey(route: 0, facts: Facts(complexity: 0.6))
        journey.keepsDecision = true
        _ = router.next(&journey, at: .zero)
        journey.noteTime(18_000)
        let decision = try #require(journey.decision)
        let complexity = try #require(decision.complexity)
        #expect(complexity.score == 0.6 && complexity.adjusted == Float(0.6) * Float(0.6) && complexity.tier == 2 && complexity.tiers == 4)
        #expect((complexity.chance ?? 0) > 0.5 && decision.candidates.map { $0.score ?? 0 } == (decision.candidates.map { $0.score ?? 0 }).sorted())
        let read = try #require(Decision(decoding: decision.encoded))
        #expect(read.complexity == complexity && read.nanoseconds == 18_000)
        #expect(read.encoded == decision.encoded)
        for cut in 0..<decision.encoded.count { #expect(Decision(decoding: Array(decision.encoded[..<cut])) == nil) }
        let text = router.explain(router.journey(route: 0, facts: Facts(complexity: 0.6)), at: .zero).reason
        #expect(text.contains("the cheapest likely to answer well enough") && text.contains("tier 2 of 4"), "\(text)")
    }

    @Test("what comes with a prompt moves the odds; a prompt alone keeps its score")
    func circumstances() {
        var circumstances = Circumstances()
        for score: Float in [0, 0.3, 0.5, 1] { #expect(circumstances.adjusted(score) == score) }
        circumstances.toolResults = 2
        #expect(circumstances.adjusted(0.5) < 0.5, "a run that thrives")
        circumstances.toolErrors = 2
        #expect(circumstances.adjusted(0.5) > 0.6, "a run in trouble")
        circumstances = Circumstances()
        circumstances.toolResults = 18
        #expect(circumstances.adjusted(0.5) > 0.6, "a run without end")
        for (turns, tools, attachments) in [(3, false, false), (1, true, false), (1, false, true), (1_000_000, true, true)] {
            circumstances = Circumstances()
            (circumstances.turns, circumstances.hasTools, circumstances.hasAttachments) = (turns, tools, attachments)
            for score: Float in [0, 0.2, 0.5, 0.8, 1] {
                let adjusted = circumstances.adjusted(score)
                #expect(adjusted >= min(score, 0.999) && adjusted <= 1 && adjusted < score + 0.36)
            }
        }
    }

    @Test("who asks for complexity: a choice by it, a mode, a fallback's, a rule's route; nobody else")
    func asked() throws {
        let list = Self.list()
        let routes = [
            NamedRoute(name: "plain", tree: leaves(Shuffle(), 0, 1)),
            NamedRoute(name: "smart", tree: .choice(Fallback(), [Branch(leaves(Intelligent(), 0, 1)), Branch(.deployment(2))])),
            NamedRoute(name: "behind", tree: .deployment(0), fallbacks: ["plain", "further"]),
            NamedRoute(name: "further", tree: .deployment(1), contextWindowFallbacks: ["smart"]),
        ]
        let policies = [
            RoutingPolicy(name: "p", rules: [Rule(name: "r", then: RuleActions(route: "smart"))]),
            RoutingPolicy(name: "q", rules: [Rule(name: "r", then: RuleActions(route: "plain"))]),
        ]
        let table = try RoutingTable(version: 1, deployments: list, routes: routes, policies: policies)
        #expect((0..<4).map { table.asksComplexity(route: $0, mode: nil, policy: nil) } == [false, true, true, true])
        #expect(table.asksComplexity(route: 0, mode: .cost, policy: nil))
        #expect(table.asksComplexity(route: 0, mode: nil, policy: 0) && !table.asksComplexity(route: 0, mode: nil, policy: 1))
    }
}

extension Router {
    /// Takes the first step of a request, and counts it.
    mutating func choiceThatCounts(_ facts: Facts, at now: Instant) -> Int {
        var journey = journey(route: 0, facts: facts)
        guard case .attempt(let attempt) = next(&journey, at: now) else { return -1 }
        record(.success(firstByte: .milliseconds(1), total: .milliseconds(1), outputTokens: 1), of: attempt, in: &journey, at: now)
        return attempt.deployment
    }
}
