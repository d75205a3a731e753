import Routing
import Testing

@testable import Simulation

/// The watch itself must be able to fail.
@Suite("Invariants") struct InvariantTests {
    static let table: RoutingTable = {
        do { return try Stage(strategy: Fallback(), count: 2).table() } catch { preconditionFailure("\(error)") }
    }()

    /// A request with one attempt at `a` that has begun.
    struct Begun {
        var invariants = Invariants(InvariantTests.table, ["a": ImaginaryDeployment(), "b": ImaginaryDeployment()])
        var router = Router(table: InvariantTests.table, seed: 1)
        var journey: Journey
        var course: Course
        var attempt: Attempt?
        let facts = Facts()

        init(deadline: Double = 60, maxAttempts: Int = 3) {
            let envelope = Envelope(maxAttempts: maxAttempts, deadline: .seconds(deadline))
            journey = Journey(in: InvariantTests.table, route: 0, envelope: envelope)
            course = Course(number: 0, route: 0, envelope: envelope)
            invariants.arrived()
            begin()
        }

        mutating func begin(at now: Instant = .zero) {
            guard case .attempt(let attempt) = router.next(&journey, at: .zero) else { return }
            self.attempt = attempt
            invariants.attempt(attempt, of: &course, facts: facts, at: now)
        }

        mutating func end(_ outcome: Outcome) {
            guard let attempt else { return }
            router.record(outcome, of: attempt, in: &journey, at: .zero)
            invariants.recorded(outcome, attempt, of: &course, at: .zero)
        }

        /// The same attempt once more.
        mutating func again() {
            guard let attempt else { return }
            invariants.attempt(attempt, of: &course, facts: facts, at: .zero)
        }

        mutating func end(with why: Exhaustion?) { invariants.ended(&course, why, facts: facts, version: 1, at: .zero) }

        var found: [String] { invariants.found.violations.map(\.what) }
    }

    static func found(_ act: (inout Begun) -> Void) -> [String] {
        var begun = Begun()
        act(&begun)
        return begun.found
    }

    static let failure = Outcome.fault(.serverError, retryAfter: nil)

    @Test("a clean course has no violations")
    func clean() {
        let found = Self.found {
            $0.invariants.compareAll($0.router, at: .zero)
            $0.end(.success(firstByte: .zero, total: .zero, outputTokens: 1))
            $0.end(with: nil)
            $0.invariants.over($0.router, at: .zero)
        }
        #expect(found == [])
    }

    @Test("each breach of the way of a request is named")
    func breaches() {
        #expect(Self.found { $0.begin() }.contains("has two attempts at once"))
        #expect(Self.found { $0.again() }.contains("numbers attempt 2 as 1"))
        #expect(
            Self.found {
                $0.end(Self.failure)
                $0.again()
            }.contains("tries a again without a wait"))
        #expect(
            Self.found {
                $0.end(Self.failure)
                $0.begin(at: .seconds(60))
            }.contains("is attempted past its deadline"))
        #expect(
            Self.found {
                $0.end(.fault(.badRequest, retryAfter: nil))
                $0.again()
            }.contains("goes on after the caller's own mistake"))
        #expect(Self.found { $0.end(with: nil) } == ["ends with an attempt open"])
        #expect(Self.found { $0.invariants.waits(until: .distantFuture, &$0.course, at: .zero) }.count == 3)
        #expect(
            Self.found {
                $0.end(.cancelled)
                $0.end(with: nil)
                $0.end(with: nil)
            }.contains("ends twice"))
        #expect(Self.found { $0.invariants.over($0.router, at: .zero) } == ["1 requests never ended", "a has 1 in flight at the end"])
    }

    @Test("each difference between the router's books and ours is named")
    func books() {
        #expect(
            Self.found {
                $0.end(.cancelled)
                $0.end(.cancelled)
            }.contains("a has fewer than none in flight"))
        #expect(
            Self.found { begun in
                let attempt = begun.attempt
                if let attempt { begun.router.record(.cancelled, of: attempt, at: .zero) }
                begun.invariants.compareAll(begun.router, at: .zero)
            } == ["a: 0 in flight, 1 by our books"])
        #expect(
            Self.found {
                if let attempt = $0.attempt {
                    $0.invariants.recorded(.fault(.auth, retryAfter: nil), attempt, of: &$0.course, at: .zero)
                    $0.router.record(.cancelled, of: attempt, at: .zero)
                }
                $0.invariants.compareAll($0.router, at: .zero)
            } == ["a is closed, open by our books"])
    }

    @Test("a resting deployment is for panic alone")
    func rests() {
        let found = Self.found {
            $0.end(.fault(.auth, retryAfter: nil))
            $0.course.waitedSinceLast = true
            $0.again()
        }
        #expect(found.contains("is sent to a, which rests"))
    }

    @Test("giving up although another would have served is a breach")
    func givingUp() {
        var spent = Journey(in: Self.table, route: 0, envelope: Envelope(maxAttempts: 0))
        var router = Router(table: Self.table, seed: 1)
        guard case .exhausted(let why) = router.next(&spent, at: .zero) else { return }
        let found = Self.found {
            $0.end(Self.failure)
            $0.end(with: why)
        }
        #expect(found == ["fails (attempts) although b would have served"])
    }

    @Test("money held back, spent twice or miscounted is a breach")
    func money() {
        let price = Price(input: 1_000_000_000, output: 4_000_000_000)
        var book = SpendBook()
        book.reserve(5_000)
        book.settle(Nanodollars(5_000), price, input: 1, output: 1, reserved: 5_000)
        #expect(book.problemAtTheEnd == nil)
        #expect(book.spent == 5_000)
        var held = SpendBook()
        held.reserve(1)
        #expect(held.problemAtTheEnd == "1 nano-dollars are held back at the end")
        var twice = book
        twice.release(5_000)
        #expect(twice.problemAtTheEnd == "less than nothing is held back: -5000")
        var wrong = SpendBook()
        wrong.reserve(9_000)
        wrong.settle(Nanodollars(5_001), price, input: 1, output: 1, reserved: 9_000)
        #expect(wrong.problemAtTheEnd == "an attempt costs 5001 nano-dollars, by our books 5000")
        var over = SpendBook()
        over.reserve(4_000)
        over.settle(Nanodollars(5_000), price, input: 1, output: 1, reserved: 4_000)
        #expect(over.problemAtTheEnd == "an attempt costs 5000 nano-dollars, more than the 4000 held back for it")
    }

    @Test("shares far from what was promised are a breach, near ones are not", arguments: [(500, true), (520, true), (700, false)])
    func shares(first: Int, isWell: Bool) throws {
        let table = try Stage(strategy: Percentage(), count: 2, weights: [1, 1]).table()
        var invariants = Invariants(table, [:])
        let book = try #require(invariants.books[1])
        book.flat[0]?.picks = [first, 1000 - first]
        invariants.checkShares(book, 1, at: .zero)
        #expect(invariants.found.violations.isEmpty == isWell)
    }
}
