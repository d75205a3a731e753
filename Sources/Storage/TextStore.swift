import Routing

/// What clients said and got, where a project wants it kept; and what was answered under an idempotency key.
public protocol TextStore: Sendable {
    /// Bounded by the caller, redacted before it comes here.
    func keep(_ texts: [RequestTexts]) throws(StoreFailure)
    func texts(of request: RequestID) throws(StoreFailure) -> RequestTexts?

    /// Takes the idempotency key for a request, or says who has it. Kept until `expires`; what is under way when its gateway ends is
    /// free again once that joins anew.
    func claim(_ claim: IdempotencyClaim) throws(StoreFailure) -> IdempotencyOutcome
    /// The request ended: what a repetition is answered with. Nil: nothing worth repeating, so the key is free again.
    func conclude(_ key: IdempotencyKey, with answer: StoredAnswer?) throws(StoreFailure)
}

public struct RequestTexts: Hashable, Sendable {
    public var request: RequestID
    /// The client's body, and the answer's; cut to what is kept.
    public var prompt: [UInt8]
    public var reply: [UInt8]

    public init(request: RequestID, prompt: [UInt8], reply: [UInt8]) {
        self.request = request
        self.prompt = prompt
        self.reply = reply
    }
}

/// Of one virtual key: what it sends as `Idempotency-Key`.
public struct IdempotencyKey: Hashable, Sendable {
    public var key: NameID
    public var text: String

    public init(key: NameID, text: String) {
        self.key = key
        self.text = text
    }
}

public struct IdempotencyClaim: Hashable, Sendable {
    public var key: IdempotencyKey
    public var request: RequestID
    /// SHA-256 of method, path and body: the same key with another body is a mistake.
    public var digest: [UInt8]
    public var unixMilliseconds: Int64
    public var expires: Int64

    public init(key: IdempotencyKey, request: RequestID, digest: [UInt8], unixMilliseconds: Int64, expires: Int64) {
        self.key = key
        self.request = request
        self.digest = digest
        self.unixMilliseconds = unixMilliseconds
        self.expires = expires
    }
}

public enum IdempotencyOutcome: Hashable, Sendable {
    case new
    /// Another request with it is under way.
    case inProgress(RequestID)
    case answered(RequestID, StoredAnswer)
    /// It was used for another body.
    case different(RequestID)
}

public struct StoredAnswer: Hashable, Sendable {
    public var status: Int
    public var contentType: String
    public var body: [UInt8]

    public init(status: Int, contentType: String, body: [UInt8]) {
        self.status = status
        self.contentType = contentType
        self.body = body
    }
}
