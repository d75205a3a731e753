import Testing

@testable import Routing

@Suite("Where a prompt is remembered") struct AffinityTests {
    static let terms = PromptCacheTerms(lifetime: .seconds(300), minTokens: 1_024)

    static func deployment(
        _ name: String, input: Int64 = 1_000, cached: Int64? = 100, model: String = "m", terms: PromptCacheTerms? = Self.terms
    ) -> Deployment {
        var price = Price(input: input, output: input * 4)
        price.cachedInput = cached
        var deployment = Deployment(name: name, provider: name, model: model, price: price)
        deployment.promptCache = terms
        return deployment
    }

    static func router(_ deployments: [Deployment], _ strategy: any Strategy = RoundRobin(), seed: UInt64 = 1, isOn: Bool = true) throws -> Router {
        var route = NamedRoute(name: "chat", tree: .choice(strategy, deployments.indices.map { Branch(.deployment($0, LeafOptions())) }))
        route.prefersWarm = isOn
        return Router(table: try RoutingTable(version: 1, deployments: deployments, routes: [route]), seed: seed)
    }

    /// The turns of a conversation: each begins as the one before.
    static func facts(_ conversation: UInt64, turn: Int, tokens: Int = 2_000, marked: Bool = false) -> Facts {
        var facts = Facts(inputTokens: tokens * turn, outputTokens: 100)
        facts.beginnings = PromptBeginnings(
            parts: (1...turn).map { PromptBeginnings.Part(digest: conversation &* 1_000 &+ UInt64($0), tokens: tokens * $0) }, isMarked: marked)
        return facts
    }

    static func usage(input: Int64, cached: Int64 = 0, written: Int64 = 0) -> Usage {
        var usage = Usage()
        (usage.input, usage.cachedInput, usage.cacheWrite) = (input, cached, written)
        return usage
    }

    /// Asks once; answers who served. `cached`: what the provider says it remembered.
    @discardableResult
    static func ask(_ router: inout Router, _ facts: Facts, at now: Instant, cached: Int64 = 0, written: Int64 = 0) -> Int? {
        var journey = router.journey(route: 0, facts: facts)
        guard case .attempt(let attempt) = router.next(&journey, at: now) else { return nil }
        router.record(
            .success(firstByte: .milliseconds(1), total: .milliseconds(2), outputTokens: 1, streamed: false, inputTokens: 1), of: attempt,
            in: &journey, at: now)
        router.warmed(attempt, by: usage(input: Int64(facts.inputTokens) - cached - written, cached: cached, written: written), facts, at: now)
        return attempt.deployment
    }

    static func at(_ seconds: Int64) -> Instant { .zero + .seconds(seconds) }

    @Test("the turns of a conversation stay where the first went, others go their way")
    func stays() throws {
        var router = try Self.router([Self.deployment("a"), Self.deployment("b"), Self.deployment("c")])
        let first = Self.ask(&router, Self.facts(1, turn: 1), at: Self.at(1))
        for turn in 2...9 { #expect(Self.ask(&router, Self.facts(1, turn: turn), at: Self.at(Int64(turn)), cached: 2_000) == first) }
        let others = Set((2...9).map { Self.ask(&router, Self.facts($0, turn: 1), at: Self.at(20)) })
        #expect(others.count == 3)
        #expect(router.warmMoves + router.warmStays == 8)
        #expect(router.warmHits == 8)
    }

    @Test("a decision says who was left for a warm cache, and what that is expected to save; of others it says nothing")
    func said() throws {
        var router = try Self.router([Self.deployment("a"), Self.deployment("b")])
        func decision(_ facts: Facts, at now: Instant) throws -> Decision {
            var journey = router.journey(route: 0, facts: facts)
            journey.keepsDecision = true
            guard case .attempt(let attempt) = router.next(&journey, at: now) else { throw CancellationError() }
            let done = Outcome.success(firstByte: .milliseconds(1), total: .milliseconds(2), outputTokens: 1, streamed: false, inputTokens: 1)
            router.record(done, of: attempt, in: &journey, at: now)
            router.warmed(attempt, by: Self.usage(input: Int64(facts.inputTokens)), facts, at: now)
            return try #require(journey.decision)
        }
        let names = DecisionNames(router.table)
        let first = try decision(Self.facts(1, turn: 1), at: Self.at(1))
        #expect(first.warm == nil && !first.hasMore && first.chosen == 0)
        // It is b's turn, and a remembers 2,000 of 4,000 tokens: three of four times at a tenth of 1,000 nanodollars for a million.
        let second = try decision(Self.facts(1, turn: 2), at: Self.at(2))
        let saving = Nanodollars(Int64((2_000 * 0.75 * 900 / 1e6).rounded()))
        #expect(second.chosen == 0 && second.warm == Decision.Warm(instead: 1, tokens: 2_000, saving: saving))
        let told =
            "round_robin chose b because it is the next in turn (2 eligible of 2), but a was preferred: its provider is believed to "
            + "remember 2000 tokens of the prompt, which is expected to save $\(saving.dollars)"
        #expect(second.text(names).contains(told), "\(second.text(names))")
        let read = try #require(Decision(decoding: second.encoded))
        #expect(read.warm == second.warm && read.text(names) == second.text(names))
        // Whoever it is the turn of anyway is not preferred.
        var facts = Self.facts(1, turn: 2)
        facts.inputTokens = 4_000
        let third = try decision(facts, at: Self.at(3))
        #expect(third.chosen == 0 && third.warm?.instead == nil && third.warm?.tokens == 4_000)
        #expect(third.text(names).contains("; its provider is believed to remember 4000 tokens of the prompt"), "\(third.text(names))")
    }

    @Test("what was said of an attempt that was taken back is not said of the next")
    func withdrawn() throws {
        var router = try Self.router([Self.deployment("a"), Self.deployment("b"), Self.deployment("c", terms: nil)])
        #expect(Self.ask(&router, Self.facts(1, turn: 1), at: Self.at(1)) == 0)
        var journey = router.journey(route: 0, facts: Self.facts(1, turn: 2))
        journey.keepsDecision = true
        guard case .attempt(let warm) = router.next(&journey, at: Self.at(2)) else { throw CancellationError() }
        #expect(warm.deployment == 0 && journey.decision?.warm?.instead == 1)
        router.withdraw(warm, from: &journey, because: .budget(until: Self.at(60)), at: Self.at(2))
        guard case .attempt(let cold) = router.next(&journey, at: Self.at(2)) else { throw CancellationError() }
        let decision = try #require(journey.decision)
        #expect(cold.deployment != 0 && decision.chosen == cold.deployment)
        #expect(decision.warm == nil && !decision.text(DecisionNames(router.table)).contains("remember"))
    }

    @Test("where nothing is saved nobody is told of nothing")
    func costsTheSame() throws {
        var router = try Self.router([Self.deployment("a", cached: nil), Self.deployment("b", cached: nil)])
        Self.ask(&router, Self.facts(1, turn: 1), at: Self.at(1))
        var journey = router.journey(route: 0, facts: Self.facts(1, turn: 2))
        journey.keepsDecision = true
        _ = router.next(&journey, at: Self.at(2))
        let decision = try #require(journey.decision)
        #expect(decision.warm == Decision.Warm(instead: 1, tokens: 2_000, saving: Nanodollars(0)))
        #expect(decision.text(DecisionNames(router.table)).hasSuffix("its provider is believed to remember 2000 tokens of the prompt"))
    }

    @Test("a decision written before warmth was kept is read as it was")
    func old() throws {
        for row in Self.rows {
            let bytes = stride(from: 0, to: row.count, by: 2).compactMap { UInt8(row.dropFirst($0).prefix(2), radix: 16) }
            let read = try #require(Decision(decoding: bytes))
            #expect(read.chosen != nil && !read.candidates.isEmpty && read.warm == nil && read.encoded == bytes)
        }
    }

    /// From the ledger of a version that kept none: without a time, with one, by `auto`, by `intelligent` while learning is on.
    private static let rows = [
        "010700000000000000010000000000ff020200000200000100",
        "0207dab9076a05569e020001010000ff03030000020200030004eda602",
        "025aa7333212a5360c02000303000022070700000205809a99193f0680840d393f0fb3e4f93eb3e4f93e0000c07f0000c07f0000000000803f94439d3e0000803f8b90"
            + "10000001b3e4f93e000000000000803f0000",
        "02f78f8c4e2c412ebe020000000000ff02020000020080fdadbf3e01801b3a713f0dedbc0a3fedbc0a3fedbc0a3f1b3a713f020200c7d10c000201edbc0a3f00000000"
            + "81ce7a3f0290c2f53ea470bd3f01",
    ]

    @Test("after its provider's time a prompt is forgotten, and each use begins it anew")
    func expires() throws {
        var router = try Self.router([Self.deployment("a"), Self.deployment("b")])
        let first = Self.ask(&router, Self.facts(1, turn: 1), at: Self.at(0))
        #expect(Self.ask(&router, Self.facts(1, turn: 2), at: Self.at(299), cached: 2_000) == first)
        #expect(Self.ask(&router, Self.facts(1, turn: 3), at: Self.at(598), cached: 4_000) == first)
        let facts = Self.facts(1, turn: 4)
        #expect(router.warmths(of: [0, 1], facts, router.table.plan, at: Self.at(897)).map(\.tokens).reduce(0, +) == 6_000)
        #expect(router.warmths(of: [0, 1], facts, router.table.plan, at: Self.at(898)).map(\.tokens) == [0, 0])
    }

    @Test("a deployment that is full, paused, resting or not allowed is left")
    func leaves() throws {
        var limited = Self.deployment("a")
        limited.maxParallelRequests = 1
        var router = try Self.router([limited, Self.deployment("b")], Percentage())
        var served: Int?
        while served != 0 { served = Self.ask(&router, Self.facts(1, turn: 1), at: Self.at(1)) }
        // One is in flight there: no room for the next.
        var busy = router.journey(route: 0, facts: Self.facts(1, turn: 2))
        guard case .attempt(let attempt) = router.next(&busy, at: Self.at(2)) else {
            Issue.record("nobody serves")
            return
        }
        #expect(attempt.deployment == 0)
        #expect(Self.ask(&router, Self.facts(1, turn: 2), at: Self.at(2)) == 1)
        router.record(.fault(.serverError, retryAfter: nil), of: attempt, in: &busy, at: Self.at(2))
        for _ in 0..<20 where router.health(of: 0, at: Self.at(2)).state == .closed {
            var journey = router.journey(route: 0, facts: Self.facts(1, turn: 2))
            guard case .attempt(let attempt) = router.next(&journey, at: Self.at(2)) else { break }
            router.record(.fault(.serverError, retryAfter: nil), of: attempt, in: &journey, at: Self.at(2))
        }
        if router.health(of: 0, at: Self.at(2)).state != .closed { #expect(Self.ask(&router, Self.facts(1, turn: 2), at: Self.at(2)) == 1) }
        var allowed = Self.facts(1, turn: 2)
        allowed.allowed = DeploymentSet([1])
        #expect(Self.ask(&router, allowed, at: Self.at(400)) == 1)
    }

    @Test("without the setting, and without beginnings, nothing is different", arguments: [1, 2, 3] as [UInt64])
    func off(seed: UInt64) throws {
        let deployments = (0..<4).map { Self.deployment("d\($0)", input: Int64($0 + 1) * 500) }
        var (plain, off, bare) = (
            try Self.router(deployments, Shuffle(), seed: seed, isOn: false), try Self.router(deployments, Shuffle(), seed: seed, isOn: false),
            try Self.router(deployments, Shuffle(), seed: seed)
        )
        for step in 0..<200 {
            let facts = Self.facts(UInt64(step % 5 + 1), turn: step % 7 + 1)
            let expected = Self.ask(&plain, Facts(inputTokens: facts.inputTokens, outputTokens: 100), at: Self.at(Int64(step)))
            #expect(Self.ask(&off, facts, at: Self.at(Int64(step))) == expected)
            #expect(Self.ask(&bare, Facts(inputTokens: facts.inputTokens, outputTokens: 100), at: Self.at(Int64(step))) == expected)
        }
    }

    @Test("where it goes is never expected to cost more than where its strategy sent it", arguments: 1...12 as ClosedRange<UInt64>)
    func neverDearer(seed: UInt64) throws {
        var random = Random(seed: seed)
        let deployments = (0..<6).map { number in
            let input = Int64(random.below(20) + 1) * 250
            let terms: PromptCacheTerms? =
                switch random.below(3) {
                case 0: nil
                case 1: PromptCacheTerms(lifetime: .seconds(300), minTokens: 1_024)
                default: PromptCacheTerms(lifetime: .seconds(60), minTokens: 512, isExplicit: true)
                }
            var deployment = Self.deployment("d\(number)", input: input, cached: random.below(2) == 0 ? nil : input / 10, terms: terms)
            if random.below(4) == 0 { deployment.price = nil }
            if terms?.isExplicit == true { deployment.price?.cacheWrite = input * 5 / 4 }
            if random.below(3) == 0 { deployment.maxParallelRequests = 1 }
            return deployment
        }
        let strategies: [any Strategy] = [Shuffle(), RoundRobin(), Percentage(), LeastBusy(), Cheapest(), Fastest()]
        var router = try Self.router(deployments, strategies[Int(seed) % strategies.count], seed: seed)
        var moves = 0
        for step in 0..<600 {
            let now = Self.at(Int64(step) * 7)
            let facts = Self.facts(UInt64(random.below(12) + 1), turn: random.below(6) + 1, marked: random.below(2) == 0)
            // The same state, the same chance, without a look at what is remembered.
            let chance = random.next()
            var plain = router
            plain.warm = WarmBeginnings()
            var other = plain.journey(route: 0, facts: facts, seed: chance)
            var journey = router.journey(route: 0, facts: facts, seed: chance)
            let expected = router.warmths(of: deployments.indices, facts, router.table.plan, at: now)
            guard case .attempt(let there) = plain.next(&other, at: now), case .attempt(let here) = router.next(&journey, at: now) else {
                Issue.record("nobody serves")
                return
            }
            if here.deployment != there.deployment {
                moves += 1
                #expect(expected[here.deployment].tokens > 0)
                switch (expected[here.deployment].expected, expected[there.deployment].expected) {
                case (let own?, let others?): #expect(own <= others)
                case (nil, nil): break
                default: Issue.record("a known price was taken for an unknown one")
                }
            }
            let isRight = expected[here.deployment].tokens > 0 && random.below(4) > 0
            let cached = isRight ? Int64(expected[here.deployment].tokens) : 0
            let outcome = Outcome.success(firstByte: .milliseconds(1), total: .milliseconds(2), outputTokens: 1, streamed: false, inputTokens: 1)
            router.record(outcome, of: here, in: &journey, at: now)
            let written = !isRight && facts.beginnings.isMarked ? Int64(facts.inputTokens) : 0
            router.warmed(
                here, by: Self.usage(input: Int64(facts.inputTokens) - cached - written, cached: cached, written: written), facts, at: now)
        }
        // Who always goes to the cheapest or the fastest is there already.
        if seed % 6 < 4 { #expect(moves > 10) }
    }

    @Test("it does not take another rung of a ladder, another model that was chosen for the request, or another side")
    func respectsChoices() throws {
        // A fallback serves while the first is away; then the conversation goes home, warm or not.
        var ladder = try Self.router([Self.deployment("a", input: 5_000), Self.deployment("b")], Fallback())
        var second = Self.facts(1, turn: 1)
        second.allowed = DeploymentSet([1])
        #expect(Self.ask(&ladder, second, at: Self.at(1)) == 1)
        #expect(Self.ask(&ladder, Self.facts(1, turn: 2), at: Self.at(2)) == 0)
        // Of a strategy that weighs models only the same model elsewhere.
        var auto = try Self.router(
            [Self.deployment("a", model: "large"), Self.deployment("b", input: 10, model: "small"), Self.deployment("c", model: "large")], Auto())
        let chosen = try #require(Self.ask(&auto, Self.facts(2, turn: 1), at: Self.at(1)))
        for away in 0..<3 where away != chosen {
            var only = Self.facts(3, turn: 1)
            only.allowed = DeploymentSet([away])
            #expect(Self.ask(&auto, only, at: Self.at(2)) == away)
        }
        let served = try #require(Self.ask(&auto, Self.facts(3, turn: 2), at: Self.at(3)))
        #expect(auto.table.deployments[served].model == auto.table.deployments[chosen].model)
        // A caller stays on its side.
        var sticky = try Self.router([Self.deployment("a"), Self.deployment("b")], Percentage(stickyBy: .session))
        var mine = Self.facts(4, turn: 1)
        mine.session = 7
        let side = try #require(Self.ask(&sticky, mine, at: Self.at(1)))
        var others = mine
        others.allowed = DeploymentSet([1 - side])
        #expect(Self.ask(&sticky, others, at: Self.at(2)) == 1 - side)
        #expect(Self.ask(&sticky, mine, at: Self.at(3)) == side)
    }

    @Test("a provider that does not remember what it should is believed less, and asked anew")
    func learns() throws {
        var router = try Self.router([Self.deployment("a"), Self.deployment("b")])
        func chance() -> Double { router.warmthRecords[router.table.plan.warmthKeys[0], default: WarmthRecord()].chance }
        let before = chance()
        var only = Self.facts(1, turn: 2)
        only.allowed = DeploymentSet([0])
        for round in 0..<6 { Self.ask(&router, only, at: Self.at(Int64(round))) }
        #expect(router.warmMisses == 5)
        #expect(chance() < before)
        for round in 6..<40 { Self.ask(&router, only, at: Self.at(Int64(round)), cached: 4_000) }
        #expect(chance() > 0.8)
    }

    @Test("what is only kept where it is marked is believed only then, and as far as the provider said")
    func explicit() throws {
        let terms = PromptCacheTerms(lifetime: .seconds(300), minTokens: 1_024, isExplicit: true)
        var router = try Self.router([Self.deployment("a", terms: terms), Self.deployment("b", terms: terms)])
        func tokens(marked: Bool) -> Int {
            router.warmths(of: [0, 1], Self.facts(1, turn: 4, marked: marked), router.table.plan, at: Self.at(5)).map(\.tokens).reduce(0, +)
        }
        Self.ask(&router, Self.facts(1, turn: 4, marked: true), at: Self.at(1))
        #expect(tokens(marked: true) == 0)
        // Half of the prompt was written: two of four parts.
        Self.ask(&router, Self.facts(1, turn: 4, marked: true), at: Self.at(2), written: 4_000)
        #expect(tokens(marked: true) == 4_000)
        #expect(tokens(marked: false) == 0)
    }

    @Test("short prompts are nobody's memory")
    func short() throws {
        var router = try Self.router([Self.deployment("a"), Self.deployment("b")])
        Self.ask(&router, Self.facts(1, turn: 1, tokens: 500), at: Self.at(1))
        #expect(router.warm.isEmpty)
    }

    @Test("expected costs are those of prices, tokens and chance")
    func arithmetic() throws {
        var router = try Self.router([Self.deployment("a"), Self.deployment("b", cached: nil)])
        var only = Self.facts(1, turn: 1)
        only.allowed = DeploymentSet([0])
        Self.ask(&router, only, at: Self.at(1))
        let rows = router.warmths(of: [0, 1], Self.facts(1, turn: 2), router.table.plan, at: Self.at(2))
        // 4,000 tokens at 1,000 a million and 100 at 4,000; 2,000 of them for a tenth, in three of four cases.
        #expect(rows[0].cold == 4.4)
        #expect(rows[0].tokens == 2_000)
        #expect(rows[0].chance == 0.75)
        #expect(abs((rows[0].expected ?? 0) - (4.4 - 2_000 * 0.75 * 900 / 1e6)) < 1e-9)
        #expect(rows[1].expected == rows[1].cold)
        let explained = router.explain(router.journey(route: 0, facts: Self.facts(1, turn: 2)), at: Self.at(2))
        #expect(explained.warmths == rows)
        #expect(explained.chosen == 0)
    }

    @Test("memory is bounded, and what is used last stays longest", arguments: [5, 6] as [UInt64])
    func bounded(seed: UInt64) {
        var random = Random(seed: seed)
        var warm = WarmBeginnings()
        let places = WarmBeginnings.sets * WarmBeginnings.ways
        for number in 0..<places * 4 {
            let until = Instant.zero + .seconds(Int64(number))
            warm.note(PromptBeginnings.Part(digest: random.next(), tokens: 5), at: 1, until: until, now: .zero)
        }
        let mine = PromptBeginnings(parts: [PromptBeginnings.Part(digest: 42, tokens: 7)])
        warm.note(mine.parts[0], at: 2, until: .zero + .seconds(1_000_000), now: .zero)
        for _ in 0..<places {
            warm.note(PromptBeginnings.Part(digest: random.next(), tokens: 5), at: 1, until: .zero + .seconds(999_999), now: .zero)
        }
        #expect(warm.tokens(of: mine, at: 2, now: .zero) == 7)
        #expect(warm.tokens(of: mine, at: 1, now: .zero) == 0)
        warm.forget(mine, at: 2)
        #expect(warm.tokens(of: mine, at: 2, now: .zero) == 0)
    }

    @Test("what is remembered outlasts a change of settings")
    func survives() throws {
        let deployments = [Self.deployment("a"), Self.deployment("b"), Self.deployment("c")]
        var router = try Self.router(deployments)
        let first = try #require(Self.ask(&router, Self.facts(1, turn: 1), at: Self.at(1)))
        var route = NamedRoute(name: "chat", tree: .choice(RoundRobin(), [2, 1, 0].map { Branch(.deployment($0, LeafOptions())) }))
        route.prefersWarm = true
        router.replace(try RoutingTable(version: 2, deployments: deployments.reversed(), routes: [route]), at: Self.at(2))
        for _ in 0..<3 {
            let served = try #require(Self.ask(&router, Self.facts(1, turn: 2), at: Self.at(3), cached: 2_000))
            #expect(router.table.deployments[served].name == deployments[first].name)
        }
    }
}
