import GRDB
import Routing
import Testing

@testable import Storage

/// What a power cut leaves: of all that was written since a file's last sync each piece may be there, or not, or in part, in any order.
@Suite("Power cut", .timeLimit(.minutes(3))) struct PowerCutTests {
    let folder: Folder
    var path: String { folder("ledger.db") }
    init() throws { folder = try Folder() }

    static let batch = 4
    static let charge: Int64 = 10

    @Test("what was acknowledged is there after a cut at any moment, and so are sums and slices")
    func cuts() throws {
        try SQLiteStore(path: path).close()
        let base = folder.read("ledger.db")
        let events = try record(batches: 150)
        #expect(events.count > 1_000)
        var chance = Seeded(31)
        var acknowledged: Set<Int> = []
        for cut in 0..<60 {
            let moment = Int.random(in: events.count / 20..<events.count, using: &chance)
            var disk = Disk(durable: [path: base])
            for event in events[..<moment] { disk.take(event) }
            acknowledged.insert(disk.acknowledged)
            let image = disk.image(&chance)
            folder.write(image[path] ?? [], to: "cut.db")
            folder.write(image[path + "-wal"] ?? [], to: "cut.db-wal")
            try check(cut, disk.acknowledged)
        }
        #expect(acknowledged.count > 20, "the cuts were at all sorts of moments")
    }

    /// What a gateway writes, copied from the log into the database now and then.
    private func record(batches: Int) throws -> [TroubledDisk.Event] {
        TroubledDisk.watch(path, recording: path)
        TroubledDisk.watch(path + "-wal", recording: path)
        let store = try SQLiteStore(path: path)
        let bank = try Bank(store)
        for number in 0..<batches {
            let lease = try bank.wish(Self.charge * Int64(Self.batch), limit: 1_000_000).lease
            let rows = (0..<Self.batch).map { row(number * Self.batch + $0, [LeaseCharge(lease: lease, amount: Self.charge)]) }
            _ = try store.append(rows[...])
            TroubledDisk.acknowledged((number + 1) * Self.batch, recording: path)
            if number % 40 == 39 { try store.opened().writeWithoutTransaction { _ = try Row.fetchAll($0, sql: "PRAGMA wal_checkpoint(RESTART)") } }
        }
        // Closing copies the log and takes it away: no moment of a power cut.
        let events = TroubledDisk.recorded(path)
        try store.close()
        return events
    }

    private func check(_ cut: Int, _ acknowledged: Int) throws {
        let store = try SQLiteStore(path: folder("cut.db"))
        #expect(try store.opened().read { try String.fetchOne($0, sql: "PRAGMA integrity_check") } == "ok", "cut \(cut)")
        let found = try store.requests(after: nil, limit: 100_000)
        #expect(found.count >= acknowledged, "cut \(cut)")
        #expect(found.count % Self.batch == 0, "whole transactions")
        #expect(found.map(\.id) == (0..<found.count).map { LedgerEntry.sample($0).id }, "in order, none between missing")
        #expect(try Int(store.totals().requests) == found.count)
        let balance = try store.balances([("a", 0)]).first
        #expect(balance?.used ?? 0 == Int64(found.count) * Self.charge, "cut \(cut)")
        #expect((balance?.used ?? 0) + (balance?.leased ?? 0) <= Int64(found.count + Self.batch) * Self.charge, "a slice more at most")
        try store.close()
    }
}

/// A disk that keeps its promises about syncs and no others.
private struct Disk {
    var durable: [String: [UInt8]]
    private(set) var acknowledged = 0
    private var pending: [String: [TroubledDisk.Event]] = [:]

    init(durable: [String: [UInt8]]) { self.durable = durable }

    mutating func take(_ event: TroubledDisk.Event) {
        switch event {
        case .write(let path, _, _), .truncate(let path, _): pending[path, default: []].append(event)
        case .sync(let path):
            for event in pending[path] ?? [] { Self.apply(event, to: &durable[path, default: []]) }
            pending[path] = []
        case .acknowledged(let rows): acknowledged = rows
        }
    }

    func image(_ chance: inout Seeded) -> [String: [UInt8]] {
        var image = durable
        let mode = Int.random(in: 0..<4, using: &chance)
        for path in pending.keys.sorted() {
            for event in pending[path] ?? [] {
                let fate = mode == 0 ? 0 : mode == 1 ? 9 : Int.random(in: 0..<10, using: &chance)
                switch (event, fate) {
                case (_, ..<4): break
                case (.write(let path, let offset, let bytes), ..<7):
                    // Torn between sectors.
                    let kept = Int.random(in: 0...bytes.count / 512, using: &chance) * 512
                    Self.apply(.write(path: path, offset: offset, bytes: Array(bytes[..<kept])), to: &image[path, default: []])
                default: Self.apply(event, to: &image[path, default: []])
                }
            }
        }
        return image
    }

    private static func apply(_ event: TroubledDisk.Event, to file: inout [UInt8]) {
        switch event {
        case .write(_, let offset, let bytes):
            let missing = offset + bytes.count - file.count
            if missing > 0 { file += [UInt8](repeating: 0, count: missing) }
            file.replaceSubrange(offset..<offset + bytes.count, with: bytes)
        case .truncate(_, let size): if size < file.count { file.removeLast(file.count - size) }
        case .sync, .acknowledged: break
        }
    }
}
