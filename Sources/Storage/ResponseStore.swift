/// A response of the Responses API, or a conversation, as clients fetch it and later requests build on it.
public struct StoredResponse: Hashable, Sendable {
    /// `resp_…` or `conv_…`.
    public var id: String
    /// Whose it is: a key or a project. Nobody else learns that it exists.
    public var owner: String
    public var createdMilliseconds: Int64
    public var expiresMilliseconds: Int64
    /// What it follows on: the response before it, or of a conversation the last response.
    public var previous: String?
    /// A JSON array: the items that its own request brought.
    public var input: [UInt8]
    /// The response object.
    public var body: [UInt8]
    /// Kept with it: this process is still at work on it. Found so: another gateway of the store is, and that one is alive. Stores that
    /// are one process's own do not keep it.
    public var isAtWork = false

    public init(
        id: String, owner: String, createdMilliseconds: Int64, expiresMilliseconds: Int64, previous: String?, input: [UInt8], body: [UInt8]
    ) {
        (self.id, self.owner, self.previous) = (id, owner, previous)
        (self.createdMilliseconds, self.expiresMilliseconds) = (createdMilliseconds, expiresMilliseconds)
        (self.input, self.body) = (input, body)
    }

    /// What keeping it costs.
    public var bytes: Int { input.count + body.count + id.utf8.count + owner.utf8.count + 128 }
}

/// Where responses are kept. All calls block and belong on no event loop; `ResponseShelf` stands before it.
public protocol ResponseStore: Sendable {
    /// Puts responses, over those of the same id and owner; an id that another owner has stays theirs.
    func keep(_ responses: [StoredResponse]) throws(StoreFailure)
    /// Nil: unknown, expired or another's.
    func response(_ id: String, owner: String, at milliseconds: Int64) throws(StoreFailure) -> StoredResponse?
    /// Whether there was one.
    func remove(_ id: String, owner: String) throws(StoreFailure) -> Bool
    /// Forgets what has expired, then the oldest until at most so many, of so many bytes in all, are left. How many went.
    func prune(at milliseconds: Int64, count: Int, bytes: Int) throws(StoreFailure) -> Int
    func close() throws(StoreFailure)
    /// Whether other gateways read it too.
    var isShared: Bool { get }
}

extension ResponseStore {
    public var isShared: Bool { false }
}

/// Keeps responses as long as the process lives.
public final class MemoryResponseStore: ResponseStore {
    private let kept = Locked<[String: StoredResponse]>([:])

    public init() {}

    public func keep(_ responses: [StoredResponse]) throws(StoreFailure) {
        kept.withLock { kept in
            for var response in responses where kept[response.id].map({ $0.owner == response.owner }) ?? true {
                response.isAtWork = false
                kept[response.id] = response
            }
        }
    }

    public func response(_ id: String, owner: String, at milliseconds: Int64) throws(StoreFailure) -> StoredResponse? {
        kept.withLock { kept in kept[id].flatMap { $0.owner == owner && $0.expiresMilliseconds > milliseconds ? $0 : nil } }
    }

    public func remove(_ id: String, owner: String) throws(StoreFailure) -> Bool {
        kept.withLock { kept in kept[id]?.owner == owner && kept.removeValue(forKey: id) != nil }
    }

    /// Linear in what is kept, times its logarithm.
    public func prune(at milliseconds: Int64, count: Int, bytes: Int) throws(StoreFailure) -> Int {
        kept.withLock { kept in
            let before = kept.count
            var left = kept.values.filter { $0.expiresMilliseconds > milliseconds }.sorted { $0.createdMilliseconds > $1.createdMilliseconds }
            var total = 0
            left = Array(
                left.prefix(max(0, count)).prefix { response in
                    total += response.bytes
                    return total <= bytes
                })
            kept = Dictionary(left.map { ($0.id, $0) }) { first, _ in first }
            return before - kept.count
        }
    }

    public func close() throws(StoreFailure) {}
}
