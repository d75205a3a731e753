import Gateway
import Routing
import Testing

@testable import Console

@Suite("Trials in the store") struct TrialTextTests {
    @Test("figures are read as they were written, and what nobody wrote is passed over")
    func round() throws {
        var figures = Trials.Figures()
        var pair = Trials.Figures.Pair()
        pair.stable.add(isAnswered: true, latency: 12.5, cost: 1e-7)
        pair.candidate.add(isAnswered: false, latency: nil, cost: nil)
        pair.candidate.add(feedback: 0.25)
        figures.canaries["default|a \"b\"|17"] = pair
        var shadow = ShadowFigures()
        shadow.add(isDifferent: true, isRefused: false, cost: (0.001, 0.002))
        figures.shadows["default|next"] = shadow
        #expect(try #require(TrialText.read(TrialText.text(figures))) == figures)
        #expect(TrialText.read("nothing") == nil)
        #expect(try #require(TrialText.read(#"{"canaries": {"x": [[1], [2]], "y": 3}, "shadows": {"z": ["a"]}}"#)) == Trials.Figures())
    }

    @Test("two gateways together are what one would have seen")
    func sum() {
        var (one, two) = (Trials.Figures(), Trials.Figures())
        one.canaries["c", default: Trials.Figures.Pair()].stable.add(isAnswered: true, latency: 10, cost: nil)
        two.canaries["c", default: Trials.Figures.Pair()].stable.add(isAnswered: false, latency: nil, cost: nil)
        two.canaries["d"] = Trials.Figures.Pair()
        one += two
        #expect(one.canaries["c"]?.stable.requests == 2 && one.canaries["c"]?.stable.errors == 1)
        #expect(one.canaries.count == 2)
    }
}
