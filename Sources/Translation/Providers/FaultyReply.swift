/// What is known of a reply that is not a success.
public struct FaultyReply: Sendable {
    public var status: Int
    /// The `code`, `type` and `message` members of the provider's error object, where it had one. Bedrock says its type in a
    /// header.
    public var code: String?
    public var type: String?
    public var message: String?
    /// Google's finer code: the `reason` of an ErrorInfo, the `quotaId` of a QuotaFailure.
    public var reason: String?
    /// The body's own word on when to come back: Google's RetryInfo.
    public var retryAfter: Duration?
    /// `x-should-retry`, which Anthropic and OpenAI send: of use where the status alone leaves it open.
    public var shouldRetry: Bool?

    public init(status: Int, code: String? = nil, type: String? = nil, message: String? = nil) {
        self.status = status
        self.code = code
        self.type = type
        self.message = message
    }
}

/// What the head of a reply that is no success says of the failure, beside its status and `retry-after`.
public struct FaultHeaders: Sendable {
    /// AWS's `x-amzn-errortype`, without the address behind the colon.
    public private(set) var type: String?
    public private(set) var shouldRetry: Bool?

    public init() {}

    public mutating func take(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
        if Self.matches(name, "x-amzn-errortype") {
            type = String(decoding: value.prefix { $0 != UInt8(ascii: ":") }.prefix(128), as: UTF8.self)
        } else if Self.matches(name, "x-should-retry") {
            shouldRetry = value.elementsEqual("true".utf8) ? true : value.elementsEqual("false".utf8) ? false : nil
        }
    }

    private static func matches(_ name: UnsafeRawBufferPointer, _ wanted: StaticString) -> Bool {
        guard name.count == wanted.utf8CodeUnitCount else { return false }
        return (0..<name.count).allSatisfy { (name[$0] &- 0x41 < 26 ? name[$0] | 0x20 : name[$0]) == wanted.utf8Start[$0] }
    }
}
