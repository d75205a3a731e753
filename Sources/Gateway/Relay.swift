import NIOCore
import Routing
import Storage
import Translation
import Wire

/// The reply of the attempt in progress on its way to the client: gathered whole, or relayed event by event.
///
/// A whole reply is gathered before a byte of it goes on: only so can a cut or garbled one still be answered by another
/// deployment, and only so does the answer's head know the cost.
struct Relay {
    /// Answers up to this size are written next to their head.
    private static let together = 65_536

    private let api: API
    private let wantsStream: Bool
    private let hidesUsage: Bool
    private let choices: Int
    private(set) var status = 0
    /// When the reply's head came; nil before that.
    private(set) var firstByte: Instant?
    /// When the first content of a stream came.
    private(set) var firstToken: Instant?
    private(set) var isStream = false
    private(set) var retryAfter: Duration?
    private var faultHeaders = FaultHeaders()
    private var isJSON = false
    private var isEncoded = false
    /// How, of one that is.
    private var encoding = ""
    /// The answer's status line and passed headers. Begun while the reply's head is at hand, since its bytes do not stay.
    private var head: ByteBuffer?
    /// What has come of a whole reply, where it did not come in one piece.
    private var gathered: ByteBuffer?
    /// All of a small reply that came in one piece. It lies in the read buffer: of use until the read has been dealt with.
    private var piece: UnsafeRawBufferPointer?
    /// What a whole reply says of itself.
    private(set) var facts = ReplyFacts()
    /// Made when a stream begins; nil for whole replies, and where an interpreter reads the stream.
    private var stream: StreamRelay?
    /// Between two dialects; nil where both sides speak OpenAI's.
    var interpreter: Interpreter?
    /// Bytes for the client that the read in progress has brought.
    var frame: ByteBuffer?
    private(set) var headIsOut = false
    /// Guards that look at what goes to the client; nil where nobody does.
    var screen: ReplyScreen?
    /// By one of them.
    var isBlocked = false
    /// Bytes of the stream so far, as the provider sent them.
    private var streamed = 0
    /// An event of our own before those of the provider.
    var preface: [UInt8]?
    /// A member for the object that a stream begins with; see `RoutingPlace`.
    var routing: [UInt8]?
    /// Holds the first tokens of a stream until it has shown that it is fast enough; nil once it has, or where nothing is held.
    private var gate: CommitGate.Watch?
    private var tokensAtGate = 0
    /// What the reply's head said the provider will still take.
    private(set) var accountLimits: AccountLimits?
    /// The last provider's own words: a client gets to see them when they are about its request.
    private(set) var said: LastWords?
    /// Header lines of a reply that is no success: what it says of limits.
    private var limitLines: ByteBuffer?

    init(_ call: Call) {
        api = call.api
        wantsStream = call.stream
        hidesUsage = call.stream && !call.asksUsage
        choices = call.choices
    }

    mutating func beginAttempt() {
        gate = nil
        tokensAtGate = 0
        preface = nil
        routing = nil
        interpreter = nil
        isBlocked = false
        guard firstByte != nil else { return }
        status = 0
        firstByte = nil
        firstToken = nil
        isStream = false
        retryAfter = nil
        head = nil
        gathered = nil
        piece = nil
        frame = nil
        stream = nil
        streamed = 0
        accountLimits = nil
        limitLines = nil
    }

    // MARK: The gate

    var isHeld: Bool { gate != nil }
    var gateLook: Instant? { gate?.nextLook }

    mutating func beginGate(_ gate: CommitGate, started: Instant) { self.gate = CommitGate.Watch(gate, started: started) }
    mutating func openGate() { gate = nil }

    /// What the gate says of what has come by now.
    mutating func lookAtGate(at now: Instant) -> CommitGate.Verdict {
        guard gate != nil else { return .commit }
        let fresh = contentEvents - tokensAtGate
        tokensAtGate += fresh
        let verdict = fresh > 0 ? gate!.received(tokens: fresh, at: now) : gate!.look(at: now)
        if verdict == .commit { gate = nil }
        return verdict
    }

    // MARK: Taking

    mutating func began(_ reply: ResponseHead, _ bytes: UnsafeRawBufferPointer, at now: Instant, loop: Loop) {
        firstByte = now
        status = reply.status
        isJSON = reply.contentType == .json
        isEncoded = reply.hasContentEncoding
        isStream = reply.status == 200 && wantsStream && !isEncoded && isStreamed(reply.contentType)
        if isStream {
            if let interpreter { interpreter.beginStream() } else { stream = StreamRelay(api: api, hidesUsage: hidesUsage, choices: choices) }
        }
        let ownType = interpreter.flatMap { $0.passes ? nil : $0.contentType }
        if isEncoded { encoding = String(decoding: reply.contentEncoding.bytes(in: bytes), as: UTF8.self).headerSafe }
        retryAfter = Self.retryAfter(reply, bytes)
        var head = loop.takeScratch(capacity: 4096)
        var limits = RateLimitHeaders(now: 0)
        var hasLimits = false
        var faultHeaders = FaultHeaders()
        head.writeHead(atMost: reply.length + 128) { head in
            head.statusLine(reply.status)
            reply.forEachField(in: bytes) { name, value in
                if reply.status >= 400 {
                    faultHeaders.take(name, value)
                    if PassedHeaders.isLimit(name) { noteLimit(name, value) }
                }
                if RateLimitHeaders.mayTake(name) {
                    if !hasLimits { limits = RateLimitHeaders(now: WallClock.milliseconds()) }
                    hasLimits = true
                    limits.take(name, value)
                }
                guard PassedHeaders.pass(name), ownType == nil || !name.isContentType else { return }
                head.bytes(name)
                head.text(": ")
                head.bytes(value)
                head.text("\r\n")
            }
            if let ownType {
                head.text("content-type: ")
                head.text(ownType)
                head.text("\r\n")
            }
        }
        self.head = head
        self.faultHeaders = faultHeaders
        if hasLimits, !limits.isEmpty { accountLimits = limits.limits }
    }

    private mutating func noteLimit(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
        var lines = limitLines ?? ByteBuffer()
        lines.writeBytes(name)
        lines.writeStaticString(": ")
        lines.writeBytes(value)
        lines.writeStaticString("\r\n")
        limitLines = lines
    }

    /// The provider's wish in milliseconds where it says so, else in seconds or as a date.
    private static func retryAfter(_ reply: ResponseHead, _ bytes: UnsafeRawBufferPointer) -> Duration? {
        if reply.retryAfterMilliseconds.isPresent {
            return RetryAfter.parseMilliseconds(reply.retryAfterMilliseconds.bytes(in: bytes))
        }
        guard reply.retryAfter.isPresent else { return nil }
        return RetryAfter.parse(reply.retryAfter.bytes(in: bytes), now: WallClock.milliseconds() / 1000)
    }

    /// Takes a piece of the reply's body. False: it is larger than it may be.
    mutating func take(_ bytes: UnsafeRawBufferPointer, last: Bool, limit: Int, loop: Loop) throws(StreamProblem) -> Bool {
        if isStream {
            if frame == nil { beginFrame(loop) }
            streamed += bytes.count
            guard streamed <= limit else { return false }
            let fresh = frame!.writerIndex
            defer { if screen != nil { screen(from: fresh) } }
            if let interpreter { try interpreter.stream?.take(bytes, into: &frame!) } else { try stream!.take(bytes, into: &frame!) }
            if firstToken == nil, contentEvents > 0 { firstToken = loop.time }
            return true
        }
        if last, gathered == nil, bytes.count <= min(Self.together, limit) {
            piece = bytes
            return true
        }
        if gathered == nil { gathered = loop.allocator.buffer(capacity: bytes.count) }
        guard gathered!.readableBytes + bytes.count <= limit else { return false }
        gathered!.writeBytes(bytes)
        return true
    }

    mutating func beginFrame(_ loop: Loop) {
        frame = Frame.begin(loop)
        if let preface {
            frame!.writeBytes(preface)
            self.preface = nil
        }
    }

    // MARK: A whole reply

    /// Why a reply that came to its end is none. Nil: it is one, and `facts` has what it says.
    mutating func fault(_ provider: any Provider) -> (Fault, String)? {
        guard (200..<300).contains(status) else {
            let reply = withBody { FaultyReply.read(status: status, body: $0, headers: faultHeaders) }
            retryAfter = retryAfter ?? reply.retryAfter
            said = LastWords(reply, withBody { ByteBuffer(bytes: $0) }, limitLines, accountLimits)
            return (provider.fault(of: reply), reply.summary)
        }
        if isEncoded { return (.malformedReply, encodingDetail) }
        if wantsStream { return (.malformedReply, "a stream was asked for and something else came") }
        if let interpreter { return fault(provider, interpreter) }
        facts = ReplyFacts()
        if let problem = readFacts() { return (.malformedReply, "the reply is not JSON: \(problem.expected) (byte \(problem.offset))") }
        if let error = facts.error {
            said = LastWords(error, withBody { ByteBuffer(bytes: $0) }, limitLines, accountLimits)
            return (provider.fault(of: error), error.summary)
        }
        return facts.answers == nil ? (.malformedReply, "the reply has no answer in it") : nil
    }

    /// A stream that nobody can read as it comes; nothing is gained by waiting for its end.
    var isEncodedStream: Bool { isEncoded && wantsStream && status == 200 }
    var encodingDetail: String { "bad content encoding `\(encoding)`: none was asked for" }

    /// As above, where the reply is read in another dialect; then what goes on is in the client's.
    private mutating func fault(_ provider: any Provider, _ interpreter: Interpreter) -> (Fault, String)? {
        var problem: JSONProblem?
        let changed: [UInt8]? = withBody { raw in
            do throws(JSONProblem) { return try interpreter.whole(raw) } catch {
                problem = error
                return nil
            }
        }
        if let problem { return (.malformedReply, "the reply is not what \(interpreter.spoken.name) answers (byte \(problem.offset))") }
        if let error = interpreter.error {
            said = LastWords(error, withBody { ByteBuffer(bytes: $0) }, limitLines, accountLimits)
            return (provider.fault(of: error), error.summary)
        }
        guard interpreter.hasAnswer else { return (.malformedReply, "the reply has no answer in it") }
        if let changed { replaceBody(changed) }
        return nil
    }

    /// What to bill of a whole reply.
    func billed(estimatedInput: Int64) -> Usage {
        interpreter?.billed(estimatedInput: estimatedInput) ?? facts.billed(estimatedInput: estimatedInput)
    }

    /// How soon the provider says it served the request; nil where it says nothing. Mutating, since all of this is copied else.
    mutating func servedTier() -> ServiceTier? { interpreter != nil ? interpreter?.tier : isStream ? stream?.tier : facts.tier }

    private mutating func readFacts() -> JSONProblem? {
        let body = piece ?? UnsafeRawBufferPointer(start: nil, count: 0)
        do throws(JSONProblem) {
            if piece == nil, let gathered {
                try gathered.readable { raw throws(JSONProblem) in try facts.take(raw, api: api) }
            } else {
                try facts.take(body, api: api)
            }
            return nil
        } catch {
            return error
        }
    }

    /// Puts one member before the others of the reply, which is an object.
    mutating func insert(member: [UInt8]) {
        let changed: [UInt8]? = withBody { body in
            guard let brace = body.firstIndex(of: UInt8(ascii: "{")) else { return nil }
            let rest = UnsafeRawBufferPointer(rebasing: body[(brace + 1)...])
            let isAlone = rest.first { $0 > 0x20 } == UInt8(ascii: "}")
            return [UInt8(ascii: "{")] + member + (isAlone ? [] : [UInt8(ascii: ",")]) + Array(rest)
        }
        if let changed { replaceBody(changed) }
    }

    mutating func replaceBody(_ body: [UInt8]) {
        piece = nil
        gathered = ByteBuffer(bytes: body)
    }

    /// The whole answer in one buffer, or, of a large one, its head and its body.
    mutating func wholeAnswer(cost: Nanodollars?, for exchange: Exchange) -> (ByteBuffer, ByteBuffer?) {
        var out = head ?? ByteBuffer()
        head = nil
        let length = withBody(\.count)
        let together = length <= Self.together
        out.writeHead(atMost: exchange.namesBound + 128 + (together ? length : 0)) { head in
            head.connection(exchange.client)
            exchange.writeNames(into: &head)
            if let cost {
                head.text("x-swiftlet-cost-usd: ")
                head.dollars(cost)
                head.text("\r\n")
            }
            head.contentLength(length)
            if together { withBody { head.bytes($0) } }
        }
        return (out, together ? nil : gathered)
    }

    func withBody<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        if let piece { return body(piece) }
        return gathered?.withUnsafeReadableBytes(body) ?? body(UnsafeRawBufferPointer(start: nil, count: 0))
    }

    // MARK: A stream

    /// The first content byte went out, so no other deployment can take over.
    var isCommitted: Bool { gate == nil && (stream?.committed ?? interpreter?.stream?.committed ?? false) }
    /// The provider said all it will: the end, or an error.
    var saidAll: Bool { stream?.done ?? interpreter?.stream?.done ?? false || streamError != nil }
    /// What the provider says went wrong after its stream had begun.
    var streamError: FaultyReply? { stream?.error ?? interpreter?.stream?.error }

    /// What the provider said within its stream is its last word as an error answer would be.
    mutating func keepWords() {
        if let streamError { said = LastWords(streamError, nil, nil, accountLimits) }
    }

    private var contentEvents: Int { stream?.contentEvents ?? interpreter?.stream?.contentEvents ?? 0 }

    func streamUsage(estimatedInput: Int64) -> Usage {
        stream?.billed(estimatedInput: estimatedInput) ?? interpreter?.stream?.billed(estimatedInput: estimatedInput) ?? Usage()
    }

    private func isStreamed(_ type: ContentKind) -> Bool {
        type == (interpreter?.spoken == .converse ? .amazonEventStream : .eventStream)
    }

    /// What may go to the client now, framed; nil when there is nothing.
    mutating func takeFrame(for exchange: Exchange) -> ByteBuffer? {
        guard isCommitted, var body = frame, Frame.length(body) > 0 else { return nil }
        frame = nil
        let chunked = exchange.client.speaksHTTP11
        if let routing, !headIsOut { Frame.insert(routing, into: &body, api) }
        Frame.close(&body, chunked: chunked)
        guard !headIsOut else { return body }
        headIsOut = true
        if !chunked { exchange.client.closeAfterAnswer() }
        var out = head ?? ByteBuffer()
        head = nil
        out.writeHead(atMost: exchange.namesBound + 128 + body.readableBytes) { head in
            head.connection(exchange.client)
            exchange.writeNames(into: &head)
            head.text(chunked ? "transfer-encoding: chunked\r\n\r\n" : "\r\n")
            head.lines(body)
        }
        return out
    }

    /// Everything came but the stream's end.
    var isWhole: Bool { isStream && (stream?.isWhole ?? interpreter?.stream?.isWhole ?? false) }

    /// The provider's stream is over; what was held back is now in the frame.
    mutating func endStream(_ loop: Loop, isCut: Bool) -> StreamEnd {
        if frame == nil { beginFrame(loop) }
        let fresh = frame!.writerIndex
        defer {
            if screen != nil {
                screen(from: fresh)
                releaseScreened(loop)
            }
        }
        if let interpreter { return interpreter.stream?.end(into: &frame!, isCut: isCut) ?? .truncated }
        return stream!.end(into: &frame!, isCut: isCut)
    }

    /// The last frame of a stream: what is left, after a fault the event that says so, and the end of the body.
    mutating func lastFrame(_ refusal: Refusal?, for exchange: Exchange) -> ByteBuffer {
        if let refusal {
            if screen != nil { releaseScreened(exchange.loop) }
            if frame == nil { frame = Frame.begin(exchange.loop) }
            if isBlocked, let interpreter, let screen {
                interpreter.end(with: refusal, after: screen.passed, into: &frame!)
            } else if let translation = interpreter?.stream {
                translation.fail(refusal, into: &frame!)
            } else {
                refusal.writeEvent(requestID: exchange.id.description, into: &frame!)
            }
        }
        var out = takeFrame(for: exchange) ?? exchange.loop.takeScratch(capacity: 16)
        if exchange.client.speaksHTTP11 { out.writeStaticString("0\r\n\r\n") }
        return out
    }
}

extension UnsafeRawBufferPointer {
    fileprivate var isContentType: Bool { count == 12 && startsIgnoringCase("content-type") }
}
