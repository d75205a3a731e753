import Routing
import Testing

@testable import Storage

@Suite("Spool") struct SpoolTests {
    let folder: Folder
    init() throws { folder = try Folder() }

    /// Every member of it as it is nowhere else.
    static func full(_ number: Int) -> LedgerEntry {
        var row = LedgerEntry.sample(number)
        row.startedUnixMilliseconds -= 5
        row.firstByteMicroseconds = 7
        row.project = NameID(rawValue: 101)
        row.customer = NameID(rawValue: -102)
        row.provider = NameID(rawValue: .max)
        row.tags = [NameID(rawValue: 3), NameID(rawValue: 1), NameID(rawValue: 3)]
        row.ownTags = number % 2 == 0 ? [] : ["nightly", "", "größe:xl"]
        row.baseline = Nanodollars(9_999)
        row.savedTokens = number % 3 == 0 ? 0 : 71
        row.savedCost = Nanodollars(number % 3 == 2 ? 0 : 1_234)
        row.charges = [LeaseCharge(lease: 12, amount: 0), LeaseCharge(lease: .max, amount: .max)]
        row.receivedBytes = 17
        row.sentBytes = 1 << 40
        row.fault = .timeout
        row.streamed = true
        row.priced = true
        row.usage.estimated = true
        row.usage.tier = .ultrafast
        row.tierUnpriced = true
        row.decision = DecisionBytes(Array(0...255))
        row.decisionNames = NameID(rawValue: 6)
        var attempt = AttemptRecord(deployment: NameID(rawValue: 4))
        attempt.cost = Nanodollars(-3)
        row.attemptLog = [attempt, attempt]
        return row
    }

    @Test("a row survives the detour as it is, charges, tags and decision with it")
    func coding() {
        for row in (0..<60).map(LedgerEntry.sample) + (0..<60).map(Self.full) { #expect(EntryCoding.decode(EntryCoding.encode(row)) == row) }
        var extreme = LedgerEntry(id: LedgerEntry.sample(1).id, startedUnixMilliseconds: .min)
        extreme.cost = Nanodollars(.min)
        extreme.usage.input = .max
        extreme.usage.output = .min
        #expect(EntryCoding.decode(EntryCoding.encode(extreme)) == extreme)
        // A member that is added to the row is added to its coding, and then to this number.
        #expect(Mirror(reflecting: LedgerEntry.sample(1)).children.count == 35)
        #expect(Mirror(reflecting: Usage()).children.count == 12)
    }

    @Test("bytes that are cut off or changed are no row, and no trap")
    func garbled() {
        let bytes = EntryCoding.encode(Self.full(3))
        for length in bytes.indices { #expect(EntryCoding.decode(Array(bytes[..<length])) == nil) }
        #expect(EntryCoding.decode(bytes + [0]) == nil)
        for index in bytes.indices {
            for value: UInt8 in [0, 1, 127, 128, 255] {
                var changed = bytes
                changed[index] = value
                _ = EntryCoding.decode(changed)
            }
        }
    }

    @Test("rows wait while the store is away, and follow in order when it is back")
    func detour() throws {
        let store = SwitchedStore()
        let changes = Changes()
        let spool = try SpooledLedger(store, path: folder("spool.db"), limits: Self.quick, onChange: changes.listener)
        let rows = (0..<40).map(Self.full)
        #expect(try spool.append(rows[0..<10]).added == 10)
        store.fail(.unreachable)
        #expect(try spool.append(rows[10..<20]).added == 10)
        #expect(try spool.append(rows[20..<30]).added == 10)
        #expect(spool.status.waiting == 20)
        #expect(spool.status.bytes > 0)
        #expect(spool.status.sinceUnixMilliseconds != nil)
        #expect(spool.status.failure?.kind == .unreachable)
        #expect(store.rows.count == 10)
        store.fail(nil)
        #expect(eventually { spool.status.waiting == 0 })
        #expect(try spool.append(rows[30..<40]).added == 10)
        #expect(store.rows == rows)
        #expect(spool.status.bytes == 0)
        #expect(spool.status.sinceUnixMilliseconds == nil)
        #expect(spool.status.failure == nil)
        #expect(changes.all == [.unreachable, nil])
        try spool.close()
    }

    private static var quick: SpooledLedger.Limits {
        var limits = SpooledLedger.Limits()
        limits.batch = 7
        limits.firstPause = .milliseconds(1)
        limits.longestPause = .milliseconds(5)
        return limits
    }

    @Test("what waits outlives the process, as does the gateway's identity", arguments: StoreFailure.Kind.allCases.filter { $0 != .closed })
    func survives(kind: StoreFailure.Kind) throws {
        let store = SwitchedStore()
        store.fail(kind)
        let rows = (0..<10).map(Self.full)
        let first = try SpooledLedger(store, path: folder("spool.db"))
        let identity = try first.identity()
        #expect(identity.utf8.count == 36)
        _ = try first.append(rows[...])
        try first.close()
        #expect(throws: StoreFailure.self) { try first.append(rows[...]) }
        store.fail(nil)
        let second = try SpooledLedger(store, path: folder("spool.db"))
        #expect(try second.identity() == identity)
        #expect(second.drain(within: .seconds(10)))
        // Of kinds that tell of rows, not of the store, some may have been set aside while it failed.
        #expect(store.rows.count + second.status.aside == 10)
        if ![.other, .conflict, .corrupt].contains(kind) { #expect(store.rows == rows) }
        try second.close()
    }

    @Test("one process at a time has the file")
    func exclusive() throws {
        let spool = try SpooledLedger(SwitchedStore(), path: folder("spool.db"))
        let failure = #expect(throws: StoreFailure.self) { try SpooledLedger(SwitchedStore(), path: folder("spool.db")) }
        #expect(failure?.kind == .locked)
        try spool.close()
    }

    @Test("a row that the store refuses is set aside and holds up no other")
    func aside() throws {
        let store = SwitchedStore()
        let spool = try SpooledLedger(store, path: folder("spool.db"), limits: Self.quick)
        store.fail(.unreachable)
        let rows = (0..<30).map(Self.full)
        _ = try spool.append(rows[...])
        store.refuse(rows[11].id)
        store.fail(nil)
        #expect(eventually { spool.status.waiting == 0 })
        #expect(store.rows == rows.filter { $0.id != rows[11].id })
        #expect(spool.status.aside == 1)
        #expect(spool.status.bytes == 0)
        try spool.close()
    }

    @Test("a full spool says so, and takes rows again once it is empty")
    func full() throws {
        let store = SwitchedStore()
        store.fail(.unreachable)
        var limits = Self.quick
        limits.bytes = 4_000
        let spool = try SpooledLedger(store, path: folder("spool.db"), limits: limits)
        var taken = 0
        let failure = #expect(throws: StoreFailure.self) {
            while taken < 1_000 {
                _ = try spool.append([Self.full(taken)])
                taken += 1
            }
        }
        #expect(failure?.kind == .diskFull)
        #expect((5..<50).contains(taken))
        store.fail(nil)
        #expect(eventually { spool.status.waiting == 0 })
        #expect(store.rows.count == taken)
        #expect(try spool.append([Self.full(999)]).added == 1)
        try spool.close()
    }

    @Test("through the journal a store that goes away and comes back loses and doubles nothing")
    func journal() throws {
        let store = SwitchedStore()
        let spool = try SpooledLedger(store, path: folder("spool.db"), limits: Self.quick)
        let journal = Journal(store: spool)
        let commits = Commits()
        let lane = journal.register(onCommit: commits.listener)
        let rows = LedgerEntry.samples(0..<3_000)
        for (index, row) in rows.enumerated() {
            if index % 400 == 100 { store.fail(.unreachable) }
            if index % 400 == 300 { store.fail(nil) }
            while lane.offer(row) == nil {}
        }
        #expect(commits.wait(for: 3_000))
        store.fail(nil)
        #expect(eventually { spool.status.waiting == 0 })
        #expect(store.rows.map(\.id) == rows.map(\.id))
        #expect(journal.close(within: .seconds(5)) == 0)
        try spool.close()
    }
}

/// A store whose server comes and goes; what it has, in the order in which it came.
final class SwitchedStore: LedgerSink {
    private struct State {
        var failure: StoreFailure.Kind?
        var refused: Set<RequestID> = []
        var rows: [LedgerEntry] = []
        var ids: Set<RequestID> = []
    }

    private let state = Locked(State())

    var rows: [LedgerEntry] { state.withLock { $0.rows } }
    func fail(_ kind: StoreFailure.Kind?) { state.withLock { $0.failure = kind } }
    func refuse(_ id: RequestID) { state.withLock { _ = $0.refused.insert(id) } }

    func append(_ rows: ArraySlice<LedgerEntry>) throws(StoreFailure) -> AppendReceipt {
        try state.withLock { state throws(StoreFailure) in
            if let kind = state.failure { throw StoreFailure(kind, path: "far", "as told") }
            if rows.contains(where: { state.refused.contains($0.id) }) { throw StoreFailure(.other, path: "far", "not this one") }
            var receipt = AppendReceipt()
            for row in rows {
                guard state.ids.insert(row.id).inserted else {
                    receipt.repeated += 1
                    continue
                }
                state.rows.append(row)
                receipt.added += 1
            }
            return receipt
        }
    }

    func reopen() throws(StoreFailure) {}
}
