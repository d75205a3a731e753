import Dispatch
import Routing
import Testing

@testable import Storage

@Suite("PostgreSQL schema") struct PostgresSchemaTests {
    private func fresh() throws -> PostgresAddress { try PostgresAddress(PostgresCluster.shared.get().fresh()) }
    private func lane(_ address: PostgresAddress) -> PostgresLane { PostgresLane(address, PostgresLimits(), connections: 1, greeting: "SELECT 1") }

    @Test("a newer schema is served as long as it says so, and refused clearly when not")
    func newer() throws {
        let address = try fresh()
        let old = try PostgresStore(address)
        _ = try old.append(LedgerEntry.samples(0..<5)[...])
        let known = PostgresSchema.steps.last?.version ?? 0
        // The next version adds a column; binaries of this one still write and read, before and after a restart.
        let next = PostgresStep(version: known + 1, serves: known, sql: "ALTER TABLE requests ADD COLUMN mood text NOT NULL DEFAULT 'fine'")
        try PostgresMigration.migrate(lane(address), address: address, steps: PostgresSchema.steps + [next])
        #expect(try old.append(LedgerEntry.samples(3..<10)[...]).added == 5)
        let restarted = try PostgresStore(address)
        #expect(try restarted.requests(after: nil, limit: 100) == LedgerEntry.samples(0..<10))
        #expect(try restarted.append(LedgerEntry.samples(10..<12)[...]).added == 2)
        // The one after it cannot be served by this one.
        let after = PostgresStep(version: known + 2, serves: known + 2, sql: "ALTER TABLE requests DROP COLUMN mood")
        try PostgresMigration.migrate(lane(address), address: address, steps: PostgresSchema.steps + [next, after])
        let failure = #expect(throws: StoreFailure.self) { try PostgresStore(address) }
        #expect(failure?.kind == .newerSchema)
        #expect(failure?.message.contains("version \(known + 2)") == true)
        // Nor is it brought back by one that knows less.
        try PostgresMigration.migrate(lane(address), address: address, steps: PostgresSchema.steps + [next, after])
        #expect(try PostgresProbe(address).run("SELECT count(*) FROM swiftlet_schema").int(0, 0) == Int64(known + 2))
    }

    @Test("gateways that start at once make the schema once")
    func together() throws {
        let address = try fresh()
        let stores = Locked<[PostgresStore]>([])
        let problems = Locked<[String]>([])
        concurrently(4) { _ in
            do {
                let store = try PostgresStore(address)
                stores.withLock { $0.append(store) }
            } catch {
                problems.withLock { $0.append("\(error)") }
            }
        }
        #expect(problems.withLock { $0 }.isEmpty, "\(problems.withLock { $0 })")
        #expect(stores.withLock { $0.count } == 4)
        #expect(try PostgresProbe(address).run("SELECT count(*) FROM swiftlet_schema").int(0, 0) == Int64(PostgresSchema.steps.count))
    }

    @Test("a step that fails leaves nothing behind")
    func failing() throws {
        let address = try fresh()
        let bad = PostgresStep(version: 99, serves: 1, sql: "CREATE TABLE half(a integer); SELECT 1/0;")
        #expect(throws: StoreFailure.self) { try PostgresMigration.migrate(lane(address), address: address, steps: PostgresSchema.steps + [bad]) }
        #expect(try PostgresProbe(address).run("SELECT to_regclass('half') IS NULL AND to_regclass('requests') IS NULL").int(0, 0) == 1)
        _ = try PostgresStore(address)
    }

    @Test("another program's tables are left alone")
    func foreign() throws {
        let address = try fresh()
        try PostgresProbe(address).run("CREATE TABLE requests(mine integer)")
        let failure = #expect(throws: StoreFailure.self) { try PostgresStore(address) }
        #expect(failure?.kind == .foreign)
    }

    @Test("rows go to the table of their week; a week that is forgotten is a table that is dropped; sums stay")
    func weeks() throws {
        let address = try fresh()
        let store = try PostgresStore(address)
        let now = StoreClock.milliseconds()
        let ages: [Int64] = [0, 1, 200, 400]
        let rows = ages.enumerated().map { index, days in
            var row = LedgerEntry.sample(index)
            row.id = .first(atUnixMilliseconds: now - days * 86_400_000)
            row.startedUnixMilliseconds = row.id.unixMilliseconds
            return row
        }
        _ = try store.append(rows[...])
        let probe = try PostgresProbe(address)
        #expect(try probe.run("SELECT count(*) FROM requests_rest").int(0, 0) == 2)
        try store.keep(rows.map { RequestTexts(request: $0.id, prompt: [1], reply: [2]) })
        let totals = try store.totals()
        var retention = Retention()
        retention.requests = .seconds(300 * 86_400)
        while try store.forget(retention, unixMilliseconds: now) > 0 {}
        #expect(try store.requests(after: nil, limit: 10).map(\.id) == [rows[2].id, rows[1].id, rows[0].id])
        #expect(try store.texts(of: rows[3].id) == nil)
        // A month on, this week's table goes as a whole; the weeks to come are there.
        retention.requests = .seconds(14 * 86_400)
        let later = now + 40 * 86_400_000
        while try store.forget(retention, unixMilliseconds: later) > 0 {}
        #expect(try store.requests(after: nil, limit: 10).isEmpty)
        #expect(try store.totals() == totals)
        let partitions = try store.partitions().filter { $0.hasPrefix("requests_w") }.sorted()
        #expect(!partitions.contains("requests_w\(now / PostgresStore.week)"))
    }

    @Test("rows that came before their week's table was made move into it")
    func late() throws {
        let address = try fresh()
        let store = try PostgresStore(address)
        let probe = try PostgresProbe(address)
        let week = StoreClock.milliseconds() / PostgresStore.week + 2
        try probe.run("DROP TABLE requests_w\(week)")
        var row = LedgerEntry.sample(1)
        row.id = .first(atUnixMilliseconds: week * PostgresStore.week + 5)
        _ = try store.append([row])
        #expect(try probe.run("SELECT count(*) FROM requests_rest").int(0, 0) == 1)
        try store.makePartitions()
        #expect(try probe.run("SELECT count(*) FROM requests_rest").int(0, 0) == 0)
        #expect(try probe.run("SELECT count(*) FROM requests_w\(week)").int(0, 0) == 1)
        #expect(try store.append([row]).added == 0)
    }

    @Test("nodes of gateways that live are nobody else's")
    func nodes() throws {
        let address = try fresh()
        let stores = try (0..<3).map { _ in try PostgresStore(address) }
        let held = try stores[0].leaseNodes(100)
        var taken: [Int] = []
        // Round and round, as gateways restart.
        for round in 0..<40 {
            let first = try stores[1 + round % 2].leaseNodes(50)
            taken += (first..<first + 50).map { $0 % RequestID.nodes }
            if round % 18 == 17 {
                try PostgresProbe(address).run("UPDATE nodes SET heard = heard - interval '2 days' WHERE holder <> '\(stores[0].holder)'")
            }
        }
        #expect(Set(taken).isDisjoint(with: (held..<held + 100).map { $0 % RequestID.nodes }))
    }
}

/// Runs `body` on so many threads at once and waits for all.
func concurrently(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
    let group = DispatchGroup()
    for index in 0..<count { DispatchQueue(label: "thread \(index)").async(group: group) { body(index) } }
    group.wait()
}
