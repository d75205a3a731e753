import Routing
import Testing

/// What every strategy must hold, whatever it prefers.
@Suite("Laws of strategies") struct StrategyLawsTests {
    static let all: [any Strategy] =
        Strategies.all.filter { !($0 is Single) } + Percentage.Sticky.allCases.map { Percentage(stickyBy: $0, salt: 7) }

    static func candidates(_ count: Int, random: inout Random) -> [Candidate] {
        (0..<count).map { branch in
            Candidate(
                branch: branch * 2 + 1, deployment: branch, weight: random.below(3) == 0 ? nil : Double(random.below(4)),
                requestsPerMinute: random.below(2) == 0 ? nil : random.below(100), tokensPerMinute: random.below(2) == 0 ? nil : 9,
                inFlight: random.below(5))
        }
    }

    @Test("an index in range, for any candidates", arguments: all.indices)
    func inRange(_ which: Int) {
        var strategy = Self.all[which]
        var random = Random(seed: 11)
        for count in 1...12 {
            for _ in 0..<200 {
                let facts = Facts(session: random.next(), user: random.next(), key: random.next())
                let picked = strategy.pick(among: Self.candidates(count, random: &random), facts: facts, random: &random)
                #expect((0..<count).contains(picked))
            }
        }
    }

    @Test("a lone candidate is always picked", arguments: all.indices)
    func lone(_ which: Int) {
        var strategy = Self.all[which]
        var random = Random(seed: 3)
        for weight in [nil, 0.0, 5.0] {
            #expect(strategy.pick(among: [Candidate(branch: 4, weight: weight)], facts: Facts(), random: &random) == 0)
        }
    }

    @Test("the same seed gives the same picks", arguments: all.indices)
    func replay(_ which: Int) {
        func picks(_ seed: UInt64) -> [Int] {
            var strategy = Self.all[which]
            var random = Random(seed: seed)
            return (0..<100).map { _ in
                let candidates = Self.candidates(5, random: &random)
                return strategy.pick(among: candidates, facts: Facts(session: 5), random: &random)
            }
        }
        #expect(picks(21) == picks(21))
    }

    @Test("fails over until none is left, each deployment once", arguments: all.indices)
    func failsOver(_ which: Int) throws {
        let table = try table(deployments("a", "b", "c", "d"), leaves(Self.all[which], 0, 1, 2, 3), retry: RetryPolicy(maxRetries: 0))
        for seed in UInt64(1)...50 {
            var router = Router(table: table, seed: seed)
            let run = router.run { _ in .badly(.serverError) }
            #expect(run.tried.sorted() == [0, 1, 2, 3])
            #expect(run.end?.reason == .attempts)
            #expect(run.end?.lastFault == .serverError)
        }
    }

    @Test("every strategy is found by its name and its aliases")
    func names() {
        for strategy in Strategies.all {
            for name in [type(of: strategy).name] + type(of: strategy).aliases {
                #expect(Strategies.named(name).map { type(of: $0).name } == type(of: strategy).name)
            }
        }
        #expect(Strategies.named("shufle") == nil)
        #expect(Strategies.nearest(to: "shufle") == "shuffle")
        #expect(Strategies.nearest(to: "least_bussy") == "least_busy")
        #expect(Strategies.nearest(to: "quantum") == nil)
        let names = Strategies.all.flatMap { [type(of: $0).name] + type(of: $0).aliases }
        #expect(Set(names).count == names.count)
    }
}
