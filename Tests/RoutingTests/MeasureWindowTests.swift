import Testing

@testable import Routing

@Suite("Windows of measures") struct MeasureWindowTests {
    func sample(_ milliseconds: Int, _ second: Double, fault: Bool = false) -> CallSample {
        if fault { return CallSample(failedAt: at(second), after: .zero, isTimeout: false) }
        return CallSample(answeredAt: at(second), firstByte: .milliseconds(1), total: .milliseconds(milliseconds), tokens: 1, streamed: true)
    }

    @Test("a full window forgets its oldest call, not its newest: LiteLLM's overwrites one slot only once it is full")
    func full() {
        var measures = Measures()
        for call in 0..<RecentCalls.capacity { measures.add(sample(1000, Double(call) * 0.1), at: at(Double(call) * 0.1)) }
        for call in 0..<RecentCalls.capacity {
            measures.add(sample(10, 20 + Double(call) * 0.1), at: at(20 + Double(call) * 0.1))
            let mean = measures.sums(.quarterHour, at: at(40)).value(.whole, streaming: false) ?? 0
            let wanted = (1.0 * Double(127 - call) + 0.01 * Double(call + 1)) / 128
            #expect(abs(mean - wanted) < 1e-9)
        }
    }

    @Test("windows agree with the calls that were made within them", arguments: UInt64(1)...4)
    func random(seed: UInt64) {
        var random = Random(seed: seed)
        var measures = Measures()
        var calls: [CallSample] = []
        var second = 0.0
        for _ in 0..<700 {
            second += random.exponential() * (random.below(50) == 0 ? 700 : 9)
            let call = sample(1 + random.below(500), second, fault: random.below(5) == 0)
            calls.append(call)
            measures.add(call, at: at(second))
            second += Double(random.below(30))
            let now = at(second)
            for (window, seconds) in [(MeasureWindow.quarterHour, 900.0), (MeasureWindow(.seconds(90)), 90), (.total, 1e9)] {
                var wanted = CallSums()
                for call in calls.suffix(seconds < 1000 ? RecentCalls.capacity : calls.count) where call.at >= at(second - seconds) { wanted += call }
                #expect(measures.sums(window, at: now) == wanted)
            }
            // Whole minutes: this one and those before it.
            for (window, minutes) in [(MeasureWindow.hour, 60), (MeasureWindow(.seconds(1800)), 30)] {
                let oldest = at(Double((Int(second) / 60 - minutes + 1) * 60))
                var wanted = CallSums()
                for call in calls where call.at >= oldest { wanted += call }
                #expect(measures.sums(window, at: now) == wanted)
            }
        }
    }

    @Test("the median is the middle one of what was measured", arguments: UInt64(1)...20)
    func median(seed: UInt64) {
        var random = Random(seed: seed)
        var recent = RecentCalls()
        var totals: [Int] = []
        #expect(recent.median(firstByte: false) == nil)
        for call in 0..<300 {
            let milliseconds = random.below(40)
            totals.append(milliseconds)
            recent.add(sample(milliseconds, Double(call)))
            let kept = totals.suffix(RecentCalls.capacity).sorted()
            #expect(recent.median(firstByte: false).map { Int(($0 * 1000).rounded()) } == kept[(kept.count - 1) / 2])
        }
    }

    @Test("windows are of a second to an hour")
    func bounds() {
        #expect(MeasureWindow(.seconds(0)) == MeasureWindow(.seconds(1)))
        #expect(MeasureWindow(.seconds(7200)) == .hour)
        #expect(MeasureWindow(.seconds(900)) == .quarterHour)
        #expect(MeasureWindow.hour != .total)
    }
}
