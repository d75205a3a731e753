import Routing
import Testing

@Suite("Eligibility") struct EligibilityTests {
    struct Row: Sendable {
        var name: String
        var facts = Facts()
        var change: @Sendable (inout Deployment) -> Void = { _ in }
        /// Nil: it may serve.
        var reason: Ineligibility?
    }

    static func demanding(regions: [String] = [], _ change: (inout Residency) -> Void) -> Facts {
        var (residency, facts) = (Residency(), Facts(regions: regions))
        change(&residency)
        facts.residency = residency
        return facts
    }

    @Test("what no router chooses is judged alike")
    func residency() {
        var house = Deployment(name: "house", kind: .selfHosted, region: "de")
        func verdict(_ change: (inout Residency) -> Void = { _ in }, regions: [String] = [], denied: [String] = []) -> Ineligibility? {
            Residency.verdict(on: house, Self.demanding(change).residency, regions: regions, deniedRegions: denied)
        }
        #expect(verdict() == nil)
        #expect(verdict(regions: ["eu"]) == nil)
        #expect(verdict(regions: ["us"]) == .region)
        #expect(verdict(denied: ["eu"]) == .region)
        #expect(verdict({ $0.regions = ["us"] }, regions: ["eu"]) == .region)
        #expect(verdict({ $0.needsZeroRetention = true }) == .retention)
        #expect(verdict({ $0.kinds = .init([.paid]) }) == .kind)
        house.keepsNothing = true
        #expect(verdict({ $0.needsZeroRetention = true }) == nil)
        #expect(Residency.verdict(on: house, nil, regions: [], deniedRegions: []) == nil)
    }

    @Test(
        "what may not serve is left out, and why is said",
        arguments: [
            Row(name: "nothing asked"),
            Row(name: "paused", change: { $0.paused = true }, reason: .paused),
            Row(name: "able", facts: Facts(needs: [.vision, .tools])),
            Row(name: "not able", facts: Facts(needs: [.vision, .tools]), change: { $0.lacks = [.vision, .audio] }, reason: .lacks(.vision)),
            Row(name: "fits", facts: Facts(inputTokens: 10, outputTokens: 20), change: { $0.contextWindow = 30 }),
            Row(
                name: "too large", facts: Facts(inputTokens: 11, outputTokens: 20), change: { $0.contextWindow = 30 },
                reason: .contextTooSmall(30)),
            Row(name: "region", facts: Facts(regions: ["eu"]), change: { $0.region = "eu" }),
            Row(name: "other region", facts: Facts(regions: ["eu", "uk"]), change: { $0.region = "us" }, reason: .region),
            Row(name: "unknown region", facts: Facts(regions: ["eu"]), reason: .region),
            Row(name: "allowed", facts: Facts(allowed: DeploymentSet([0, 70]))),
            Row(name: "not allowed", facts: Facts(allowed: DeploymentSet([1, 70])), reason: .notAllowed),
            Row(name: "a kind that may", facts: demanding { $0.kinds = .init([.selfHosted, .free]) }, change: { $0.kind = .free }),
            Row(name: "another kind", facts: demanding { $0.kinds = .init([.selfHosted, .free]) }, reason: .kind),
            Row(name: "no kind at all", facts: demanding { $0.kinds = [] }, change: { $0.kind = .selfHosted }, reason: .kind),
            Row(name: "keeps nothing", facts: demanding { $0.needsZeroRetention = true }, change: { $0.keepsNothing = true }),
            Row(name: "promises nothing", facts: demanding { $0.needsZeroRetention = true }, reason: .retention),
            Row(name: "the project's region", facts: demanding { $0.regions = ["eu"] }, change: { $0.region = "eu-central-1" }),
            Row(name: "not the project's", facts: demanding { $0.regions = ["eu"] }, change: { $0.region = "uk" }, reason: .region),
            Row(name: "denied by the project", facts: demanding { $0.deniedRegions = ["de"] }, change: { $0.region = "de" }, reason: .region),
            Row(
                name: "the project's, not the key's", facts: demanding(regions: ["fr"]) { $0.regions = ["eu"] }, change: { $0.region = "de" },
                reason: .region),
            Row(name: "both", facts: demanding(regions: ["de"]) { $0.regions = ["eu"] }, change: { $0.region = "de" }),
            Row(name: "priced", facts: Facts(needsPrice: true), change: { $0.price = .free }),
            Row(name: "unpriced", facts: Facts(needsPrice: true), reason: .unpriced),
        ])
    func verdicts(_ row: Row) throws {
        let table = try table(deployments("a", change: row.change), .deployment(0), retry: RetryPolicy(maxRetries: 0))
        var router = Router(table: table, seed: 1)
        let journey = router.journey(route: 0, facts: row.facts)
        #expect(router.explain(journey, at: .zero).candidates.map(\.excludedBecause) == [row.reason])
        let run = router.run(journey) { _ in .well }
        #expect(run.end?.reason == row.reason.map { .noneEligible($0) })
        if let reason = row.reason { #expect(!reason.name.isEmpty && !"\(reason)".isEmpty) }
    }

    @Test("no more in flight than max_parallel_requests")
    func parallel() throws {
        var router = Router(table: try table(deployments("a") { $0.maxParallelRequests = 2 }, .deployment(0)), seed: 1)
        var attempts: [Attempt] = []
        for _ in 0..<2 {
            var journey = router.journey(route: 0)
            if case .attempt(let attempt) = router.next(&journey, at: .zero) { attempts.append(attempt) }
        }
        #expect(router.run { _ in .well }.end?.reason == .noneEligible(.parallelLimit(2)))
        router.record(.cancelled, of: attempts[0], at: .zero)
        #expect(router.run { _ in .well }.succeeded)
    }

    @Test("of several reasons the end names the one nearest to serving")
    func nearest() throws {
        var three = deployments("a", "b", "c")
        three[0].paused = true
        three[1].contextWindow = 5
        var router = Router(table: try table(three, leaves(Shuffle(), 0, 1, 2)), seed: 1)
        let facts = Facts(inputTokens: 10, allowed: DeploymentSet([0, 1]))
        #expect(router.run(router.journey(route: 0, facts: facts)) { _ in .well }.end?.reason == .noneEligible(.paused))
    }

    struct Tags: Sendable {
        var filtering = TagFiltering.any
        var carried: [[String]]
        var wanted: [String]
        var serve: Set<Int>
    }

    @Test(
        "tags select deployments",
        arguments: [
            Tags(filtering: .off, carried: [["x"], []], wanted: ["y"], serve: [0, 1]),
            Tags(carried: [["free"], ["paid"], []], wanted: ["free"], serve: [0]),
            Tags(carried: [["free"], ["paid", "eu"], []], wanted: ["free", "eu"], serve: [0, 1]),
            Tags(filtering: .all, carried: [["free"], ["paid", "eu"], ["free", "eu"]], wanted: ["free", "eu"], serve: [2]),
            Tags(carried: [["free"], ["default"], []], wanted: ["unknown"], serve: [1]),
            Tags(carried: [["free"], ["default"], []], wanted: [], serve: [1]),
            Tags(carried: [["free"], ["paid"], []], wanted: [], serve: [0, 1, 2]),
            Tags(carried: [["free"], ["paid"]], wanted: ["unknown"], serve: []),
            Tags(carried: [["a"], ["a", "b"], ["c"]], wanted: ["a", "!b"], serve: [0]),
            Tags(carried: [["a"], ["a", "b"], ["b"]], wanted: ["&b", "a"], serve: [1]),
            Tags(carried: [["a"], ["b"], []], wanted: ["!b"], serve: [0, 2]),
        ])
    func tags(_ row: Tags) throws {
        let all = row.carried.enumerated().map { Deployment(name: "d\($0)", tags: $1) }
        let tree = Route.choice(Shuffle(), all.indices.map { Branch(.deployment($0)) })
        let router = Router(table: try table(all, tree, tagFiltering: row.filtering), seed: 1)
        let candidates = router.explain(router.journey(route: 0, facts: Facts(tags: row.wanted)), at: .zero).candidates
        #expect(Set(candidates.filter(\.isEligible).map(\.deployment)) == row.serve)
    }
}
