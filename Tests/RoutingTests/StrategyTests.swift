import Testing

@testable import Routing

@Suite("Strategies") struct StrategyTests {
    /// Shares of `draws` picks.
    func shares(_ strategy: any Strategy, _ candidates: [Candidate], draws: Int = 20_000, facts: (Int) -> Facts = { _ in Facts() }) -> [Double] {
        var strategy = strategy
        var random = Random(seed: 42)
        var counts = Array(repeating: 0, count: candidates.count)
        for draw in 0..<draws { counts[strategy.pick(among: candidates, facts: facts(draw), random: &random)] += 1 }
        return counts.map { Double($0) / Double(draws) }
    }

    func expectClose(_ shares: [Double], _ wanted: [Double]) {
        // Four standard deviations of a share of 20,000 draws are below 0.0142.
        for (share, wanted) in zip(shares, wanted) { #expect(abs(share - wanted) < 0.0142, "\(shares)") }
    }

    struct Row {
        var candidates: [Candidate]
        var shares: [Double]
    }

    @Test(
        "shuffle draws by weight if the first says one, else by rpm, else by tpm, else evenly",
        arguments: [
            Row(candidates: [Candidate(branch: 0, weight: 8), Candidate(branch: 1, weight: 2)], shares: [0.8, 0.2]),
            Row(candidates: [Candidate(branch: 0, weight: 1), Candidate(branch: 1)], shares: [1, 0]),
            Row(candidates: [Candidate(branch: 0), Candidate(branch: 1, weight: 9)], shares: [0.5, 0.5]),
            Row(
                candidates: [Candidate(branch: 0, requestsPerMinute: 30, tokensPerMinute: 1), Candidate(branch: 1, requestsPerMinute: 10)],
                shares: [0.75, 0.25]),
            Row(candidates: [Candidate(branch: 0, tokensPerMinute: 100), Candidate(branch: 1, tokensPerMinute: 300)], shares: [0.25, 0.75]),
            Row(candidates: [Candidate(branch: 0), Candidate(branch: 1), Candidate(branch: 2)], shares: [1.0 / 3, 1.0 / 3, 1.0 / 3]),
            Row(candidates: [Candidate(branch: 0, weight: 0), Candidate(branch: 1, weight: 0)], shares: [0.5, 0.5]),
        ])
    func shuffle(_ row: Row) { expectClose(shares(Shuffle(), row.candidates), row.shares) }

    static let split = [Candidate(branch: 0, weight: 70), Candidate(branch: 1, weight: 20), Candidate(branch: 2, weight: 10)]

    @Test("percentage divides as written, by chance and by caller")
    func percentage() {
        expectClose(shares(Percentage(), Self.split), [0.7, 0.2, 0.1])
        for sticky in Percentage.Sticky.allCases {
            let sticky = shares(Percentage(stickyBy: sticky), Self.split) { draw in
                let caller = Random.hash("caller \(draw)".utf8)
                return Facts(session: caller, user: caller, key: caller)
            }
            expectClose(sticky, [0.7, 0.2, 0.1])
        }
    }

    @Test("a caller stays on its side, and only those of a lost side move")
    func sticky() {
        var random = Random(seed: 1)
        var strategy = Percentage(stickyBy: .session, salt: 3)
        var moved = [0, 0, 0]
        for caller in UInt64(1)...3000 {
            let facts = Facts(session: Random.mix(caller))
            let first = strategy.pick(among: Self.split, facts: facts, random: &random)
            #expect(strategy.pick(among: Self.split, facts: facts, random: &random) == first)
            let without = Array(Self.split[0...1])
            let second = without[strategy.pick(among: without, facts: facts, random: &random)].branch
            if first == 2 { moved[second] += 1 } else { #expect(second == first) }
        }
        #expect(moved[0] > 2 * moved[1], "those who move divide by weight: \(moved)")
        #expect(moved[1] > 0)
    }

    @Test("without the fact to stick by, chance decides")
    func unsticky() { expectClose(shares(Percentage(stickyBy: .user), Self.split), [0.7, 0.2, 0.1]) }

    @Test("two salts divide callers independently")
    func salts() {
        var random = Random(seed: 1)
        var left = Percentage(stickyBy: .user, salt: Random.hash("one".utf8))
        var right = Percentage(stickyBy: .user, salt: Random.hash("two".utf8))
        let even = [Candidate(branch: 0), Candidate(branch: 1)]
        let same = (0..<4000).count { caller in
            let facts = Facts(user: Random.mix(UInt64(caller)))
            return left.pick(among: even, facts: facts, random: &random) == right.pick(among: even, facts: facts, random: &random)
        }
        #expect((1800...2200).contains(same))
    }

    @Test("round robin goes in turn, and skips who cannot serve")
    func roundRobin() {
        var strategy = RoundRobin()
        var random = Random(seed: 1)
        let all = (0..<4).map { Candidate(branch: $0) }
        func turn(_ candidates: [Candidate]) -> Int {
            candidates[strategy.pick(among: candidates, facts: Facts(), random: &random)].branch
        }
        #expect((0..<6).map { _ in turn(all) } == [0, 1, 2, 3, 0, 1])
        #expect(turn([all[0], all[3]]) == 3)
        #expect(turn([all[1], all[2]]) == 1)
        #expect(turn(all) == 2)
    }

    @Test("least busy takes the fewest in flight, and ties fall evenly")
    func leastBusy() {
        let busy = [Candidate(branch: 0, inFlight: 2), Candidate(branch: 1, inFlight: 1), Candidate(branch: 2, inFlight: 1)]
        expectClose(shares(LeastBusy(), busy), [0, 0.5, 0.5])
        let idle = (0..<4).map { Candidate(branch: $0) }
        expectClose(shares(LeastBusy(), idle), [0.25, 0.25, 0.25, 0.25])
    }

    @Test("under one router, round robin is exact and in flight is counted")
    func exact() throws {
        var router = Router(table: try table(deployments("a", "b", "c"), leaves(RoundRobin(), 0, 1, 2)), seed: 1)
        #expect((0..<7).flatMap { _ in router.run { _ in .well }.tried } == [0, 1, 2, 0, 1, 2, 0])

        var busy = Router(table: try table(deployments("a", "b", "c"), leaves(LeastBusy(), 0, 1, 2)), seed: 1)
        var held: [Attempt] = []
        for _ in 0..<9 {
            var journey = busy.journey(route: 0)
            guard case .attempt(let attempt) = busy.next(&journey, at: .zero) else { continue }
            held.append(attempt)
        }
        #expect((0..<3).map { busy.health(of: $0, at: .zero).inFlight } == [3, 3, 3])
        for attempt in held { busy.record(.cancelled, of: attempt, at: .zero) }
        #expect((0..<3).map { busy.health(of: $0, at: .zero).inFlight } == [0, 0, 0])
    }

    @Test(
        "the logarithm of sticky picks is right to nine digits",
        arguments: [(1.0, 0.0), (0.5, -0.693_147_180_559_945), (1e-9, -20.723_265_836_946)])
    func logarithm(_ x: Double, _ wanted: Double) { #expect(abs(Random.logarithm(x) - wanted) < 1e-9) }
}
