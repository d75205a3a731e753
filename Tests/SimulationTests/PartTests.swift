import Routing
import Testing

@testable import Simulation

@Suite("Parts of a simulation") struct PartTests {
    @Test("events at one time are taken in the order they were put in")
    func agenda() {
        var agenda = Agenda<Int>()
        var random = Random(seed: 3)
        var wanted: [(Int64, Int)] = []
        for number in 0..<500 {
            let time = Int64(random.below(20))
            agenda.add(number, at: Instant(nanoseconds: time))
            wanted.append((time, number))
        }
        wanted.sort { $0 < $1 }
        for (time, number) in wanted {
            let taken = agenda.take()
            #expect(taken?.0.nanoseconds == time && taken?.1 == number)
        }
        #expect(agenda.take() == nil)
    }

    @Test("percentiles are right to three parts in a hundred", arguments: [0.5, 0.95, 0.99, 1])
    func percentiles(part: Double) throws {
        var distribution = Distribution()
        for value in 1...10_000 { distribution.add(.microseconds(value)) }
        let found = try #require(distribution.percentile(part)).inSeconds * 1e6
        #expect(abs(found / (10_000 * part) - 1) < 0.035)
        #expect(distribution.mean == .nanoseconds(5_000_500))
        #expect(Distribution().percentile(part) == nil)
    }

    struct Row: Sendable {
        var shape: Traffic.Shape
        /// Requests in each tenth of 1,000 s, at ten per second.
        var tenths: [Double]
    }

    @Test(
        "arrivals follow the shape that was declared",
        arguments: [
            Row(shape: .steady, tenths: Array(repeating: 1000, count: 10)),
            Row(shape: .ramp(to: 20), tenths: (0..<10).map { 1050 + Double($0) * 100 }),
            Row(shape: .burst(every: .seconds(200), lasting: .seconds(100), times: 3), tenths: (0..<10).map { $0 % 2 == 0 ? 3000 : 1000 }),
            Row(shape: .wave(period: .seconds(1000), depth: 0.5), tenths: [1173, 1413, 1493, 1413, 1173, 827, 587, 507, 587, 827]),
        ])
    func arrivals(_ row: Row) {
        var traffic = Traffic(requestsPerSecond: 10, duration: .seconds(1000))
        traffic.shape = row.shape
        var random = Random(seed: 4)
        var tenths = Array(repeating: 0.0, count: 10)
        var now = Instant.zero
        while let next = traffic.arrival(after: now, &random) {
            now = next
            tenths[Int(next.secondsSinceZero / 100)] += 1
        }
        for (found, wanted) in zip(tenths, row.tenths) { #expect(abs(found - wanted) < 5 * wanted.squareRoot() + 15, "\(tenths)") }
    }

    @Test("a deployment misbehaves as it was told")
    func mishaps() {
        var random = Random(seed: 1)
        var facts = Facts(needs: .streaming, inputTokens: 100, user: 1)
        func faults(_ mishap: ImaginaryDeployment.Mishap, calls: Int = 10, at now: Instant = .zero) -> [Fault] {
            var deployment = ImaginaryDeployment(mishaps: [mishap])
            return (0..<calls).compactMap { _ in
                if case .fault(let fault, _) = deployment.call(facts, tokens: 10, at: now, random: &random).outcome { fault } else { nil }
            }
        }
        #expect(faults(.fails(1, .auth)) == Array(repeating: .auth, count: 10))
        #expect(faults(.outage(from: .seconds(1), to: .seconds(2), .auth), at: .seconds(2)).isEmpty)
        #expect(faults(.outage(from: .seconds(1), to: .seconds(2), .auth), at: .seconds(1)).count == 10)
        #expect(faults(.limits(calls: 4, per: .seconds(1), retryAfter: nil)) == Array(repeating: .rateLimit, count: 6))
        #expect(faults(.crowded(above: 7, .unavailable)) == Array(repeating: .unavailable, count: 3))
        #expect(faults(.flaps(period: .seconds(10), down: .seconds(3), .serverError), at: .seconds(12.9)).count == 10)
        #expect(faults(.flaps(period: .seconds(10), down: .seconds(3), .serverError), at: .seconds(13.1)).isEmpty)
        #expect(faults(.tooLong(above: 99, .contextWindow)).count == 10)
        #expect(faults(.tooLong(above: 100, .contextWindow)).isEmpty)
        #expect(faults(.cuts(1)) == Array(repeating: .unavailable, count: 10))
        #expect(faults(.hangs(1)) == Array(repeating: .timeout, count: 10))
        facts.needs = []
        #expect(faults(.cuts(1)).isEmpty)
        #expect([0, 10].contains(faults(.refuses(0.5, .serverError)).count))
    }

    @Test(
        "numbers are written without the help of a locale",
        arguments: [(0.0, 2, "0.00"), (1.005, 1, "1.0"), (-0.004, 2, "0.00"), (12.5, 0, "13"), (-3.25, 1, "-3.3")])
    func fixed(value: Double, digits: Int, text: String) {
        #expect(Report.fixed(value, digits) == text)
    }
}
