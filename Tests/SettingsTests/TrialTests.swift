import Routing
import Testing

@testable import Settings

@Suite("Trials in settings") struct TrialTests {
    private func compiled(_ canary: String) -> Compilation {
        Blueprint.compile(
            yaml: """
                providers: { lab: { type: mock } }
                models: { a: { deployments: [{ provider: lab, model: a }] } }
                policies:
                  default: { route: a, \(canary) }
                  next: { route: a }
                """)
    }

    private func canary(_ text: String) throws -> Canary {
        try #require(compiled("canary: { policy: next, \(text) }").blueprint?.policies[0].canary)
    }

    @Test("a canary serves its share of sessions, the same ones for ever, and a larger share only more")
    func shares() throws {
        let (ten, thirty) = (try canary("share: 10%"), try canary("share: 30%"))
        let sessions = (0..<20_000).map { Random.mix(UInt64($0)) }
        let (few, more) = (Set(sessions.filter(ten.serves)), Set(sessions.filter(thirty.serves)))
        #expect(1_800...2_200 ~= few.count && 5_700...6_300 ~= more.count)
        #expect(few.isSubset(of: more))
        #expect(try !canary("share: 0").serves(sessions[0]))
        #expect(try canary("share: 1").serves(sessions[0]))
    }

    @Test("another start chooses other sessions, and one that was stopped none")
    func starts() throws {
        let (first, second) = (try canary("share: 50%, started: 2027-01-01"), try canary("share: 50%, started: 2027-01-02"))
        let same = (0..<1_000).count { first.serves(Random.mix($0)) == second.serves(Random.mix($0)) }
        #expect(400...600 ~= same)
        #expect(try !canary("share: 1, stopped: it was worse").serves(1))
    }

    @Test(
        "what cannot be tried is a problem at its place",
        arguments: [
            ("canary: { policy: nxt }", "policies.default.canary.policy"), ("canary: { policy: default }", "policies.default.canary.policy"),
            ("canary: { share: 1 }", "policies.default.canary.policy"), ("canary: { policy: next, share: 2 }", "policies.default.canary.share"),
            ("canary: { policy: next, minimum: 1 }", "policies.default.canary.minimum"),
            ("shadow: { policy: nxt }", "policies.default.shadow.policy"),
        ])
    func problems(_ text: String, _ path: String) {
        let compilation = compiled(text)
        #expect(compilation.blueprint == nil)
        #expect(compilation.problems.map(\.path).contains(path), "\(compilation.problems)")
    }
}
