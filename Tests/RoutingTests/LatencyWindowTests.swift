import Routing
import Testing

@Suite("Latency window") struct LatencyWindowTests {
    func window(_ seconds: [Double]) -> LatencyWindow {
        var window = LatencyWindow()
        for (index, second) in seconds.enumerated() { window.add(.milliseconds(Int64(second * 1000)), at: at(Double(index))) }
        return window
    }

    struct Row: Sendable {
        var seconds: [Double]
        var share: Double
        var wanted: Duration?
    }

    @Test(
        "percentiles are of the nearest rank",
        arguments: [
            Row(seconds: [], share: 0.5, wanted: nil),
            Row(seconds: [3], share: 0, wanted: .seconds(3)),
            Row(seconds: [3], share: 1, wanted: .seconds(3)),
            Row(seconds: [4, 1, 3, 2], share: 0.5, wanted: .seconds(2)),
            Row(seconds: [4, 1, 3, 2], share: 0.51, wanted: .seconds(3)),
            Row(seconds: [4, 1, 3, 2, 5], share: 0.5, wanted: .seconds(3)),
            Row(seconds: [-1, 1, 2], share: 0.1, wanted: .zero),
        ])
    func percentiles(_ row: Row) { #expect(window(row.seconds).percentile(row.share, at: at(10)) == row.wanted) }

    @Test("the newest replaces the oldest, one by one")
    func slides() {
        for count in [1, 63, 64, 65, 127, 128, 1000] {
            let kept = (max(0, count - LatencyWindow.capacity)..<count).map { Double($0) }
            let window = window((0..<count).map { Double($0) })
            let now = at(Double(count))
            #expect(window.count(at: now) == min(count, LatencyWindow.capacity, 900))
            #expect(window.percentile(0, at: now) == .seconds(Int(kept[0])))
            #expect(window.percentile(1, at: now) == .seconds(count - 1))
            #expect(window.mean(at: now) == .milliseconds(Int(kept.reduce(0, +) * 1000 / Double(kept.count))))
        }
    }

    @Test("what is older than its age says nothing")
    func ages() {
        let window = window([1, 2, 3])
        #expect(window.count(at: at(900)) == 3)
        #expect(window.count(at: at(901)) == 2)
        #expect(window.mean(at: at(902)) == .seconds(3))
        #expect(window.percentile(0.5, at: at(903)) == nil)
    }
}
