import GRDB
import Routing
import Testing

@testable import Storage

/// What every store promises of a search among many rows: nothing is left out, and one page is bounded work.
@Suite("Store contract: search") struct SearchContract {
    typealias Kind = StoreContract.Kind
    let folder: Folder
    init() throws { folder = try Folder() }

    private static let tables: [Kind] = [.sqlite, .postgres]
    /// 2025-10-01T00:00Z.
    private static let start: Int64 = 1_759_276_800_000
    private static let hour: Int64 = 3_600_000

    /// A row of each minute; what is rare stands in one of 1,111.
    private static func row(_ number: Int) -> LedgerEntry {
        let time = start + Int64(number) * 60_000
        var row = LedgerEntry(id: .first(atUnixMilliseconds: time), startedUnixMilliseconds: time)
        let isRare = number % 1_111 == 7
        (row.key, row.model) = (NameID(rawValue: Int32(1 + number % 3)), NameID(rawValue: 10))
        (row.project, row.provider) = (NameID(rawValue: isRare ? 21 : 20), NameID(rawValue: Int32(30 + number % 2)))
        row.customer = NameID(rawValue: isRare ? 41 : 0)
        // The second and third tag have the bytes of 0x0100_0000 across them.
        row.tags = isRare ? [NameID(rawValue: 50), NameID(rawValue: 51)] : number % 5 == 0 ? [NameID(rawValue: 52), NameID(rawValue: 1)] : []
        row.state = number % 5_003 == 9 ? .failed : .done
        row.status = row.state == .failed ? 502 : 200
        row.cost = Nanodollars(1)
        return row
    }

    /// All pages of a query, and how many there were.
    private func all(_ store: any Store, _ query: LedgerQuery) throws -> (ids: [RequestID], pages: Int) {
        var (query, ids, pages) = (query, [RequestID](), 0)
        repeat {
            let page = try store.requests(query)
            ids += page.rows.map(\.id)
            #expect(page.rows.count <= query.limit)
            pages += 1
            if let next = page.next, let before = query.before { #expect(next < before, "a search that stands still") }
            query.before = page.next
        } while query.before != nil && pages < 100_000
        return (ids, pages)
    }

    private func fill(_ store: any Store, _ count: Int) throws -> [LedgerEntry] {
        let rows = (0..<count).map(Self.row)
        for start in stride(from: 0, to: count, by: 1_000) { _ = try store.append(rows[start..<min(count, start + 1_000)]) }
        return rows
    }

    @Test("a search finds every row once, whatever it asks for and however little a page may look at", arguments: tables)
    func complete(kind: Kind) throws {
        let store = try kind.open(in: folder)
        let rows = try fill(store, 24_000)
        // Some of it is over: days alone are known of the first half, as half a year later.
        let later = Self.start + (8 + 32) * 24 * Self.hour
        var calls = 0
        while try store.forget(Retention(), unixMilliseconds: later) > 0, calls < 20_000 { calls += 1 }
        func check(_ what: Comment, _ change: (inout LedgerQuery) -> Void, _ holds: (LedgerEntry) -> Bool) throws {
            let expected = rows.filter(holds).reversed().map(\.id)
            for (limit, most) in [(1_000_000, 1_000_000), (10, 1_000_000), (7, 900), (50_000, 3_000)] {
                var query = LedgerQuery(limit: limit)
                query.mostLooked = most
                change(&query)
                let found = try all(store, query)
                #expect(found.ids == expected, "\(what), \(limit) of \(most)")
            }
        }
        try check("a customer", { $0.customer = NameID(rawValue: 41) }, { $0.customer.rawValue == 41 })
        try check("a tag", { $0.tag = NameID(rawValue: 51) }, { $0.tags.contains(NameID(rawValue: 51)) })
        // 0x0100_0000 is nobody's tag, though its bytes stand across two.
        try check("no tag", { $0.tag = NameID(rawValue: 0x0100_0000) }, { _ in false })
        try check("a project and a provider", { ($0.project, $0.provider) = (NameID(rawValue: 21), NameID(rawValue: 30)) }) {
            $0.project.rawValue == 21 && $0.provider.rawValue == 30
        }
        try check("a tag and a key", { ($0.tag, $0.key) = (NameID(rawValue: 50), NameID(rawValue: 2)) }) {
            $0.tags.contains(NameID(rawValue: 50)) && $0.key.rawValue == 2
        }
        try check("a state", { $0.state = .failed }, { $0.state == .failed })
        try check("a status", { $0.status = 502 }, { $0.status == 502 })
        let (from, before) = (rows[5_000].id, rows[20_000].id)
        try check("a customer of some days", { ($0.customer, $0.from, $0.before) = (NameID(rawValue: 41), from, before) }) {
            $0.customer.rawValue == 41 && $0.id >= from && $0.id < before
        }
        try check("nobody", { $0.customer = NameID(rawValue: 99) }, { _ in false })
    }

    @Test("a ledger whose sums are still to be made is searched row by row")
    func behind() throws {
        let store = try SQLiteStore(path: folder("ledger.db"))
        let rows = try fill(store, 12_000)
        try store.pool.withLock { $0 }?.write { database in
            try database.execute(sql: "DELETE FROM usage")
            try database.execute(sql: "UPDATE usage_state SET next = ?, behind_end = ?", arguments: [rows[0].id.rawValue, rows[9_000].id.rawValue])
        }
        #expect(try store.hoursKept() == nil)
        var query = LedgerQuery(limit: 5)
        query.customer = NameID(rawValue: 41)
        query.mostLooked = 1_000
        let found = try all(store, query)
        #expect(found.ids == rows.filter { $0.customer.rawValue == 41 }.reversed().map(\.id))
        #expect(found.pages > 11)
    }

    @Test("what is rare is found among half a million rows without looking at them")
    func bounded() throws {
        let store = try SQLiteStore(path: folder("ledger.db"))
        let rows = try fill(store, 500_000)
        var looks = LedgerQuery(limit: 100)
        looks.customer = NameID(rawValue: 41)
        let counting = CountingSource(store)
        var search = LedgerSearch(counting, looks)
        #expect(try search.run().rows.map(\.id) == Array(rows.filter { $0.customer == looks.customer }.reversed().map(\.id).prefix(100)))
        // Some thousand as they are, then an hour of sixty for each that was found.
        #expect(counting.looked < 4_000 + 100 * 60 + 60, "\(counting.looked) rows")

        // Nothing says where a status is: then the page has its bound, and says where it goes on.
        looks.customer = nil
        looks.status = 418
        looks.mostLooked = 50_000
        let blind = CountingSource(store)
        search = LedgerSearch(blind, looks)
        let page = try search.run()
        #expect(page.rows.isEmpty)
        #expect(page.next != nil)
        #expect(blind.looked <= 50_000)
    }
}

/// A store that counts the rows which a search may have looked at.
private final class CountingSource: LedgerSource {
    private let store: SQLiteStore
    private let count = Locked(0)

    init(_ store: SQLiteStore) { self.store = store }

    var looked: Int { count.withLock { $0 } }

    func scan(_ query: LedgerQuery) throws(StoreFailure) -> [LedgerEntry] { try store.scan(query) }
    func stretch(from: RequestID, before: RequestID, rows: Int) throws(StoreFailure) -> (lowest: RequestID, rows: Int)? {
        let found = try store.stretch(from: from, before: before, rows: rows)
        count.withLock { $0 += found?.rows ?? 0 }
        return found
    }
    func oldest() throws(StoreFailure) -> RequestID? { try store.oldest() }
    func hoursKept() throws(StoreFailure) -> Int64? { try store.hoursKept() }
    func usage(_ query: UsageQuery) throws(StoreFailure) -> [UsageRow] { try store.usage(query) }
    func forget(_ retention: Retention, unixMilliseconds: Int64) throws(StoreFailure) -> Int { 0 }
}
