import Routing
import Storage
import Testing

/// What every store promises of texts and of idempotency keys.
@Suite("Store contract: texts") struct TextContract {
    typealias Kind = StoreContract.Kind
    let folder: Folder
    init() throws { folder = try Folder() }

    private let id = LedgerEntry.sample(1).id

    @Test("texts read back as they were given, the last of a request", arguments: Kind.allCases)
    func texts(kind: Kind) throws {
        let store = try kind.open(in: folder)
        let first = RequestTexts(request: id, prompt: [0, 255, 39], reply: [])
        let second = RequestTexts(request: LedgerEntry.sample(2).id, prompt: Array(repeating: 7, count: 100_000), reply: [1])
        try store.keep([first, second])
        #expect(try store.texts(of: id) == first)
        #expect(try store.texts(of: second.request) == second)
        #expect(try store.texts(of: LedgerEntry.sample(3).id) == nil)
        let again = RequestTexts(request: id, prompt: [1], reply: [2])
        try store.keep([again])
        try store.keep([])
        #expect(try store.texts(of: id) == again)
    }

    private func claim(_ request: Int, _ text: String = "once", key: Int32 = 1, body: UInt8 = 1, at now: Int64 = 1_000) -> IdempotencyClaim {
        IdempotencyClaim(
            key: IdempotencyKey(key: NameID(rawValue: key), text: text), request: LedgerEntry.sample(request).id,
            digest: Array(repeating: body, count: 32), unixMilliseconds: now, expires: now + 500)
    }

    @Test("a key is taken once, and answers what the first was answered", arguments: Kind.allCases)
    func idempotency(kind: Kind) throws {
        let store = try kind.open(in: folder)
        let first = claim(1)
        #expect(try store.claim(first) == .new)
        #expect(try store.claim(claim(2)) == .inProgress(first.request))
        #expect(try store.claim(claim(2, body: 2)) == .different(first.request))
        #expect(try store.claim(claim(3, "other'; --")) == .new)
        #expect(try store.claim(claim(4, key: 2)) == .new)
        let answer = StoredAnswer(status: 200, contentType: "application/json", body: [123, 0, 125])
        try store.conclude(first.key, with: answer)
        #expect(try store.claim(claim(5)) == .answered(first.request, answer))
        #expect(try store.claim(claim(5, body: 9)) == .different(first.request))
        // It expires, and then is anybody's.
        #expect(try store.claim(claim(6, at: 1_499)) == .answered(first.request, answer))
        #expect(try store.claim(claim(7, body: 3, at: 1_500)) == .new)
        #expect(try store.claim(claim(8, body: 3, at: 1_600)) == .inProgress(LedgerEntry.sample(7).id))
        // Nothing worth repeating: free again.
        try store.conclude(first.key, with: nil)
        #expect(try store.claim(claim(9, at: 1_601)) == .new)
        try store.conclude(IdempotencyKey(key: .none, text: "nobody's"), with: answer)
    }

    @Test("what was under way when the gateway ended is free once it is back", arguments: Kind.allCases.filter { !$0.isShared })
    func joined(kind: Kind) throws {
        let store = try kind.open(in: folder)
        #expect(try store.claim(claim(1)) == .new)
        #expect(try store.claim(claim(2, "answered")) == .new)
        let answer = StoredAnswer(status: 204, contentType: "", body: [])
        try store.conclude(claim(2, "answered").key, with: answer)
        _ = try store.join(gateway: "a", called: "a")
        #expect(try store.claim(claim(3)) == .new)
        #expect(try store.claim(claim(4, "answered")) == .answered(LedgerEntry.sample(2).id, answer))
    }

    @Test("the memory store keeps the last of them")
    func bounded() throws {
        let store = MemoryStore(capacity: 3)
        for number in 0..<10 { try store.keep([RequestTexts(request: LedgerEntry.sample(number).id, prompt: [UInt8(number)], reply: [])]) }
        #expect(try (0..<10).filter { try store.texts(of: LedgerEntry.sample($0).id) != nil } == [7, 8, 9])
        for number in 0..<10_500 { _ = try store.claim(claim(number, "\(number)", at: Int64(number))) }
        // Its claim would still hold had it not been forgotten for want of room.
        #expect(try store.claim(claim(1, "10499", at: 10_500)) == .inProgress(LedgerEntry.sample(10_499).id))
    }
}
