import Routing
import Testing

@testable import Storage

@Suite("Decisions in rows") struct DecisionBytesTests {
    @Test("bytes come back as they were, in the row or beside it", arguments: [0, 1, 7, 8, 63, 64, 65, 200, LedgerEntry.mostDecisionBytes])
    func kept(count: Int) {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ 1) }
        let kept = DecisionBytes(bytes)
        #expect(kept.count == count && kept.isEmpty == (count == 0))
        #expect(kept.array == bytes && kept == bytes.withUnsafeBytes { DecisionBytes($0) })
        #expect(count == 0 || kept != DecisionBytes(Array(bytes.dropLast()) + [0]))
        #expect(kept != DecisionBytes(bytes + [0]))
    }

    @Test("a store gives back what did not fit into the row", arguments: [64, 65, 5_000])
    func stored(count: Int) throws {
        let folder = try Folder()
        let store = try SQLiteStore(path: folder("ledger.db"))
        var row = LedgerEntry.sample(4)
        row.decision = DecisionBytes((0..<count).map { UInt8(truncatingIfNeeded: $0) })
        #expect(try store.append([row][...]).added == 1)
        #expect(try store.request(row.id)?.decision == row.decision)
        #expect(try store.append([row][...]).repeated == 1)
        try store.close()
    }
}
