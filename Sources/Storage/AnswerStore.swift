/// A whole answer that is given again to the same request.
public struct CachedAnswer: Hashable, Sendable {
    /// Of all that the answer depends on: 32 bytes.
    public var digest: [UInt8]
    /// Names, to forget answers by.
    public var key: String
    public var route: String
    public var storedMilliseconds: Int64
    public var expiresMilliseconds: Int64
    /// In nanodollars: what the report of savings compares the request with; nil where it has nothing to.
    public var worth: Int64?
    public var contentType: String
    /// Header lines that say who answered.
    public var lines: [UInt8]
    public var body: [UInt8]

    public init(
        digest: [UInt8], key: String, route: String, storedMilliseconds: Int64, expiresMilliseconds: Int64, worth: Int64?, contentType: String,
        lines: [UInt8], body: [UInt8]
    ) {
        (self.digest, self.key, self.route, self.worth) = (digest, key, route, worth)
        (self.storedMilliseconds, self.expiresMilliseconds) = (storedMilliseconds, expiresMilliseconds)
        (self.contentType, self.lines, self.body) = (contentType, lines, body)
    }

    /// What keeping it costs.
    public var bytes: Int { digest.count + key.utf8.count + route.utf8.count + contentType.utf8.count + lines.count + body.count + 192 }
}

/// Which answers are forgotten: those of a key, of a route, of both together, or all.
public struct CacheSelection: Hashable, Sendable {
    public var key: String?
    public var route: String?

    public init(key: String? = nil, route: String? = nil) { (self.key, self.route) = (key, route) }

    public func holds(_ answer: CachedAnswer) -> Bool { (key ?? answer.key) == answer.key && (route ?? answer.route) == answer.route }
}

/// Where answers outlast the process. All calls block and belong on no event loop.
public protocol AnswerStore: Sendable {
    /// Puts answers over those of the same digest.
    func keep(_ answers: [CachedAnswer]) throws(StoreFailure)
    /// Nil: unknown or expired.
    func answer(_ digest: [UInt8], at milliseconds: Int64) throws(StoreFailure) -> CachedAnswer?
    /// How many there were.
    func forget(_ selection: CacheSelection) throws(StoreFailure) -> Int
    /// Forgets what has expired, then the oldest until what is left takes at most so many bytes. How many went, and the bytes left.
    func prune(at milliseconds: Int64, bytes: Int) throws(StoreFailure) -> (forgotten: Int, bytes: Int)
    func close() throws(StoreFailure)
    /// What is kept is damaged: puts it aside, and closes. Another store of its place begins anew. Where it went; nil: nothing was moved.
    func discard() -> String?
}

extension AnswerStore {
    public func discard() -> String? {
        try? close()  // it is done with
        return nil
    }
}

/// Keeps answers as long as the process lives.
public final class MemoryAnswerStore: AnswerStore {
    private let kept = Locked<[[UInt8]: CachedAnswer]>([:])

    public init() {}

    public func keep(_ answers: [CachedAnswer]) throws(StoreFailure) {
        kept.withLock { kept in for answer in answers { kept[answer.digest] = answer } }
    }

    public func answer(_ digest: [UInt8], at milliseconds: Int64) throws(StoreFailure) -> CachedAnswer? {
        kept.withLock { $0[digest].flatMap { $0.expiresMilliseconds > milliseconds ? $0 : nil } }
    }

    public func forget(_ selection: CacheSelection) throws(StoreFailure) -> Int {
        kept.withLock { kept in
            let before = kept.count
            kept = kept.filter { !selection.holds($0.value) }
            return before - kept.count
        }
    }

    /// Linear in what is kept, times its logarithm.
    public func prune(at milliseconds: Int64, bytes: Int) throws(StoreFailure) -> (forgotten: Int, bytes: Int) {
        kept.withLock { kept in
            let before = kept.count
            let newest = kept.values.filter { $0.expiresMilliseconds > milliseconds }.sorted { $0.storedMilliseconds > $1.storedMilliseconds }
            var total = 0
            let left = newest.prefix { answer in
                guard total + answer.bytes <= bytes else { return false }
                total += answer.bytes
                return true
            }
            kept = Dictionary(left.map { ($0.digest, $0) }) { first, _ in first }
            return (before - kept.count, total)
        }
    }

    public func close() throws(StoreFailure) {}
}
