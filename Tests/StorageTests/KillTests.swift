import GRDB
import Glibc
import Routing
import Testing

@testable import Storage

/// A gateway's process killed under load, again and again, on one file.
@Suite("Kill", .serialized, .timeLimit(.minutes(4))) struct KillTests {
    let folder: Folder
    var path: String { folder("ledger.db") }
    init() throws { folder = try Folder() }

    static let limit: Int64 = 40_000

    @Test("no acknowledged row is missing, and spent and leased never exceed the limit")
    func kills() throws {
        try SQLiteStore(path: path).close()
        var acknowledged = 0
        for round in 0..<25 {
            let child = try Child("KillChild", ["SWIFTLET_TEST_LEDGER": path])
            let lines = child.kill(afterReading: 40 + round * 37).split(separator: "\n")
            acknowledged = max(acknowledged, lines.compactMap { Int($0.dropFirst(4)) }.max() ?? 0)
            let store = try SQLiteStore(path: path)
            #expect(try store.opened().read { try String.fetchOne($0, sql: "PRAGMA integrity_check") } == "ok", "round \(round)")
            let rows = try store.requests(after: nil, limit: 1_000_000)
            #expect(rows.count >= acknowledged, "round \(round)")
            #expect(rows.map(\.id) == (0..<rows.count).map { LedgerEntry.sample($0).id })
            #expect(try Int(store.totals().requests) == rows.count)
            let spent = rows.reduce(0) { $0 + Self.charge(of: $1) }
            let before = try #require(try store.balances([("a", 0)]).first)
            #expect(before.used == spent, "round \(round)")
            #expect(before.used + before.leased <= Self.limit, "round \(round)")
            // The next life begins with what rows say, to the unit.
            let bank = try Bank(store)
            #expect(try bank.balance() == AccountBalance(account: "a", windowStart: 0, used: spent), "round \(round)")
            try store.close()
        }
        #expect(acknowledged > 100)
    }

    /// What a row is charged is told by its number.
    static func charge(_ number: Int) -> Int64 { Int64(number % 7) }
    private static func charge(of row: LedgerEntry) -> Int64 { row.duration == 1 ? charge(Int(row.startedUnixMilliseconds - 1_760_000_000_000)) : 0 }
}

extension LedgerEntry {
    fileprivate var duration: Int64 { durationMicroseconds }
}

/// The process that `kills` kills.
@Suite("Kill, as a child") struct KillChild {
    @Test("writes rows until it is killed", .enabled(if: getenv("SWIFTLET_TEST_LEDGER") != nil))
    func write() throws {
        guard let path = getenv("SWIFTLET_TEST_LEDGER").map({ String(cString: $0) }) else { return }
        let store = try SQLiteStore(path: path)
        let bank = try Bank(store)
        let journal = Journal(store: store)
        let commits = Commits()
        let lane = journal.register(onCommit: commits.listener)
        let first = try Int(store.totals().requests)
        var number = first
        var free: Int64 = 0
        var lease: Int64 = 0
        while true {
            if free < 50 {
                let grant = try bank.wish(200, limit: KillTests.limit)
                (free, lease) = (free + grant.amount, grant.lease)
            }
            var ticket: UInt64 = 0
            for _ in 0..<5 {
                let charge = KillTests.charge(number)
                let isCharged = charge <= free
                if isCharged { free -= charge }
                var entry = row(number, isCharged ? [LeaseCharge(lease: lease, amount: charge)] : [])
                entry.durationMicroseconds = isCharged ? 1 : 2
                ticket = lane.offer(entry) ?? ticket
                number += 1
            }
            guard commits.wait(for: ticket) else { return }
            _ = "ack \(first + Int(ticket))\n".withCString { Glibc.write(Child.saying, $0, strlen($0)) }
        }
    }
}
