import Testing

@testable import Routing

@Suite("Learning") struct LearningTests {
    /// Two models with the border in the middle, as a decision writes them down.
    static func lesson(_ score: Float, rung: Int?, task: UInt8 = 4, propensity: Float = 0.5, isOpen: Bool = true, key: UInt32 = 1) throws -> Lesson {
        var learnt = Decision.Learnt(Appraisal.Learnt(task: task, frozen: score, offset: 0))
        (learnt.limits, learnt.rung, learnt.propensity, learnt.isOpen) = ([0.48, 1.48], rung ?? 0, propensity, isOpen)
        var decision = Decision()
        decision.complexity = Decision.Complexity(Appraisal(score: score))
        decision.complexity?.learnt = learnt
        return try #require(Lesson(decision, tenant: 1, key: key, deployment: 1 + UInt32(rung ?? 0), isFirst: rung != nil))
    }

    private static func appraised(_ score: Float, _ tutor: Tutor, session: UInt64) -> Appraisal {
        var appraisal = Appraisal(score: score)
        tutor.instruct(&appraisal, task: 4, session: session)
        return appraisal
    }

    @Test("odds and logarithms are each other's opposite, and bounded for whatever comes")
    func odds() {
        for share in stride(from: 0.001, through: 0.999, by: 0.0499) {
            let off = abs(Odds.share(Odds.logit(share)) - share)
            #expect(off < 1e-6)
        }
        #expect(abs(Odds.exponential(1) - 2.718_281_828_459) < 1e-9 && Odds.share(0) == 0.5)
        #expect(Odds.share(1e9) <= 1 && Odds.share(-1e9) >= 0 && Odds.logit(7).isFinite && Odds.logit(-7).isFinite)
    }

    @Test("a lesson is read as it was written, and nothing else is one", arguments: [nil, 0, 1] as [Int?])
    func bytes(_ rung: Int?) throws {
        let one = try Self.lesson(0.47, rung: rung, isOpen: rung != 0)
        #expect(Lesson(decoding: one.encoded) == one)
        for count in 0..<one.encoded.count { #expect(Lesson(decoding: Array(one.encoded.prefix(count))) == nil) }
        var random = Random(seed: 3)
        for _ in 0..<2_000 {
            var bytes = one.encoded
            bytes[random.below(bytes.count)] = UInt8(random.below(256))
            if let read = Lesson(decoding: bytes) { #expect(read.limits.indices.contains(read.rung(at: 0.5)) && Int(read.task) < Correction.tasks) }
        }
    }

    @Test("a decision keeps what it needs to be judged later")
    func decision() throws {
        var router = try IntelligentTests.router(.performance, IntelligentTests.list([0.2, 0.9]))
        var tutor = Tutor()
        tutor.explored = 0.05
        tutor.inEffect[4, 2] = -0.5
        for session in 0..<200 as Range<UInt64> {
            var facts = Facts()
            facts.appraisal = Self.appraised(0.5, tutor, session: session)
            var journey = router.journey(route: 0, facts: facts)
            journey.keepsDecision = true
            _ = router.next(&journey, at: .zero)
            let made = try #require(journey.decision)
            let learnt = try #require(made.complexity?.learnt)
            #expect(
                learnt.frozen == 0.5 && learnt.offset == -0.5 && learnt.limits.count == 2 && learnt.isOpen == (made.complexity?.inContext ?? 0 >= 0.4)
            )
            #expect(Decision(decoding: made.encoded) == made)
        }
    }

    @Test("no correction goes beyond its bound, and none changes nothing to the last bit", arguments: [1, 2, 3] as [UInt64])
    func bounds(_ seed: UInt64) {
        var random = Random(seed: seed)
        var correction = Correction()
        for score in stride(from: 0.0, through: 1, by: 0.01) { #expect(correction.corrected(task: 3, score: score) == score) }
        for _ in 0..<500 { correction[random.below(10), random.below(5)] = (random.unit() - 0.5) * 1e6 }
        correction[1, 1] = .nan
        #expect(correction[1, 1] == 0)
        for _ in 0..<2_000 {
            let (task, score) = (random.below(12), random.unit())
            let moved = correction.corrected(task: task, score: score)
            #expect(abs(correction.offset(task: task, score: score)) <= Correction.most && (0...1).contains(moved))
            if task > 9 { #expect(moved == score) }
        }
    }

    @Test("at most a twentieth of sessions try something, always the same ones, and only between 0.4 and 0.6")
    func trials() throws {
        var router = try IntelligentTests.router(.performance, IntelligentTests.list([0.2, 0.9]))
        var tutor = Tutor()
        tutor.explored = 0.05
        var (tried, counts) = (0, [0, 0])
        let sessions = 12_000
        var expected = [0.0, 0.0]
        for session in 0..<UInt64(sessions) {
            #expect(Self.appraised(0.55, tutor, session: session) == Self.appraised(0.55, tutor, session: session))
            for score in [0.2, 0.55, 0.9] as [Float] {
                var facts = Facts()
                facts.appraisal = Self.appraised(score, tutor, session: session)
                var journey = router.journey(route: 0, facts: facts)
                journey.keepsDecision = true
                guard case .attempt(let attempt) = router.next(&journey, at: .zero), let learnt = journey.decision?.complexity?.learnt else {
                    continue
                }
                router.record(.success(firstByte: .zero, total: .zero, outputTokens: 1), of: attempt, in: &journey, at: .zero)
                guard score == 0.55 else {
                    #expect(!learnt.isTrial && !learnt.isOpen && learnt.propensity == 1 && attempt.deployment == (score < 0.5 ? 0 : 1))
                    continue
                }
                if learnt.isTrial { tried += 1 }
                counts[attempt.deployment] += 1
                expected[attempt.deployment] += Double(learnt.propensity)
            }
        }
        let share = Double(tried) / Double(sessions)
        #expect((0.043...0.057).contains(share), "\(share)")
        // Each side's own chance is what it was chosen with: on average the share of those who got it.
        for side in [0, 1] {
            let (mean, got) = (expected[side] / Double(max(1, counts[side])), Double(counts[side]) / Double(sessions))
            #expect(counts[side] > 0 && abs(mean - got) < 0.015, "side \(side): \(mean) \(got)")
        }
    }

    @Test("without trials the gate holds whatever is said; with them it opens to what is no loss, and to nothing else")
    func gate() throws {
        let learner = Learner(halfLife: 1e9, maxLoss: 0.02)
        var random = Random(seed: 8)
        func lessons(_ count: Int, isOpen: Bool, _ chance: (_ rung: Int) -> Double) throws -> [RatedLesson] {
            try (0..<count).map { number in
                let score = Float(random.unit())
                let isNear = isOpen && (0.4...0.6).contains(score)
                let usual = score < 0.48 ? 0 : 1
                let rung = isNear && random.below(10) == 0 ? 1 - usual : usual
                let propensity: Float = isNear ? (rung == usual ? 0.9 : 0.1) : 1
                let one = try Self.lesson(score, rung: rung, propensity: propensity, isOpen: isNear, key: UInt32(number % 5))
                return RatedLesson(one, seconds: Int64(number), score: random.unit() < chance(rung) ? 1 : 0)
            }
        }
        func learnt(_ lessons: [RatedLesson]) -> Learner.TenantState {
            var state = Learner.TenantState()
            for _ in 0..<3 { state = learner.learn(lessons, from: state, at: 30_000) }
            return state
        }
        let praised = learnt(try lessons(10_000, isOpen: false) { _ in 0.9 })
        #expect(praised.inEffect.isNothing && praised.verdicts[4]?.isPassed == false, "\(String(describing: praised.verdicts[4]))")
        let same = learnt(try lessons(20_000, isOpen: true) { _ in 0.85 })
        #expect(same.inEffect[4, 2] < -0.2 && same.verdicts[4]?.isPassed == true, "\(String(describing: same.verdicts[4]))")
        #expect((0..<5).allSatisfy { same.inEffect[3, $0] == 0 }, "another kind of prompt is left alone")
        let poor = learnt(try lessons(20_000, isOpen: true) { $0 == 0 ? 0.5 : 0.9 })
        #expect(poor.inEffect[4, 2] > 0.2, "the cheap one was believed too much")
        // What it did is undone when it turns out a loss, and what was said before is forgotten.
        let worse = try lessons(20_000, isOpen: true) { $0 == 0 ? 0.5 : 0.9 }
        let undone = learner.learn(worse, from: same, at: 30_000)
        #expect(undone.inEffect.isNothing && undone.since[4] == 30_000 && undone.verdicts[4]?.isLoss == true)
    }

    @Test("lessons in any order teach the same, and age makes them count for less")
    func order() throws {
        var random = Random(seed: 4)
        var all: [RatedLesson] = []
        for number in 0..<3_000 {
            let score = Float(random.unit())
            all.append(RatedLesson(try Self.lesson(score, rung: score < 0.5 ? 0 : 1), seconds: Int64(number), score: random.unit()))
        }
        let learner = Learner(halfLife: 1_000, maxLoss: 0.02)
        let (one, other) = (learner.learn(all, from: .init(), at: 3_000), learner.learn(all.reversed(), from: .init(), at: 3_000))
        #expect(zip(one.belief.mean.offsets, other.belief.mean.offsets).allSatisfy { abs($0 - $1) < 1e-9 })
        let weights = learner.weighed(all, .init(), at: 3_000).map(\.weight)
        #expect(abs((weights.last ?? 0) / (weights.first ?? 1) - 8) < 0.1, "three half-lives")
    }

    @Test("a key at odds with the others counts for nothing; of two nobody can say which lies")
    func liars() throws {
        var all: [RatedLesson] = []
        for number in 0..<600 {
            let key = UInt32(number % 4)
            let isGood = key == 3 ? number % 2 == 0 : true
            all.append(RatedLesson(try Self.lesson(0.3, rung: 0, key: key), seconds: 0, score: isGood ? 1 : 0))
        }
        #expect(Learner.oddKeys(all) == [3])
        #expect(Learner.oddKeys(all.filter { $0.lesson.key > 1 }).isEmpty)
    }

    @Test("ratings follow opinions apart from how hard the prompts were, within their bound, and count once there are enough")
    func ratings() throws {
        var random = Random(seed: 12)
        func rated(_ count: Int, _ good: [Double]) throws -> ModelRatings {
            ModelRatings(
                try (0..<count).map { number in
                    // The capable one gets the hard prompts.
                    let rung = number % 2
                    let score = Float(rung) * 0.5 + Float(random.unit()) * 0.5
                    return RatedLesson(try Self.lesson(score, rung: rung), seconds: 0, score: random.unit() < good[rung] ? 1 : 0)
                })
        }
        let many = try rated(4_000, [0.85, 0.8])
        let (cheap, capable) = (try #require(many.byDeployment[1]), try #require(many.byDeployment[2]))
        #expect(capable.effect > cheap.effect, "it answered harder prompts nearly as well")
        let worst = try rated(4_000, [0, 1])
        #expect(abs((worst.capability(of: 2, from: 0.5) ?? 0) - 0.5) <= ModelRatings.most && worst.capability(of: 2, from: 0.99) ?? 2 <= 1)
        #expect(worst.capability(of: 1, from: 0.5) ?? 1 < 0.5)
        #expect(try rated(60, [1, 1]).capability(of: 1, from: 0.5) == nil && many.capability(of: 77, from: 0.5) == nil)
    }

    @Test("who reads scores is known for each way: branches, names, fallbacks, rules and where they lead")
    func readers() throws {
        let hard = Condition.test(try #require(FieldName("complexity.score")), Comparison(.gte, .number(0.6)))
        let plain = Condition.test(try #require(FieldName("request.model")), Comparison(.eq, .text("x")))
        func split(_ when: Condition) -> Route { .choice(Conditional([.branch(when: when)]), [Branch(.deployment(0)), Branch(.deployment(1))]) }
        let routes = [
            NamedRoute(name: "plain", tree: split(plain)), NamedRoute(name: "hard", tree: split(hard)),
            NamedRoute(name: "names", tree: .choice(Fallback(), [Branch(.deployment(0)), Branch(.named("hard"))])),
            NamedRoute(name: "falls", tree: .deployment(0), fallbacks: ["names"]),
            NamedRoute(name: "blocks", tree: .choice(Conditional([.block(when: hard, text: "no")]), [Branch(.deployment(0))])),
        ]
        let policies = [
            RoutingPolicy(name: "none", rules: [Rule(name: "a", when: plain, then: RuleActions(route: "plain"))]),
            RoutingPolicy(name: "asks", rules: [Rule(name: "a", when: .not(.any([plain, hard])), then: RuleActions(warn: "w"))]),
            RoutingPolicy(name: "leads", rules: [Rule(name: "a", when: plain, then: RuleActions(route: "falls"))]),
        ]
        let table = try RoutingTable(
            version: 1, deployments: [Deployment(name: "a"), Deployment(name: "b")], routes: routes, policies: policies)
        #expect(routes.indices.map { table.readsComplexity(route: $0, policy: nil) } == [false, true, true, true, true])
        #expect(policies.indices.map { table.readsComplexity(route: 0, policy: $0) } == [false, true, true])
    }
}
