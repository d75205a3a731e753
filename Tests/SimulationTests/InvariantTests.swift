import Routing
import Testing

@testable import Simulation

/// The watch itself must be able to fail.
@Suite("Invariants") struct InvariantTests {
    static let table: RoutingTable = {
        do {
            return try Scenario.standardTable(Fallback(), version: 1, names: ["a", "b"])
        } catch { preconditionFailure("\(error)") }
    }()

    /// A request with one attempt at `a` that has begun.
    struct Begun {
        var invariants = Invariants()
        var router = Router(table: InvariantTests.table, seed: 1)
        var journey: Journey
        var attempt: Attempt?

        init(deadline: Double = 60, maxAttempts: Int = 2) {
            let deadline = Instant(nanoseconds: Int64(deadline * 1e9))
            journey = Journey(in: InvariantTests.table, route: 0, envelope: Envelope(deadline: deadline))
            invariants.arrived(deadline: deadline, maxAttempts: maxAttempts)
            begin(.closed)
        }

        mutating func begin(_ before: HealthReport.State, at now: Instant = .zero) {
            guard case .attempt(let attempt) = router.next(&journey, at: .zero) else { return }
            self.attempt = attempt
            invariants.attempt(attempt, of: 0, name: "a", before: before, retry: RetryPolicy(), at: now)
        }

        mutating func end(_ outcome: Outcome) {
            guard let attempt else { return }
            router.record(outcome, of: attempt, in: &journey, at: .zero)
            invariants.recorded(outcome, attempt, of: 0, name: "a", at: .zero)
        }

        var found: [String] { invariants.violations.map(\.what) }
    }

    @Test("a clean course has no violations")
    func clean() {
        var begun = Begun()
        begun.invariants.compare(begun.router, request: 0, at: .zero)
        begun.end(.success(firstByte: .zero, total: .zero, outputTokens: 1))
        begun.invariants.ended(0, nil, couldServe: [], at: .zero)
        begun.invariants.over(begun.router, at: .zero)
        #expect(begun.found.isEmpty)
    }

    @Test("each breach is named")
    func breaches() {
        func found(_ act: (inout Begun) -> Void) -> [String] {
            var begun = Begun()
            act(&begun)
            return begun.found
        }
        #expect(found { $0.begin(.closed) }.contains("has two attempts at once"))
        #expect(
            found {
                $0.end(.cancelled)
                $0.begin(.open)
            } == [])
        #expect(
            found {
                $0.end(.fault(.serverError, retryAfter: nil))
                $0.begin(.open)
            }.contains("is sent to a, whose breaker is open"))
        #expect(
            found {
                $0.end(.fault(.serverError, retryAfter: nil))
                $0.begin(.halfOpen)
            }.contains("is sent to half-open a beside the probe"))
        #expect(
            found {
                $0.end(.fault(.serverError, retryAfter: nil))
                $0.begin(.closed)
            } == ["tries a again without a wait"])
        #expect(
            found {
                $0.end(.fault(.serverError, retryAfter: nil))
                $0.begin(.closed, at: Instant(nanoseconds: 60_000_000_000))
            }.contains("is attempted past its deadline"))
        #expect(found { $0.invariants.over($0.router, at: .zero) } == ["never ended", "a has 1 in flight at the end"])
        #expect(found { $0.invariants.ended(0, nil, couldServe: [], at: .zero) } == ["ends with an attempt open"])
        #expect(found { $0.invariants.waits(until: .distantFuture, request: 0, at: .zero) }.count == 2)
        #expect(
            found {
                $0.end(.cancelled)
                $0.invariants.ended(0, nil, couldServe: [], at: .zero)
                $0.invariants.ended(0, nil, couldServe: [], at: .zero)
            } == ["ends twice"])
        #expect(
            found { begun in
                begun.end(.cancelled)
                begun.end(.cancelled)
                begun.invariants.compare(begun.router, request: 0, at: .zero)
            }.contains("a has fewer than none in flight"))
    }

    @Test("giving up although another would have served is a breach")
    func givingUp() {
        var begun = Begun()
        begun.end(.fault(.badRequest, retryAfter: nil))
        guard case .exhausted(let callers) = begun.router.next(&begun.journey, at: .zero) else { return }
        begun.invariants.ended(0, callers, couldServe: ["b"], at: .zero)
        #expect(begun.found.isEmpty)

        var other = Begun()
        other.end(.fault(.serverError, retryAfter: nil))
        var empty = Router(table: InvariantTests.table, seed: 1)
        var spent = Journey(in: InvariantTests.table, route: 0, envelope: Envelope(maxAttempts: 0))
        guard case .exhausted(let why) = empty.next(&spent, at: .zero) else { return }
        other.invariants.ended(0, why, couldServe: ["a", "b"], at: .zero)
        #expect(other.found == ["fails (attempts) although b would have served"])
    }

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
}
