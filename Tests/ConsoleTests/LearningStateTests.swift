import Gateway
import Routing
import Storage
import Testing

@testable import Console

@Suite("What was learnt in the store") struct LearningStateTests {
    @Test("it is read as it was written")
    func round() throws {
        var state = LearningState()
        (state.learned, state.reset, state.version) = (1_790_000_000, 1_780_000_000, 7)
        var tenant = Learner.TenantState()
        tenant.inEffect = try #require(Correction(offsets: (0..<50).map { Double($0 - 25) / 20 }))
        tenant.belief.mean = tenant.inEffect
        tenant.belief.deviations[3] = 0.125
        tenant.since[9] = 1_785_000_000
        tenant.verdicts[2] = LearningGate.Verdict(
            change: Interval(estimate: 0.01, low: -0.005, high: 0.025), opinions: 812.5, changed: 0.1, open: 44, tried: 17, allowed: 0.02)
        (tenant.lessons, tenant.changes) = (900, 3)
        state.tenants = ["": tenant, "a \"project\"": Learner.TenantState()]
        state.ratings["lab/large"] = LearningState.Rating(effect: 0.5, deviation: 0.1, opinions: 60, before: 0.7, capability: 0.75)
        state.ratings["lab/new"] = LearningState.Rating(effect: 0, deviation: 0.5, opinions: 2, before: 0.5, capability: nil)
        #expect(LearningState(state.documents) == state)
    }

    @Test(
        "what no version wrote is as if nothing had been learnt",
        arguments: ["", "7", "{}", #"{"offsets": [1, 2]}"#, #"{"offsets": [9, 9], "means": [], "deviations": "x"}"#])
    func odd(_ text: String) {
        let documents = ["project/a", "head", "ratings", "other"].map { StoredDocument(name: $0, value: text) }
        #expect(LearningState(documents) == LearningState())
    }
}
