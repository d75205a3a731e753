import Routing
import Testing

@testable import Storage

@Suite("Attempt log") struct AttemptLogTests {
    static let extreme: AttemptRecord = {
        var attempt = AttemptRecord(deployment: NameID(rawValue: .max))
        attempt.startedMicroseconds = .max
        attempt.firstByteMicroseconds = 0
        attempt.endedMicroseconds = .min
        attempt.state = .cancelled
        attempt.fault = .cancelled
        attempt.status = .max
        attempt.cost = Nanodollars(.max)
        return attempt
    }()
    static let logs: [[AttemptRecord]] = [
        [], [AttemptRecord(deployment: .none)], [extreme], [extreme, AttemptRecord(deployment: NameID(rawValue: 1)), extreme],
        LedgerEntry.sample(8).attemptLog,
    ]

    @Test("what is written reads back", arguments: logs)
    func roundTrip(log: [AttemptRecord]) {
        AttemptLog.encode(log).withUnsafeBytes { #expect(AttemptLog.decode($0) == log) }
    }

    @Test("a log that is cut off is not read as a shorter attempt")
    func cut() {
        let bytes = AttemptLog.encode([Self.extreme, Self.extreme])
        let whole = [1, (bytes.count - 1) / 2 + 1, bytes.count]
        for length in 0..<bytes.count where !whole.contains(length) {
            bytes[..<length].withUnsafeBytes { #expect(AttemptLog.decode($0) == nil, "\(length) bytes") }
        }
    }

    @Test("bytes of another version are refused")
    func version() { [UInt8](arrayLiteral: 2, 0, 0, 0, 0, 0, 0, 0, 0).withUnsafeBytes { #expect(AttemptLog.decode($0) == nil) } }

    @Test("a single good attempt needs no log")
    func history() {
        var row = LedgerEntry.sample(1)
        row.attempts = 1
        #expect(row.attemptLog.isEmpty)
        #expect(row.history.map(\.deployment) == [row.deployment])
        #expect(row.history.map(\.endedMicroseconds) == [row.durationMicroseconds])
        #expect(LedgerEntry.sample(8).history == LedgerEntry.sample(8).attemptLog)
    }
}
