import Foundation
import Storage
import Testing

@Suite("Store contract: answers given again") struct AnswerStoreContract {
    enum Kind: String, CaseIterable, Sendable {
        case sqlite, memory, postgres

        func open(in folder: Folder) throws -> any AnswerStore {
            switch self {
            case .sqlite: try SQLiteAnswerStore(path: folder("cache.db"))
            case .memory: MemoryAnswerStore()
            case .postgres: try PostgresAnswerStore(PostgresCluster.shared.get().store())
            }
        }
    }

    let folder: Folder
    init() throws { folder = try Folder() }

    static func answer(
        _ number: UInt8, key: String = "k", route: String = "r", stored: Int64 = 0, lifetime: Int64 = 1_000, worth: Int64? = nil, size: Int = 10
    ) -> CachedAnswer {
        CachedAnswer(
            digest: Array(repeating: number, count: 32), key: key, route: route, storedMilliseconds: stored, expiresMilliseconds: stored + lifetime,
            worth: worth, contentType: "application/json", lines: Array("x-a: b\r\n".utf8), body: Array(repeating: 0xff, count: size))
    }

    @Test("an answer reads back as it was given, until it expires", arguments: Kind.allCases)
    func found(kind: Kind) throws {
        let store = try kind.open(in: folder)
        let plain = Self.answer(1, stored: 100, worth: .max)
        let odd = Self.answer(2, key: "o'; --", route: "münze", stored: 100, size: 0)
        try store.keep([plain, odd])
        try store.keep([])
        #expect(try store.answer(plain.digest, at: 1_099) == plain)
        #expect(try store.answer(odd.digest, at: 1_099) == odd)
        #expect(try store.answer(plain.digest, at: 1_100) == nil)
        #expect(try store.answer(Array(repeating: 3, count: 32), at: 0) == nil)
        let younger = Self.answer(1, stored: 500, size: 3)
        try store.keep([younger])
        #expect(try store.answer(plain.digest, at: 1_499) == younger)
    }

    @Test("answers of a key, of a route, of both, and all are forgotten", arguments: Kind.allCases)
    func forgotten(kind: Kind) throws {
        let rows: [(selection: CacheSelection, left: Set<UInt8>)] = [
            (CacheSelection(key: "a"), [3, 4]), (CacheSelection(route: "x"), [2, 4]), (CacheSelection(key: "a", route: "x"), [2, 3, 4]),
            (CacheSelection(key: "c"), [1, 2, 3, 4]), (CacheSelection(), []),
        ]
        let store = try kind.open(in: folder)
        for row in rows {
            let answers = [
                Self.answer(1, key: "a", route: "x"), Self.answer(2, key: "a", route: "y"), Self.answer(3, key: "b", route: "x"),
                Self.answer(4, key: "b", route: "y"),
            ]
            try store.keep(answers)
            #expect(try store.forget(row.selection) == 4 - row.left.count)
            let left = try answers.filter { try store.answer($0.digest, at: 1) != nil }.map { $0.digest[0] }
            #expect(Set(left) == row.left, "\(row.selection)")
        }
    }

    @Test("what is over the bound goes, what has expired and the oldest first", arguments: Kind.allCases)
    func bounded(kind: Kind) throws {
        let store = try kind.open(in: folder)
        let answers = (0..<20).map { Self.answer($0, stored: Int64($0), lifetime: $0 == 19 ? 1 : 1_000, size: 1_000) }
        try store.keep(answers)
        let each = answers[0].bytes
        #expect(each > 1_000)
        let pruned = try store.prune(at: 100, bytes: each * 5 + each / 2)
        #expect(pruned.forgotten == 15)
        #expect(pruned.bytes == each * 5)
        let left = try answers.filter { try store.answer($0.digest, at: 1) != nil }.map { $0.digest[0] }
        #expect(left == [14, 15, 16, 17, 18])
        #expect(try store.prune(at: 100, bytes: 0).bytes == 0)
    }

    @Test("what SQLite keeps outlasts the process, and a closed store says that it is closed")
    func reopened() throws {
        let answer = Self.answer(7)
        let first = try SQLiteAnswerStore(path: folder("cache.db"))
        try first.keep([answer])
        try first.close()
        #expect(throws: StoreFailure.self) { try first.answer(answer.digest, at: 1) }
        #expect(try SQLiteAnswerStore(path: folder("cache.db")).answer(answer.digest, at: 1) == answer)
        #expect(SQLiteAnswerStore.path(for: "data/swiftlet.db") == "data/swiftlet-cache.db")
    }

    @Test("a file that is none, or is damaged, is put aside and a new one begun", arguments: ["garbage", "torn", ""])
    func damagedAtStart(what: String) throws {
        let path = folder("cache.db")
        if what == "torn" {
            let first = try SQLiteAnswerStore(path: path)
            try first.keep((1...40).map { Self.answer($0, size: 3_000) })
            try first.close()
            try Self.overwrite(path, in: 4096..<40_960)
            // As after a power cut.
            try Data().write(to: URL(filePath: path + "-wal"))
        } else {
            try Data(repeating: 0x61, count: what.isEmpty ? 0 : 9_000).write(to: URL(filePath: path))
        }
        var told: [String] = []
        let store = try SQLiteAnswerStore(path: path) { aside, _ in told.append(aside) }
        #expect(told == (what.isEmpty ? [] : [path + ".damaged"]))
        #expect(FileManager.default.fileExists(atPath: path + ".damaged") == !what.isEmpty)
        try store.keep([Self.answer(7)])
        #expect(try store.answer(Self.answer(7).digest, at: 1) == Self.answer(7))
    }

    @Test("an answer that is not what was written is damage, and what is discarded is put aside") func damagedBody() throws {
        let path = folder("cache.db")
        let first = try SQLiteAnswerStore(path: path)
        try first.keep([Self.answer(1, size: 60_000)])
        try first.close()
        // Within the pages of the body, where SQLite does not look.
        let size = try Data(contentsOf: URL(filePath: path)).count
        try Self.overwrite(path, in: size - 20_000..<size - 19_000)
        let second = try SQLiteAnswerStore(path: path)
        #expect { try second.answer(Self.answer(1).digest, at: 1) } throws: { ($0 as? StoreFailure)?.kind == .corrupt }
        #expect(second.discard() == path + ".damaged")
        #expect(throws: StoreFailure.self) { try second.answer(Self.answer(1).digest, at: 1) }
        #expect(try SQLiteAnswerStore(path: path).answer(Self.answer(1).digest, at: 1) == nil)
    }

    private static func overwrite(_ path: String, in range: Range<Int>) throws {
        var bytes = try Data(contentsOf: URL(filePath: path))
        bytes.replaceSubrange(range, with: Data(repeating: 0x5A, count: range.count))
        try bytes.write(to: URL(filePath: path))
    }
}
