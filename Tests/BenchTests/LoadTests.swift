import Foundation
import Testing

@testable import Bench

/// The upstream runs for as long as the tests do.
@Suite("Load") struct LoadTests {
    static let port: UInt16 = 19_480

    static let upstream: Bool = {
        Thread { try? Upstream(Upstream.Plan(port: port, chunks: 5, interval: .milliseconds(1))).run() }.start()
        for _ in 0..<500 {
            if (try? Probe.status(of: "/", port: port)) == 200 { return true }
            Monotonic.sleep(milliseconds: 10)
        }
        return false
    }()

    static func plan(_ body: ChatBody, requests: Int) throws -> LoadPlan {
        try #require(upstream)
        var plan = LoadPlan(port: port)
        plan.body = body
        plan.connections = 4
        plan.requests = requests
        plan.duration = .seconds(30)
        return plan
    }

    @Test("a closed loop counts every answer of every size", arguments: [ChatBody.small, .medium, .large])
    func closed(body: ChatBody) throws {
        var plan = try Self.plan(body, requests: 40)
        plan.expectedBytes = 1_155
        let report = try LoadClient(plan).run()
        #expect(report.answers == 40)
        #expect(report.errors.total == 0)
        #expect(report.latency?.count == 40)
        #expect(report.rps > 0)
    }

    @Test("streams have their events, gaps and times to the first byte")
    func streams() throws {
        var plan = try Self.plan(.stream, requests: 8)
        plan.expectedEvents = 7
        let report = try LoadClient(plan).run()
        #expect(report.errors.total == 0)
        #expect(report.events == 8 * 7)
        #expect(report.firstByte?.count == 8)
        let gap = try #require(report.gap)
        #expect(gap.p50 > 500, "events come a millisecond apart, not \(gap.p50) µs")
    }

    @Test("an answer of another length is an error")
    func wrongLength() throws {
        var plan = try Self.plan(.small, requests: 10)
        plan.expectedBytes = 1_154
        let report = try LoadClient(plan).run()
        #expect(report.errors.length == 10)
        #expect(report.latency == nil)
        #expect(report.errors.first == "1155 bytes, not 1154")
    }

    @Test("an open loop keeps its rate and counts from when a request was due")
    func open() throws {
        var plan = try Self.plan(.stream, requests: .max)
        plan.connections = 1
        plan.rate = 1_000
        plan.duration = .milliseconds(200)
        // One connection carries a stream of some 6 ms at a time, so requests pile up and wait.
        let report = try LoadClient(plan).run()
        #expect(report.late > 0)
        let latency = try #require(report.latency)
        #expect(latency.max > 50_000, "the last request waited for all before it, not \(latency.max) µs")
    }

    @Test("idle connections stay open")
    func idle() throws {
        var plan = try Self.plan(.small, requests: 1)
        plan.connections = 50
        plan.duration = .milliseconds(100)
        let connections = IdleConnections(plan)
        #expect(try connections.open().stillOpen == 50)
        #expect(connections.hold().stillOpen == 50)
    }

    @Test("nobody there is said, not counted")
    func nobody() {
        #expect(throws: BenchProblem.self) { try LoadClient(LoadPlan(port: 1)) }
    }
}
