import Storage
import Synchronization
import Testing

@Suite("Store contract: responses") struct ResponseStoreContract {
    enum Kind: String, CaseIterable, Sendable {
        case sqlite, memory, postgres

        func open(in folder: Folder) throws -> any ResponseStore {
            switch self {
            case .sqlite: try SQLiteResponseStore(path: folder("responses.db"))
            case .memory: MemoryResponseStore()
            case .postgres: try PostgresResponseStore(PostgresCluster.shared.get().store())
            }
        }
    }

    let folder: Folder
    init() throws { folder = try Folder() }

    static func response(_ id: String, owner: String = "a", created: Int64 = 0, previous: String? = nil, size: Int = 10) -> StoredResponse {
        StoredResponse(
            id: id, owner: owner, createdMilliseconds: created, expiresMilliseconds: created + 1_000, previous: previous,
            input: Array("[]".utf8), body: Array(repeating: 0x20, count: size))
    }

    @Test("a response is found by its owner alone, until it expires", arguments: Kind.allCases)
    func found(kind: Kind) throws {
        let store = try kind.open(in: folder)
        let one = Self.response("r1", created: 100, previous: "r0")
        try store.keep([one, Self.response("r2", owner: "b", created: 100)])
        #expect(try store.response("r1", owner: "a", at: 1_099) == one)
        #expect(try store.response("r1", owner: "a", at: 1_100) == nil)
        #expect(try store.response("r1", owner: "b", at: 200) == nil)
        #expect(try store.response("r3", owner: "a", at: 200) == nil)
    }

    @Test("an id that another has cannot be taken from them", arguments: Kind.allCases)
    func taken(kind: Kind) throws {
        let store = try kind.open(in: folder)
        let one = Self.response("r1")
        try store.keep([one])
        try store.keep([Self.response("r1", owner: "b", size: 3)])
        #expect(try store.response("r1", owner: "a", at: 1) == one)
        #expect(try store.response("r1", owner: "b", at: 1) == nil)
        let changed = Self.response("r1", size: 5)
        try store.keep([changed])
        #expect(try store.response("r1", owner: "a", at: 1) == changed)
    }

    @Test("only its owner removes a response", arguments: Kind.allCases)
    func removed(kind: Kind) throws {
        let store = try kind.open(in: folder)
        try store.keep([Self.response("r1")])
        #expect(try !store.remove("r1", owner: "b"))
        #expect(try store.remove("r1", owner: "a"))
        #expect(try !store.remove("r1", owner: "a"))
        #expect(try store.response("r1", owner: "a", at: 1) == nil)
    }

    @Test("what expired goes first, then the oldest, by number and by bytes", arguments: Kind.allCases)
    func pruned(kind: Kind) throws {
        let store = try kind.open(in: folder)
        try store.keep((0..<10).map { Self.response("r\($0)", created: Int64($0) * 100, size: 1_000) })
        func left() throws -> [Int] { try (0..<10).filter { try store.response("r\($0)", owner: "a", at: 0) != nil } }
        #expect(try store.prune(at: 1_100, count: 100, bytes: 1 << 20) == 2)
        #expect(try left() == Array(2..<10))
        #expect(try store.prune(at: 0, count: 5, bytes: 1 << 20) == 3)
        #expect(try left() == Array(5..<10))
        #expect(try store.prune(at: 0, count: 5, bytes: 2_500) == 3)
        #expect(try left() == [8, 9])
    }

    @Test("responses outlive the process") func durable() throws {
        let one = Self.response("r1")
        let first = try SQLiteResponseStore(path: folder("responses.db"))
        try first.keep([one])
        try first.close()
        #expect(throws: StoreFailure.self) { try first.keep([one]) }
        let second = try SQLiteResponseStore(path: folder("responses.db"))
        #expect(try second.response("r1", owner: "a", at: 1) == one)
    }
}

@Suite("Response shelf") struct ResponseShelfTests {
    /// Holds every write until it is let go.
    final class GatedStore: ResponseStore {
        let inner = MemoryResponseStore()
        let gate = Mutex(())
        let fails: Bool
        init(fails: Bool = false) { self.fails = fails }

        func keep(_ responses: [StoredResponse]) throws(StoreFailure) {
            gate.withLock { _ in }
            if fails { throw StoreFailure(.diskFull, path: "", "full") }
            try inner.keep(responses)
        }

        func response(_ id: String, owner: String, at milliseconds: Int64) throws(StoreFailure) -> StoredResponse? {
            try inner.response(id, owner: owner, at: milliseconds)
        }

        func remove(_ id: String, owner: String) throws(StoreFailure) -> Bool { try inner.remove(id, owner: owner) }
        func prune(at milliseconds: Int64, count: Int, bytes: Int) throws(StoreFailure) -> Int { 0 }
        func close() throws(StoreFailure) {}
    }

    func shelf(_ store: any ResponseStore, waiting: Int = 1 << 20) -> ResponseShelf {
        var limits = ResponseShelf.Limits()
        limits.waitingBytes = waiting
        return ResponseShelf(store, limits: limits, now: { 1 }, failed: { _ in })
    }

    @Test("a response is readable while it waits to be written, and once it is")
    func readable() throws {
        let store = GatedStore()
        let shelf = shelf(store)
        let one = ResponseStoreContract.response("r1")
        let (waiting, foreign, isTaken) = try store.gate.withLock { _ throws(StoreFailure) -> (StoredResponse?, StoredResponse?, Bool) in
            shelf.offer(one)
            let taken = shelf.offer(ResponseStoreContract.response("r1", owner: "b"))
            return (try shelf.response("r1", owner: "a"), try shelf.response("r1", owner: "b"), taken)
        }
        #expect(waiting == one)
        #expect(foreign == nil)
        #expect(!isTaken)
        try shelf.close()
        #expect(try store.inner.response("r1", owner: "a", at: 1) == one)
    }

    @Test("more than may wait is not kept, and counted")
    func bounded() throws {
        let store = GatedStore()
        let shelf = shelf(store, waiting: 1_000)
        store.gate.withLock { _ in
            #expect(shelf.offer(ResponseStoreContract.response("r1", size: 500)))
            #expect(!shelf.offer(ResponseStoreContract.response("r2", size: 500)))
        }
        #expect(shelf.dropped == 1)
        try shelf.close()
    }

    @Test("a removed response does not come back with a late write")
    func removed() throws {
        let store = GatedStore()
        let shelf = shelf(store)
        for i in 0..<300 { shelf.offer(ResponseStoreContract.response("r\(i)")) }
        #expect(try shelf.remove("r299", owner: "a"))
        try shelf.close()
        #expect(try shelf.response("r299", owner: "a") == nil)
        #expect(try shelf.response("r298", owner: "a") != nil)
    }

    @Test("what a failing store loses is counted")
    func failing() throws {
        let shelf = shelf(GatedStore(fails: true))
        shelf.offer(ResponseStoreContract.response("r1"))
        try shelf.close()
        #expect(shelf.dropped == 1)
    }
}
