import Routing
import Testing

@testable import Storage

/// What every store promises of tags that came with requests: they are numbered as rows are written.
@Suite("Store contract: tags") struct TagContract {
    let folder: Folder
    init() throws { folder = try Folder() }

    private static func row(_ number: Int, _ tags: [NameID], _ own: [String]) -> LedgerEntry {
        var row = LedgerEntry.sample(number)
        (row.tags, row.ownTags) = (tags, own)
        return row
    }

    @Test("a request's tags stand behind those of its key, each once, and count in sums", arguments: StoreContract.Kind.allCases)
    func numbered(kind: StoreContract.Kind) throws {
        let store = try kind.open(in: folder)
        let key = try store.intern(["team:a", "prod"], as: .tag)
        let rows = [
            Self.row(1, key, ["nightly", "prod", "nightly", "job:7"]), Self.row(2, [], ["nightly"]), Self.row(3, key, []),
        ]
        #expect(try store.append(rows[...]).added == 3)
        let names = try store.names()
        func tags(_ at: Int) throws -> [String?] { try #require(try store.request(rows[at].id)).tags.map { names[$0]?.name } }
        #expect(try tags(0) == ["team:a", "prod", "nightly", "job:7"])
        #expect(try tags(1) == ["nightly"])
        #expect(try tags(2) == ["team:a", "prod"])
        #expect(try store.request(rows[0].id)?.ownTags == [])

        // The same rows again are the same, also with their tags still to be numbered.
        let again = try store.append(rows[...])
        #expect(again.repeated == 3)
        #expect(again.clashing == 0)
        let nightly = try store.intern(["nightly"], as: .tag)[0]
        var query = UsageQuery(from: 0, to: .max)
        query.groupBy = [.tag]
        query.only = [.tag: nightly]
        #expect(try store.usage(query).map(\.totals.requests) == [2])
        var search = LedgerQuery(limit: 10)
        search.tag = nightly
        #expect(try store.requests(search).rows.map(\.id) == [rows[1].id, rows[0].id])
    }

    @Test("no more than a row may carry, none that is empty or endless", arguments: StoreContract.Kind.allCases)
    func bounds(kind: StoreContract.Kind) throws {
        let store = try kind.open(in: folder)
        let many = (0..<40).map { "tag-\($0)" }
        let rows = [Self.row(1, [], ["", String(repeating: "x", count: LedgerEntry.mostTagBytes + 1)] + many)]
        _ = try store.append(rows[...])
        let names = try store.names()
        #expect(try #require(try store.request(rows[0].id)).tags.map { names[$0]?.name } == Array(many.prefix(LedgerEntry.mostTags)))
    }

    @Test("once so many are known, further ones count as one")
    func most() throws {
        let store = MemoryStore()
        let numbers = TagNumbers(most: 3)
        _ = try store.intern(["of the key"], as: .tag)
        let rows = (1...4).map { Self.row($0, [], ["own-\($0)"]) }
        let numbered = try numbers.numbered(rows[...], by: store)
        let names = try store.names()
        #expect(numbered.map { $0.tags.map { names[$0]?.name } } == [["own-1"], ["own-2"], [TagNumbers.other], [TagNumbers.other]])
        // One that is known stays itself.
        #expect(try numbers.numbered([Self.row(9, [], ["own-1"])], by: store).first?.tags == numbered.first?.tags)
    }
}
