import Wire

/// A client's body that cannot be read: the caller answers 400.
public struct Malformed: Error, Hashable, Sendable {
    /// The first wrong byte.
    public var offset: Int
    /// Lower case, says what was expected and where.
    public var message: String
    /// The member whose value is wrong; nil when the body is not JSON at all.
    public var member: String?

    public init(offset: Int, message: String, member: String? = nil) {
        self.offset = offset
        self.message = "\(message) (byte \(offset))"
        self.member = member
    }

    public init(_ problem: JSONProblem) {
        self.init(offset: problem.offset, message: "the body is not valid JSON: \(problem.expected)")
    }
}

/// A JSON string with its quotes and escapes, written once and copied into many requests.
public struct QuotedText: Hashable, Sendable {
    public let bytes: [UInt8]

    public init(_ text: String) {
        var bytes: [UInt8] = []
        JSONWriter.append(text, to: &bytes)
        self.bytes = bytes
    }
}
