import Crypto
import Dispatch
import NIOCore
import Routing
import Storage

/// Who has which `Idempotency-Key`, and what was answered under it: asked before a request goes on, on a queue of its own since the store
/// blocks.
final class IdempotencyDesk: Sendable {
    /// Answers with more bytes are not kept: a repetition hears so.
    static let mostBytes = 1 << 20
    /// How long an answer is kept.
    static let lifetime: Int64 = 24 * 3_600_000
    static let longestKey = 255
    /// Claims that may wait for the store.
    private static let most = 4_096

    private let store: any Store
    /// One thing after the other: who repeats a request that was just answered finds its answer.
    private let queue = DispatchQueue(label: "idempotency")
    private let waiting = Locked(0)

    init(_ store: any Store) { self.store = store }

    /// Takes the key for a request, or says who has it. Nil: too many wait.
    func claim(
        _ key: IdempotencyKey, for request: RequestID, path: [UInt8], body: ByteBuffer, on loop: any EventLoop
    ) -> EventLoopFuture<IdempotencyOutcome>? {
        let fits = waiting.withLock { waiting in
            guard waiting < Self.most else { return false }
            waiting += 1
            return true
        }
        guard fits else { return nil }
        let promise = loop.makePromise(of: IdempotencyOutcome.self)
        queue.async {
            self.waiting.withLock { $0 -= 1 }
            var hash = SHA256()
            hash.update(data: path)
            hash.update(data: [0])
            body.withUnsafeReadableBytes { hash.update(bufferPointer: $0) }
            let now = WallClock.milliseconds()
            let claim = IdempotencyClaim(
                key: key, request: request, digest: Array(hash.finalize()), unixMilliseconds: now, expires: now + Self.lifetime)
            do throws(StoreFailure) { promise.succeed(try self.store.claim(claim)) } catch { promise.fail(error) }
        }
        return promise.futureResult
    }

    /// Nil: nothing worth repeating, so the key is free again. Where the store fails it stays taken until the gateway joins anew.
    func conclude(_ key: IdempotencyKey, with answer: StoredAnswer?) {
        queue.async {
            try? self.store.conclude(key, with: answer)  // who repeats it hears that it is under way
        }
    }

    /// What is kept of an answer that cannot be given again: a stream, or one that is too large.
    static let unrepeatable = StoredAnswer(status: 0, contentType: "", body: [])
}

/// A request's hold on its key, until something was answered. Given up where it is let go of.
final class IdempotencyTicket {
    private let desk: IdempotencyDesk
    private let key: IdempotencyKey
    private var isOver = false

    init(_ desk: IdempotencyDesk, _ key: IdempotencyKey) { (self.desk, self.key) = (desk, key) }

    deinit { if !isOver { desk.conclude(key, with: nil) } }

    func conclude(_ answer: StoredAnswer) {
        guard !isOver else { return }
        isOver = true
        desk.conclude(key, with: answer)
    }

    /// Of a whole answer as it goes out: its head, with the body behind it or apart.
    func conclude(head: ByteBuffer?, body: ByteBuffer?) {
        guard let head, let answer = Self.answer(head, body) else { return conclude(IdempotencyDesk.unrepeatable) }
        conclude(answer)
    }

    private static func answer(_ head: ByteBuffer, _ body: ByteBuffer?) -> StoredAnswer? {
        guard head.readableBytes + (body?.readableBytes ?? 0) <= IdempotencyDesk.mostBytes + 65_536 else { return nil }
        let bytes = head.withUnsafeReadableBytes { Array($0) } + (body?.withUnsafeReadableBytes { Array($0) } ?? [])
        guard let parts = AnswerParts(bytes), parts.status > 0, parts.body.count <= IdempotencyDesk.mostBytes else { return nil }
        return StoredAnswer(status: parts.status, contentType: parts.contentType.isEmpty ? "application/json" : parts.contentType, body: parts.body)
    }
}
