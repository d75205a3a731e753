import Routing
import Storage
import Testing

/// What every store promises. A new store is one more case of `Kind`.
@Suite("Store contract") struct StoreContract {
    enum Kind: CaseIterable {
        case memory, sqlite, postgres
        /// In memory, for several gateways of one process.
        case shared

        /// Whether several gateways lease from it.
        var isShared: Bool { self == .shared || self == .postgres }

        func open(in folder: Folder) throws -> any Store {
            switch self {
            case .memory: MemoryStore()
            case .shared: MemoryStore(isShared: true)
            case .sqlite: try SQLiteStore(path: folder("ledger.db"))
            case .postgres: try PostgresCluster.shared.get().store()
            }
        }
    }

    let folder: Folder
    init() throws { folder = try Folder() }

    @Test("a row reads back as it was given", arguments: Kind.allCases)
    func roundTrip(kind: Kind) throws {
        let store = try kind.open(in: folder)
        var extreme = LedgerEntry(id: try #require(RequestID(rawValue: .max)), startedUnixMilliseconds: .max)
        extreme.durationMicroseconds = .max
        extreme.firstByteMicroseconds = 0
        extreme.deployment = NameID(rawValue: .max)
        extreme.usage.input = .max
        extreme.cost = Nanodollars(.max)
        extreme.api = .max
        extreme.status = .max
        extreme.attempts = .max
        let rows = LedgerEntry.samples(0..<50) + [extreme]
        #expect(try store.append(rows[...]).added == 51)
        for row in rows { #expect(try store.request(row.id) == row) }
        #expect(try store.request(.first(atUnixMilliseconds: 1_700_000_000_000)) == nil)
    }

    @Test("a row given twice counts once", arguments: Kind.allCases)
    func idempotent(kind: Kind) throws {
        let store = try kind.open(in: folder)
        let rows = LedgerEntry.samples(0..<10)
        #expect(try store.append(rows[0..<6]).added == 6)
        let once = try store.totals()
        let again = try store.append(rows[...])
        #expect(again.added == 4)
        #expect(again.repeated == 6)
        #expect(again.clashing == 0)
        #expect(once.requests == 6)
        #expect(try store.totals().requests == 10)
    }

    @Test("another row under an id that is taken is counted and changes nothing", arguments: Kind.allCases)
    func clash(kind: Kind) throws {
        let store = try kind.open(in: folder)
        let row = LedgerEntry.sample(7)
        var other = row
        other.cost = Nanodollars(1)
        _ = try store.append([row])
        let receipt = try store.append([other])
        #expect(receipt.clashing == 1)
        #expect(receipt.added == 0)
        #expect(try store.request(row.id) == row)
    }

    @Test("pages of rows follow each other in order without gap or repeat", arguments: Kind.allCases)
    func paging(kind: Kind) throws {
        let store = try kind.open(in: folder)
        let rows = LedgerEntry.samples(0..<25)
        _ = try store.append(rows.reversed()[...])
        var found: [LedgerEntry] = []
        while case let page = try store.requests(after: found.last?.id, limit: 7), !page.isEmpty { found += page }
        #expect(found == rows)
        #expect(try store.requests(after: nil, limit: 0).isEmpty)
        #expect(try store.requests(after: rows[24].id, limit: 5).isEmpty)
    }

    @Test("totals are the sums of the rows", arguments: Kind.allCases)
    func totals(kind: Kind) throws {
        let store = try kind.open(in: folder)
        #expect(try store.totals() == LedgerTotals())
        let rows = LedgerEntry.samples(0..<60)
        _ = try store.append(rows[...])
        let totals = try store.totals()
        #expect(totals.requests == 60)
        #expect(totals.failed == 15)
        #expect(totals.cancelled == 15)
        #expect(totals.unknown == 15)
        #expect(totals.attempts == 90)
        #expect(totals.estimated == 10)
        #expect(totals.priced == 40)
        #expect(totals.usage.input == rows.reduce(0) { $0 + $1.usage.input })
        #expect(totals.usage.cachedInput == rows.reduce(0) { $0 + $1.usage.cachedInput })
        #expect(totals.usage.cacheWrite == rows.reduce(0) { $0 + $1.usage.cacheWrite })
        #expect(totals.usage.output == rows.reduce(0) { $0 + $1.usage.output })
        #expect(totals.usage.reasoning == rows.reduce(0) { $0 + $1.usage.reasoning })
        #expect(totals.usage.audioInput == 30)
        #expect(totals.usage.audioOutput == 30)
        #expect(totals.usage.cacheWriteHour == 90)
        #expect(totals.usage.imageInput == 30)
        #expect(totals.usage.imageOutput == 120)
        #expect(totals.cost == Nanodollars(1_234 * 59 * 60 / 2))
    }

    @Test("a name keeps its number; kinds do not share names", arguments: Kind.allCases)
    func names(kind: Kind) throws {
        let store = try kind.open(in: folder)
        let keys = try store.intern(["team-a", "team-b", "team-a"], as: .key)
        #expect(keys[0] == keys[2])
        #expect(keys[0] != keys[1])
        #expect(!keys.contains(.none))
        let models = try store.intern(["team-a", "größe 'x'; --"], as: .model)
        #expect(models[0] != keys[0])
        #expect(try store.intern(["new", "team-b"], as: .key)[1] == keys[1])
        let all = try store.names()
        #expect(all.count == 5)
        #expect(all[keys[0]] == StoredName(kind: .key, name: "team-a"))
        #expect(all[models[1]] == StoredName(kind: .model, name: "größe 'x'; --"))
    }

    @Test("leases of nodes do not overlap until all have been out", arguments: Kind.allCases)
    func leases(kind: Kind) throws {
        let store = try kind.open(in: folder)
        let first = try (0..<16).flatMap { _ in
            let start = try store.leaseNodes(64)
            return (start..<start + 64).map { $0 % RequestID.nodes }
        }
        #expect(Set(first).count == RequestID.nodes)
    }

    @Test("a closed store says so", arguments: Kind.allCases)
    func closed(kind: Kind) throws {
        let store = try kind.open(in: folder)
        try store.close()
        let failure = #expect(throws: StoreFailure.self) { try store.append([.sample(1)]) }
        #expect(failure?.kind == .closed)
        #expect(throws: StoreFailure.self) { try store.totals() }
        try store.close()
    }

    @Test("reopened, a store has what it had", arguments: Kind.allCases)
    func reopen(kind: Kind) throws {
        let store = try kind.open(in: folder)
        let rows = LedgerEntry.samples(0..<5)
        _ = try store.append(rows[...])
        try store.reopen()
        #expect(try store.requests(after: nil, limit: 10) == rows)
        #expect(try store.append(rows[...]).repeated == 5)
    }

    @Test("the memory store forgets old rows, not their sums")
    func bounded() throws {
        let store = MemoryStore(capacity: 10, firstNode: 0)
        for start in stride(from: 0, to: 100, by: 7) { _ = try store.append(LedgerEntry.samples(start..<start + 7)[...]) }
        #expect(try store.totals().requests == 105)
        #expect(try store.requests(after: nil, limit: 100) == LedgerEntry.samples(95..<105))
    }
}
