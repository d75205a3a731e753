import Routing
import Testing

@Suite("Commit gate") struct CommitGateTests {
    struct Row: Sendable {
        var gate: CommitGate
        /// When a token comes, in seconds from the attempt's start.
        var tokens: [Double]
        /// What is said at each of them.
        var verdicts: [CommitGate.Verdict]
        /// What the next look says, at its time; nil: there is none.
        var look: CommitGate.Verdict?
    }

    static let three = CommitGate(tokens: 3, firstToken: .seconds(2), tokensPerSecond: 10, for: .seconds(1))

    @Test(
        "holds until it has seen enough, and gives up what is too slow",
        arguments: [
            // Fast enough: let through at the third.
            Row(gate: three, tokens: [0.5, 0.55, 0.6], verdicts: [.hold, .hold, .commit]),
            // The third comes, but too slowly; the fifth makes up for it.
            Row(gate: three, tokens: [0.5, 0.6, 0.75, 0.76, 0.77], verdicts: [.hold, .hold, .hold, .commit, .commit]),
            // Never fast enough: given up when the period is over.
            Row(gate: three, tokens: [0.5, 0.8, 1.1], verdicts: [.hold, .hold, .hold], look: .tooSlow),
            Row(gate: three, tokens: [0.5, 0.8, 1.5], verdicts: [.hold, .hold, .tooSlow]),
            // The first token in time, late, never.
            Row(gate: three, tokens: [2], verdicts: [.hold], look: .tooSlow),
            Row(gate: three, tokens: [2.001, 2.002], verdicts: [.tooSlow, .tooSlow]),
            Row(gate: three, tokens: [], verdicts: [], look: .tooSlow),
            // No floor for the rate: tokens or the period, whichever is sooner.
            Row(gate: CommitGate(tokens: 3, for: .seconds(1)), tokens: [5, 9], verdicts: [.hold, .commit]),
            Row(gate: CommitGate(tokens: 3, for: .seconds(1)), tokens: [5, 5.5], verdicts: [.hold, .hold], look: .commit),
            Row(gate: CommitGate(tokens: 3, for: .seconds(1)), tokens: [], verdicts: [], look: nil),
            // Nothing held: only the first one's time counts, whatever the rate.
            Row(gate: CommitGate(firstToken: .seconds(1), tokensPerSecond: 99), tokens: [0.9, 50], verdicts: [.commit, .commit]),
            Row(gate: CommitGate(firstToken: .seconds(1)), tokens: [1.1], verdicts: [.tooSlow]),
        ])
    func verdicts(_ row: Row) {
        var watch = CommitGate.Watch(row.gate, started: at(100))
        for (second, verdict) in zip(row.tokens, row.verdicts) { #expect(watch.received(at: at(100 + second)) == verdict, "at \(second)") }
        let next = watch.nextLook
        #expect((next == nil) == (row.look == nil))
        if let next { #expect(watch.look(at: next) == row.look) }
    }

    @Test("a look that comes too early decides nothing, and a decision stays")
    func looks() {
        var watch = CommitGate.Watch(Self.three, started: .zero)
        #expect(watch.nextLook == at(2))
        #expect(watch.look(at: at(1.999)) == .hold)
        #expect(watch.received(at: at(1.999)) == .hold)
        #expect(watch.nextLook == at(2.999))
        #expect(watch.look(at: at(2.5)) == .hold)
        #expect(watch.look(at: at(2.999)) == .tooSlow)
        #expect(watch.nextLook == nil)
        #expect(watch.received(tokens: 100, at: at(3)) == .tooSlow)
        #expect(watch.ended() == .tooSlow)
    }

    @Test("an answer that ends behind its gate is let through, and chunks may carry several tokens or none")
    func ends() {
        var short = CommitGate.Watch(Self.three, started: .zero)
        #expect(short.received(at: at(1)) == .hold)
        #expect(short.ended() == .commit)
        var chunks = CommitGate.Watch(Self.three, started: .zero)
        #expect(chunks.received(tokens: 0, at: at(1)) == .hold)
        #expect(chunks.nextLook == at(2))
        #expect(chunks.received(tokens: 30, at: at(1)) == .commit)
    }

    @Test("nothing is held longer than first token and period together, whatever comes", arguments: UInt64(1)...200)
    func bounded(seed: UInt64) {
        var random = Random(seed: seed)
        let gate = CommitGate(
            tokens: random.below(20), firstToken: .milliseconds(1 + random.below(3_000)), tokensPerSecond: Double(random.below(50)),
            for: .milliseconds(1 + random.below(3_000)))
        var watch = CommitGate.Watch(gate, started: .zero)
        var now = Instant.zero
        var verdict = CommitGate.Verdict.hold
        while verdict == .hold {
            let arrival = now + .milliseconds(random.below(400))
            if let look = watch.nextLook, look <= arrival {
                now = look
                verdict = watch.look(at: now)
            } else {
                now = arrival
                verdict = watch.received(tokens: random.below(3), at: now)
            }
            #expect(now <= .zero + gate.firstToken + gate.period)
        }
    }
}
