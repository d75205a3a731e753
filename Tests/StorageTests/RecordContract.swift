import Routing
import Storage
import Testing

/// What every store promises of what is no row of the ledger.
@Suite("Store contract: records") struct RecordContract {
    let folder: Folder
    init() throws { folder = try Folder() }

    @Test("rows are found by each of their numbers, the newest first", arguments: StoreContract.Kind.allCases)
    func queries(kind: StoreContract.Kind) throws {
        let store = try kind.open(in: folder)
        let rows = LedgerEntry.samples(0..<60)
        _ = try store.append(rows[...])
        func check(_ change: (inout LedgerQuery) -> Void, _ holds: (LedgerEntry) -> Bool, line: SourceLocation = #_sourceLocation) throws {
            var query = LedgerQuery(limit: 1_000)
            change(&query)
            let expected = rows.filter(holds).reversed().map(\.id)
            #expect(!expected.isEmpty, sourceLocation: line)
            #expect(try store.requests(query).rows.map(\.id) == expected, sourceLocation: line)
        }
        try check({ _ in }, { _ in true })
        try check({ $0.before = rows[20].id }, { $0.id < rows[20].id })
        try check({ $0.from = rows[20].id }, { $0.id >= rows[20].id })
        try check({ $0.key = NameID(rawValue: 3) }, { $0.key.rawValue == 3 })
        try check({ $0.model = NameID(rawValue: 3) }, { $0.model.rawValue == 3 })
        try check({ $0.deployment = NameID(rawValue: 3) }, { $0.deployment.rawValue == 3 })
        try check({ $0.policy = NameID(rawValue: 1) }, { $0.policy.rawValue == 1 })
        try check({ $0.project = NameID(rawValue: 2) }, { $0.project.rawValue == 2 })
        try check({ $0.customer = NameID(rawValue: 2) }, { $0.customer.rawValue == 2 })
        try check({ $0.provider = NameID(rawValue: 5) }, { $0.provider.rawValue == 5 })
        try check({ $0.tag = NameID(rawValue: 1_001) }, { $0.tags.contains(NameID(rawValue: 1_001)) })
        try check({ $0.state = .failed }, { $0.state == .failed })
        try check({ $0.status = 502 }, { $0.status == 502 })
        try check(
            {
                $0.status = 200
                $0.key = NameID(rawValue: 2)
                $0.before = rows[50].id
            }, { $0.status == 200 && $0.key.rawValue == 2 && $0.id < rows[50].id })
        #expect(try store.requests(LedgerQuery(limit: 2)).rows == [rows[59], rows[58]])
        #expect(try store.requests(LedgerQuery(limit: 0)).rows.isEmpty)
    }

    @Test("the same names of decisions are kept once", arguments: StoreContract.Kind.allCases)
    func decisionNames(kind: StoreContract.Kind) throws {
        let store = try kind.open(in: folder)
        let first = try store.keep(decisionNames: [1, 2, 3])
        let second = try store.keep(decisionNames: [1, 2, 4])
        #expect(try store.keep(decisionNames: [1, 2, 3]) == first)
        #expect(first != second)
        #expect(first != .none)
        #expect(try store.decisionNames(second) == [1, 2, 4])
        #expect(try store.decisionNames(.none) == nil)
    }

    @Test("events come the newest first, in pages, and the oldest are forgotten", arguments: StoreContract.Kind.allCases)
    func events(kind: StoreContract.Kind) throws {
        let store = try kind.open(in: folder)
        func event(_ number: Int) -> StoredEvent {
            StoredEvent(
                unixMilliseconds: Int64(number), kind: number % 2 == 0 ? "failover" : "hedge", request: Int64(number), detail: "{\"n\":\(number)}")
        }
        for start in stride(from: 0, to: 30, by: 3) { try store.append((start..<start + 3).map(event), keeping: 20) }
        let all = try store.events(before: nil, kind: nil, limit: 100)
        #expect(all.map(\.unixMilliseconds) == (10..<30).reversed().map(Int64.init))
        #expect(all[0].detail == "{\"n\":29}")
        #expect(zip(all, all.dropFirst()).allSatisfy { $0.id > $1.id })
        #expect(try store.events(before: all[4].id, kind: nil, limit: 3) == Array(all[5..<8]))
        #expect(try store.events(before: nil, kind: "hedge", limit: 100) == all.filter { $0.kind == "hedge" })
        try store.append([], keeping: 20)
        #expect(try store.events(before: nil, kind: nil, limit: 100).count == 20)
    }

    @Test("documents are put and taken away together, each kind for itself", arguments: StoreContract.Kind.allCases)
    func documents(kind: StoreContract.Kind) throws {
        let store = try kind.open(in: folder)
        try store.change(.setting, put: [StoredDocument(name: "b", value: "1"), StoredDocument(name: "a", value: "")], remove: [])
        try store.change(.signal, put: [StoredDocument(name: "a", value: "s")], remove: ["b"])
        #expect(try store.documents(.setting) == [StoredDocument(name: "a", value: ""), StoredDocument(name: "b", value: "1")])
        try store.change(.setting, put: [StoredDocument(name: "a", value: "2")], remove: ["a", "b", "none"])
        #expect(try store.documents(.setting) == [StoredDocument(name: "a", value: "2")])
        #expect(try store.documents(.signal) == [StoredDocument(name: "a", value: "s")])
    }

    @Test("a counter has one value in each period", arguments: StoreContract.Kind.allCases)
    func counters(kind: StoreContract.Kind) throws {
        let store = try kind.open(in: folder)
        try store.saveCounters([PeriodCounter(name: "b", period: 202_611, value: 4), PeriodCounter(name: "a", period: 202_611, value: 1)])
        try store.saveCounters([PeriodCounter(name: "b", period: 202_611, value: 7), PeriodCounter(name: "b", period: 202_612, value: 2)])
        #expect(
            try store.counters(period: 202_611) == [
                PeriodCounter(name: "a", period: 202_611, value: 1), PeriodCounter(name: "b", period: 202_611, value: 7),
            ])
        #expect(try store.counters(period: 202_612) == [PeriodCounter(name: "b", period: 202_612, value: 2)])
        #expect(try store.counters(period: 1).isEmpty)
    }
}
