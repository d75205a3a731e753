import NIOCore
import NIOPosix
import Routing
import Testing

@testable import Gateway

@Suite("Deadlines") struct DeadlinesTests {
    final class Probe: Timed {
        private(set) var expirations: [Instant] = []
        var then: ((Probe) -> Void)?

        override func expired(at now: Instant) {
            expirations.append(now)
            then?(self)
        }
    }

    @Test("an armed deadline is noticed once, and never early")
    func once() async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let late = try await loop.flatSubmit {
            let deadlines = Deadlines(loop: loop)
            let probe = Probe()
            let due = Instant.now() + .milliseconds(60)
            deadlines.arm(probe, at: due)
            let promise = loop.makePromise(of: [Bool].self)
            loop.assumeIsolated().scheduleTask(in: .milliseconds(300)) {
                promise.succeed(probe.expirations.map { $0 >= due })
            }
            return promise.futureResult
        }.get()
        #expect(late == [true])
    }

    @Test("what is disarmed, or armed again for later, does not expire")
    func rearmed() async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let counts = try await loop.flatSubmit {
            let deadlines = Deadlines(loop: loop)
            let (gone, later, sooner) = (Probe(), Probe(), Probe())
            let now = Instant.now()
            for probe in [gone, later] { deadlines.arm(probe, at: now + .milliseconds(40)) }
            deadlines.arm(sooner, at: now + .seconds(600))
            deadlines.disarm(gone)
            deadlines.arm(later, at: now + .seconds(600))
            deadlines.arm(sooner, at: now + .milliseconds(40))
            let promise = loop.makePromise(of: [Int].self)
            loop.assumeIsolated().scheduleTask(in: .milliseconds(300)) {
                promise.succeed([gone, later, sooner].map(\.expirations.count))
                for probe in [gone, later, sooner] { deadlines.disarm(probe) }
            }
            return promise.futureResult
        }.get()
        #expect(counts == [0, 0, 1])
    }

    @Test("what expires may disarm its neighbours of the same tick")
    func neighbours() async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let total = try await loop.flatSubmit {
            let deadlines = Deadlines(loop: loop)
            let probes = (0..<5).map { _ in Probe() }
            let due = Instant.now() + .milliseconds(40)
            for probe in probes {
                probe.then = { me in for other in probes where other !== me { deadlines.disarm(other) } }
                deadlines.arm(probe, at: due)
            }
            let promise = loop.makePromise(of: Int.self)
            loop.assumeIsolated().scheduleTask(in: .milliseconds(300)) {
                promise.succeed(probes.reduce(0) { $0 + $1.expirations.count })
                for probe in probes { probe.then = nil }
            }
            return promise.futureResult
        }.get()
        #expect(total == 1)
    }
}
