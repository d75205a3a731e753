/// How the built-in provider answers. Everything follows from this value, the seed in it and the number of the request.
public struct MockBehaviour: Hashable, Sendable {
    /// From a request to the head of its reply.
    public var latency = Duration.zero
    /// From the head to the first token.
    public var firstToken = Duration.zero
    /// Tokens of an answer; nil: as many as `text` has words. A request's own maximum is respected.
    public var tokens: Int?
    public var tokenInterval = Duration.zero
    /// One word is one token; an answer longer than the text begins again.
    public var text = "Hello from the mock provider."
    /// Of an embedding, where the request does not say.
    public var dimensions = 8
    public var models = ["mock"]
    public var seed: UInt64 = 0
    /// The first that strikes is the one a request meets.
    public var faults: [MockFault] = []

    public init() {}
}

/// Something that goes wrong.
public struct MockFault: Hashable, Sendable {
    public enum Kind: String, CaseIterable, Hashable, Sendable {
        // Before the reply.
        /// Answers `status` with an error object, `code` in it, and `retry_after`.
        case status
        /// Answers `status` with a page of HTML.
        case html
        /// Resets, or closes, the connection instead of answering.
        case reset, close
        /// Never answers.
        case hang
        /// Answers after `delay`.
        case slowFirstByte = "slow_first_byte"
        /// Answers with bytes that are not HTTP.
        case garbage

        // In the reply, after `after_tokens` where it is a stream, else in the middle of the body.
        case resetMidstream = "reset_midstream"
        /// Closes the connection before the reply has ended.
        case truncate
        /// Sends nothing more and leaves the connection open.
        case stall
        /// Ends a stream without finish reason and `[DONE]`; the framing is whole.
        case noDone = "no_done"
        /// Sends an error object in a stream, or as the body of a 200.
        case errorEvent = "error_event"
        /// Finishes with `content_filter`.
        case contentFilter = "content_filter"
        /// Sends JSON that ends too early, in whole framing.
        case malformedJSON = "malformed_json"
        /// Sends a chunk whose size is no number.
        case badChunk = "bad_chunk"
        /// Sends one event of two MiB.
        case hugeEvent = "huge_event"

        // All along.
        /// One byte at a time, `delay` apart.
        case slowLoris = "slow_loris"
        /// A stream in chunks of one byte.
        case split
        /// A stream that never ends.
        case endless
        /// `text/plain`, whatever it is.
        case wrongType = "wrong_type"
        /// Both a length and chunks announced.
        case conflictingLength = "conflicting_length"
        /// Closes the connection after a good reply that did not say so.
        case closeIdle = "close_idle"

        // In the usage reported.
        case noUsage = "no_usage", zeroUsage = "zero_usage", negativeUsage = "negative_usage", hugeUsage = "huge_usage"
        case doubleUsage = "double_usage"
    }

    public var kind: Kind
    public var status = 500
    /// Of the error object.
    public var code: String?
    public var retryAfter: Duration?
    /// How likely it strikes a request, from 0 to 1.
    public var probability = 1.0
    public var afterTokens = 0
    public var delay = Duration.seconds(1)
    /// Requests that pass before it strikes at all.
    public var afterRequests = 0
    /// Requests from there on that it may strike; nil: all.
    public var requests: Int?

    public init(_ kind: Kind) { self.kind = kind }
}
