import GRDB
import Glibc
import Routing
import Testing

@testable import Storage

/// What is done to a ledger's file beside the path of rows.
@Suite("Upkeep", .timeLimit(.minutes(2))) struct UpkeepTests {
    let folder: Folder
    var path: String { folder("ledger.db") }
    init() throws { folder = try Folder() }

    static let day: Int64 = 86_400_000
    static let now: Int64 = 1_760_000_000_000 + 200 * day

    func tend(_ store: any UsageStore, _ retention: Retention = Retention(), at now: Int64 = now) throws -> Int {
        var calls = 0
        while try store.forget(retention, unixMilliseconds: now) > 0, calls < 50_000 { calls += 1 }
        return calls
    }

    /// `count` rows on each of so many days before `now`, the youngest day last.
    static func rows(days: Int, each count: Int) -> [LedgerEntry] {
        (0..<days).flatMap { day in
            (0..<count).map { number in
                let time = now - Int64(days - day) * Self.day + Int64(number) * 20
                var row = LedgerEntry.sample(day * count + number)
                row.id = RequestID(millisecond: time - RequestID.epoch, node: 1, sequence: 0)
                row.startedUnixMilliseconds = time
                return row
            }
        }
    }

    @Test("usage and totals read no row: by the key of their own table alone")
    func plan() throws {
        let store = try SQLiteStore(path: path)
        let steps = try store.opened().read { database in
            try Row.fetchAll(database, sql: "EXPLAIN QUERY PLAN " + SQLiteStore.cellsSQL, arguments: [0, 0, 0, 1]).map { $0["detail"] as String }
        }
        #expect(steps == ["SEARCH usage USING PRIMARY KEY (shape=? AND span=? AND start>? AND start<?)"])
    }

    /// A ledger of the schema before sums were kept, with `count` rows of which each cost 7.
    func oldLedger(_ count: Int) throws {
        let queue = try DatabaseQueue(path: path)
        try queue.writeWithoutTransaction { database in
            try Migration.migrate(database, path: path, steps: Array(Migration.ledger.prefix(4)))
            try database.execute(
                sql: """
                    WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < ?)
                    INSERT INTO requests(id, drift_ms, duration_us, key, model, status, attempts, state, flags, input, cost)
                    SELECT ? + n * 1000, 0, 5, n % 3, 2, 200, 1, 0, 4, 3, 7 FROM numbers
                    """,
                arguments: [count, RequestID.first(atUnixMilliseconds: 1_760_000_000_000).rawValue])
        }
        try queue.close()
    }

    @Test("rows of an older ledger are counted at its start")
    func old() throws {
        try oldLedger(2_500)
        let store = try SQLiteStore(path: path)
        #expect(try store.totals().requests == 2_500)
        #expect(try store.totals().cost == Nanodollars(17_500))
        var query = UsageQuery(from: 0, to: .max)
        query.groupBy = [.key]
        #expect(try store.usage(query).map(\.totals.requests).sorted() == [833, 833, 834])
        try store.close()
        #expect(try SQLiteStore(path: path).totals().requests == 2_500)
    }

    @Test("a large older ledger opens at once and is counted in pieces, each row once, while others come")
    func large() throws {
        try oldLedger(60_000)
        let store = try SQLiteStore(path: path)
        let counted = try store.totals().requests
        let state = try store.opened().read { try UsageRows.state($0) }
        #expect(counted % 1_000 == 0)
        // Rows that come late, between those that are counted already and those that are not, and one given again.
        var first = LedgerEntry.sample(0)
        first.id = try #require(RequestID(rawValue: state.next - 500))
        var middle = first
        middle.id = try #require(RequestID(rawValue: state.next + 500))
        let last = LedgerEntry.sample(1_000_000)
        let receipt = try store.append([first, middle, last, last])
        #expect(receipt.added == 3)
        if state.isBehind { #expect(try store.totals().requests == counted + 2) }
        _ = try tend(store)
        #expect(try store.totals().requests == 60_003)
        #expect(try store.totals().cost == Nanodollars(60_000 * 7 + 1_000_000 * 1_234))
        #expect(try store.opened().read { try Int.fetchOne($0, sql: "SELECT count(*) FROM requests") } == 60_003)
    }

    @Test("what is older than it may be goes, with all that belongs to it; sums stay")
    func age() throws {
        let store = try SQLiteStore(path: path, clock: { Self.now - 40 * Self.day })
        let rows = Self.rows(days: 40, each: 60)
        _ = try store.append(rows[...])
        try store.keep(rows.map { RequestTexts(request: $0.id, prompt: Array(repeating: 1, count: 500), reply: [2]) })
        try store.append(
            (0..<40).map { StoredEvent(unixMilliseconds: Self.now - Int64(40 - $0) * Self.day, kind: "failover", detail: "{}") }, keeping: 100)
        for (number, expires) in [(1, Self.now), (2, Self.now + 1)] {
            let key = IdempotencyKey(key: .none, text: "\(number)")
            _ = try store.claim(IdempotencyClaim(key: key, request: rows[0].id, digest: [1], unixMilliseconds: 0, expires: expires))
        }
        let totals = try store.totals()
        var retention = Retention()
        retention.requests = .seconds(10 * 86_400)
        retention.texts = .seconds(3 * 86_400)
        _ = try tend(store, retention)
        #expect(try store.requests(after: nil, limit: 10_000) == Array(rows.suffix(600)))
        #expect(try store.texts(of: rows[rows.count - 180].id) != nil)
        #expect(try store.texts(of: rows[rows.count - 181].id) == nil)
        #expect(try store.events(before: nil, kind: nil, limit: 100).count == 10)
        #expect(try store.opened().read { try String.fetchAll($0, sql: "SELECT text FROM idempotency") } == ["2"])
        #expect(try store.totals() == totals)
        // Nothing is set: nothing goes.
        _ = try tend(store, at: Self.now + 1_000 * Self.day)
        #expect(try store.requests(after: nil, limit: 10_000).count == 600)
    }

    @Test("names of decisions go when no row that is left can have them")
    func decisionNames() throws {
        let time = Locked(Self.now - 100 * Self.day)
        let store = try SQLiteStore(path: path, clock: { time.withLock { $0 } })
        let first = try store.keep(decisionNames: [1])
        time.withLock { $0 += 20 * Self.day }
        let second = try store.keep(decisionNames: [2])
        time.withLock { $0 += 20 * Self.day }
        // Taken up again.
        #expect(try store.keep(decisionNames: [1]) == first)
        time.withLock { $0 = Self.now - 5 * Self.day }
        let last = try store.keep(decisionNames: [3])
        var retention = Retention()
        retention.requests = .seconds(10 * 86_400)
        _ = try tend(store, retention)
        #expect(try store.decisionNames(second) == nil)
        #expect(try store.decisionNames(first) == [1])
        #expect(try store.decisionNames(last) == [3])
        _ = try tend(store, retention, at: Self.now + 30 * Self.day)
        #expect(try store.decisionNames(first) == nil)
        #expect(try store.decisionNames(last) == [3])
    }

    @Test("a ledger with a bound keeps its newest rows, and its file does not grow on")
    func size() throws {
        let store = try SQLiteStore(path: path)
        var retention = Retention()
        retention.mostBytes = 1 << 20
        var sizes: [Int] = []
        // Of one key, so that sums are few.
        let rows = Self.rows(days: 30, each: 1_000).map { row in
            var plain = LedgerEntry(id: row.id, startedUnixMilliseconds: row.startedUnixMilliseconds)
            plain.key = NameID(rawValue: 1)
            plain.cost = row.cost
            return plain
        }
        for start in stride(from: 0, to: rows.count, by: 3_000) {
            _ = try store.append(rows[start..<start + 3_000])
            try store.keep(rows[start..<start + 300].map { RequestTexts(request: $0.id, prompt: Array(repeating: 1, count: 1_000), reply: []) })
            _ = try tend(store, retention)
            try store.opened().writeWithoutTransaction { try $0.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
            var found = stat()
            stat(path, &found)
            sizes.append(Int(found.st_size))
        }
        let used = try store.opened().read { database in
            try ["page_count", "freelist_count"].map { try Int.fetchOne(database, sql: "PRAGMA \($0)") ?? 0 }
        }
        let cells = try store.opened().read { try Int.fetchOne($0, sql: "SELECT count(*) FROM usage") ?? 0 }
        #expect((used[0] - used[1]) * 4_096 <= (1 << 20) + cells * Int(SQLiteStore.bytesOfCell))
        #expect(sizes.last.map { $0 < (sizes[3]) * 3 / 2 } == true, "\(sizes)")
        let left = try store.requests(after: nil, limit: 100_000)
        #expect(left == Array(rows.suffix(left.count)))
        #expect(left.count > 500)
        #expect(try store.totals().requests == 30_000)
    }

    @Test("the memory store forgets by age too")
    func memory() throws {
        let store = MemoryStore(capacity: 50)
        let rows = Self.rows(days: 20, each: 5)
        _ = try store.append(rows[...])
        try store.keep(rows.map { RequestTexts(request: $0.id, prompt: [1], reply: [2]) })
        var retention = Retention()
        retention.requests = .seconds(4 * 86_400)
        retention.texts = .seconds(2 * 86_400)
        _ = try tend(store, retention)
        #expect(try store.requests(after: nil, limit: 100) == Array(rows.suffix(20)))
        #expect(try rows.filter { try store.texts(of: $0.id) != nil } == Array(rows.suffix(10)))
        _ = try store.append(LedgerEntry.samples(0..<60)[...])
        #expect(try store.requests(after: nil, limit: 100).count == 50)
        #expect(try store.totals().requests == 160)
    }
}
