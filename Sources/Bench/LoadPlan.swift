/// What the load client is to do.
public struct LoadPlan: Sendable {
    public var port: UInt16
    public var path = "/v1/chat/completions"
    public var model = "chat"
    public var key = Ourselves.key
    public var body = ChatBody.small
    public var connections = 64
    /// Requests per second, whether answers come or not; nil sends the next request when an answer is there.
    public var rate: Double?
    public var duration = Duration.seconds(3)
    /// At the start, sent but not counted in percentiles and rates.
    public var warmUp = Duration.zero
    /// Stops after so many requests, whatever the duration says.
    public var requests: Int?
    /// What an answer must be, or it is an error; nil: not checked.
    public var expectedBytes: Int?
    public var expectedEvents: Int?
    /// The processor to stay on.
    public var core: Int?

    public init(port: UInt16) { self.port = port }

    /// The whole request, head and body.
    func request() -> [UInt8] {
        let json = body.json(model: model)
        let head =
            "POST \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nUser-Agent: swiftlet-bench\r\n"
            + "Authorization: Bearer \(key)\r\nContent-Type: application/json\r\nAccept: */*\r\nContent-Length: \(json.count)\r\n\r\n"
        return Array(head.utf8) + json
    }
}

/// What the load client saw. Times are microseconds.
public struct LoadReport: Codable, Sendable {
    /// Answers that came, right or wrong, warm-up included.
    public var answers = 0
    /// Answers that came within the measured time, and per second.
    public var measured = 0
    public var rps = 0.0
    public var errors = Errors()
    /// From the moment at which a request was to be sent, so that a stall counts for all that it held up.
    public var latency: Percentiles?
    public var firstByte: Percentiles?
    public var gap: Percentiles?
    /// Events of all streams, warm-up included.
    public var events = 0
    /// Length and events of the last answer.
    public var bytes = 0
    public var eventsPerAnswer = 0
    /// Requests of the open loop that had to wait for a connection.
    public var late = 0
    /// What the client itself cost.
    public var clientCPU = 0.0

    public struct Errors: Codable, Sendable {
        public var status = 0
        public var length = 0
        public var malformed = 0
        public var closed = 0
        public var unanswered = 0
        /// The first one, in words.
        public var first: String?

        public var total: Int { status + length + malformed + closed + unanswered }
    }
}
