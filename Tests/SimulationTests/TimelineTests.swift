import Routing
import Testing

@testable import Simulation

@Suite("What happened when")
struct TimelineTests {
    @Test("steps double in length where there would be too many, and nothing gets lost", arguments: [60, 119, 120, 500, 100_000])
    func doubles(seconds: Int) {
        var timeline = Timeline()
        for second in 0..<seconds {
            timeline.note(at: .zero + .seconds(second)) { step in
                step.answered += 1
                step.attempts = [(step.attempts.first ?? 0) + 1]
                step.latency.add(.milliseconds(5))
            }
        }
        #expect(timeline.steps.count <= Timeline.most && timeline.steps.count > (seconds >= Timeline.most ? Timeline.most / 2 - 1 : 0))
        #expect(timeline.steps.reduce(0) { $0 + $1.answered } == seconds)
        #expect(timeline.steps.reduce(0) { $0 + ($1.attempts.first ?? 0) } == seconds)
        #expect(timeline.steps.reduce(0) { $0 + $1.latency.count } == seconds)
        #expect(Int(timeline.length.inSeconds) * timeline.steps.count >= seconds)
    }

    @Test("every answer of a run stands in its time, and a run that is watched is the same run")
    func run() throws {
        let scenario = try #require(Library.named("outage")).scenario()
        let report = scenario.run(seed: 3)
        var told: [Int] = []
        let watched = scenario.run(seed: 3) { progress in
            told.append(progress.events)
            return true
        }
        #expect(watched == report && told.count > 3 && told == told.sorted())
        let steps = report.timeline.steps
        #expect(steps.reduce(0) { $0 + $1.answered } == report.answered)
        #expect(steps.reduce(0) { $0 + $1.attempts.reduce(0, +) } == report.attempts)
    }

    @Test("a run ends where its watcher has had enough, and says so")
    func cutShort() throws {
        let scenario = try #require(Library.named("calm")).scenario()
        let report = scenario.run(seed: 1) { $0.requests < 100 }
        #expect(report.isCutShort && report.requests >= 100 && report.requests < 500)
        #expect(report.json.contains("\"cut_short\": true"))
    }
}
