import NIOCore
import Routing
import Wire

/// Turns a provider's stream into the stream of another dialect, event by event, as they come.
///
/// As `StreamRelay`, it holds back what comes before the first content, so that another provider can still take over. Memory:
/// one event that has not ended, and what the writer has to know of open blocks.
public final class StreamTranslation {
    /// Something may go to the client: from here on nobody else can take over.
    public private(set) var committed: Bool
    /// The provider said all it will.
    public var done: Bool { reader.isComplete }
    public var error: FaultyReply? { tap.error }
    /// The answer is whole, though the provider may not have said its end.
    public var isWhole: Bool { tap.error == nil && reader.isWhole }
    public var contentEvents: Int { tap.contentEvents }
    public var usage: Usage? { tap.usage }
    public var tier: ServiceTier? { tap.tier }
    public var loss: Loss { tap.loss }

    private let reader: any ReplyReader
    private let tap: ReplyTap
    /// The client speaks the provider's dialect: events go on as they came, and are only read.
    private let passes: Bool
    private var passed: [UInt8] = []
    /// The client hears at once of an error that the provider tells.
    private let tells: Bool
    private let hold: StreamRelay.Hold
    private var splitter: EventSplitter
    private var frames: EventStreamSplitter
    private var carry: [UInt8] = []
    private var events = 0
    private var told = false

    public init(
        from reader: any ReplyReader, to writer: any ReplyWriter, passes: Bool = false, tells: Bool = true,
        hold: StreamRelay.Hold = StreamRelay.Hold(), largestEvent: Int = EventSplitter.largest
    ) {
        self.reader = reader
        self.hold = hold
        self.passes = passes
        self.tells = tells
        tap = ReplyTap(writer, isMuted: passes)
        committed = hold.events == 0
        splitter = EventSplitter(limit: largestEvent)
        frames = EventStreamSplitter(limit: largestEvent)
    }

    /// Takes the next bytes of the provider's stream and appends what the client may have now: of what went before a problem too,
    /// since what the client hears must not depend on the cut.
    public func take(_ payload: UnsafeRawBufferPointer, into out: inout ByteBuffer) throws(StreamProblem) {
        do throws(StreamProblem) { try read(payload) } catch {
            hand(to: &out)
            throw error
        }
        hand(to: &out)
    }

    private func read(_ payload: UnsafeRawBufferPointer) throws(StreamProblem) {
        if carry.isEmpty {
            let used = try translate(payload, last: false)
            if used < payload.count { carry.append(contentsOf: payload[used...]) }
        } else {
            var bytes: [UInt8] = []
            swap(&bytes, &carry)
            bytes.append(contentsOf: payload)
            let used = try bytes.withUnsafeBufferPointer { whole throws(StreamProblem) in
                try translate(UnsafeRawBufferPointer(whole), last: false)
            }
            bytes.removeSubrange(..<used)
            swap(&bytes, &carry)
        }
    }

    /// The upstream ended. Appends the end of a stream that ended well.
    ///
    /// - Parameter isCut: Its connection broke, or stood still: what is left of it may be a part of an event.
    public func end(into out: inout ByteBuffer, isCut: Bool = false) -> StreamEnd {
        var bytes: [UInt8] = []
        swap(&bytes, &carry)
        let said = reader.isComplete
        do throws(StreamProblem) {
            _ = try bytes.withUnsafeBufferPointer { whole throws(StreamProblem) in
                try translate(UnsafeRawBufferPointer(whole), last: true)
            }
        } catch {
            guard isCut, isWhole else { return .truncated }  // what was left is no event
        }
        if tap.error == nil {
            guard reader.end(to: tap) else {
                hand(to: &out)
                return .truncated
            }
            if tap.error == nil {
                if !passes { tap.end() } else if !said { passed.append(contentsOf: reader.lastEvent.description.utf8) }
                committed = true
            }
        }
        hand(to: &out)
        return tap.error == nil ? .complete : .failed(told: told)
    }

    /// Ends a stream whose answer has begun with the client dialect's own error event.
    public func fail(_ refusal: Refusal, into out: inout ByteBuffer) {
        var reply = FaultyReply(status: refusal.status)
        (reply.code, reply.type, reply.message) = (refusal.code.rawValue, refusal.type, refusal.message)
        tap.inner.write(.failed(reply))
        out.writeBytes(passed)
        passed.removeAll(keepingCapacity: true)
        out.writeBytes(tap.inner.output.bytes)
        tap.inner.output.clear()
    }

    /// What to bill: the provider's word, else four bytes a token, and at least one token an event, marked as estimated.
    public func billed(estimatedInput: Int64) -> Usage { tap.billed(estimatedInput: estimatedInput) }

    private func hand(to out: inout ByteBuffer) {
        if !committed {
            // Content commits even if an error follows in the same piece: what the client hears must not depend on the cut.
            let isFull = events >= hold.events || tap.inner.output.bytes.count + passed.count > hold.bytes
            committed = tap.contentEvents > 0 || tap.hasFinished || isFull && tap.error == nil
        }
        guard committed else { return }
        if tells, let error = tap.error, !told {
            told = true
            if !passes { tap.inner.write(.failed(error)) }
        }
        if passes {
            out.writeBytes(passed)
            passed.removeAll(keepingCapacity: true)
            return
        }
        out.writeBytes(tap.inner.output.bytes)
        tap.inner.output.clear()
    }

    /// Reads the events in `bytes`; answers how many bytes they took.
    private func translate(_ bytes: UnsafeRawBufferPointer, last: Bool) throws(StreamProblem) -> Int {
        if reader.framing == .eventStream { return try translateFrames(bytes, last: last) }
        var used = 0
        while let event = try next(in: bytes, from: used, last: last) {
            used = event.raw.upperBound
            // One stream is one life: behind its end only the mark that some providers put there goes on.
            let isMark = UnsafeRawBufferPointer(rebasing: bytes[event.data]).says("[DONE]")
            if isMark, !reader.hasEndMark { continue }
            if event.unterminated, event.dataLines == 0 { continue }
            let before = passed.count
            if passes, tap.error == nil, !reader.isComplete || isMark {
                passed.append(contentsOf: bytes[event.raw])
                if event.unterminated { passed.append(contentsOf: "\n\n".utf8) }
            }
            guard event.dataLines > 0, tap.error == nil else { continue }
            events += 1
            let name = UnsafeRawBufferPointer(rebasing: bytes[event.name])
            do throws(JSONProblem) {
                if event.dataLines == 1 {
                    try reader.read(event: name, data: UnsafeRawBufferPointer(rebasing: bytes[event.data]), to: tap)
                } else {
                    let joined = splitter.joined
                    try joined.withUnsafeBufferPointer { data throws(JSONProblem) in
                        try reader.read(event: name, data: UnsafeRawBufferPointer(data), to: tap)
                    }
                }
            } catch {
                guard event.unterminated else { throw .notJSON }
                // A part of an event: what follows it would be read as its rest.
                passed.removeSubrange(before...)
                break
            }
        }
        return used
    }

    /// As above, of an AWS event stream.
    private func translateFrames(_ bytes: UnsafeRawBufferPointer, last: Bool) throws(StreamProblem) -> Int {
        var used = 0
        while let frame = try nextFrame(in: bytes, from: used, last: last) {
            used = frame.raw.upperBound
            if passes, tap.error == nil, !reader.isComplete { passed.append(contentsOf: bytes[frame.raw]) }
            guard tap.error == nil, frame.kind != .other else { continue }
            events += 1
            let name = UnsafeRawBufferPointer(rebasing: bytes[frame.name])
            do throws(JSONProblem) {
                try reader.read(event: name, data: UnsafeRawBufferPointer(rebasing: bytes[frame.payload]), to: tap)
            } catch {
                throw .notJSON
            }
        }
        return used
    }

    private func nextFrame(in bytes: UnsafeRawBufferPointer, from used: Int, last: Bool) throws(StreamProblem) -> EventStreamFrame? {
        do throws(EventStreamProblem) {
            return try frames.next(in: bytes, from: used, last: last)
        } catch {
            if case .tooLarge(let limit) = error { throw .eventTooLarge(limit) }
            throw .notFrames
        }
    }

    private func next(in bytes: UnsafeRawBufferPointer, from used: Int, last: Bool) throws(StreamProblem) -> ServerSentEvent? {
        do throws(EventTooLarge) {
            return try splitter.next(in: bytes, from: used, last: last)
        } catch {
            throw .eventTooLarge(error.limit)
        }
    }
}

/// Stands between reader and writer and takes note of what the gateway must know: content, usage, errors.
public final class ReplyTap: ReplyWriter {
    public let inner: any ReplyWriter
    public private(set) var usage: Usage?
    /// How soon it was served, where the provider says so.
    public private(set) var tier: ServiceTier?
    /// Kept from the writer: whether the client hears of it, and how, is the gateway's to say.
    public private(set) var error: FaultyReply?
    public private(set) var contentEvents = 0
    public private(set) var hasFinished = false
    public private(set) var hasBegun = false
    private var contentBytes = 0
    private let isMuted: Bool

    /// - Parameter isMuted: Nothing is written, only noted.
    public init(_ inner: any ReplyWriter, isMuted: Bool = false) { (self.inner, self.isMuted) = (inner, isMuted) }

    public var output: JSONWriter {
        get { inner.output }
        set { inner.output = newValue }
    }

    public var loss: Loss { inner.loss }

    public func write(_ event: ReplyEvent) {
        switch event {
        case .piece(let text):
            guard !text.isEmpty else { return }
            contentEvents += 1
            contentBytes += text.bytes.count
        case .opened(let block):
            switch block.kind {
            case .toolCall, .media, .native: contentEvents += 1
            case .text, .refusal, .reasoning: break
            }
        case .seal: contentEvents += 1
        case .finished: hasFinished = true
        case .usage(let usage):
            self.usage = usage
            if usage.tier != .standard { tier = usage.tier }
        // What is said with the counts is said of another matter than this word, and is the dearer.
        case .tier(let word): if usage?.tier ?? .standard == .standard { tier = ServiceTier(word) }
        case .failed(let reply):
            error = error ?? reply
            return
        case .began: hasBegun = true
        case .closed, .citation, .logprobs: break
        }
        if !isMuted { inner.write(event) }
    }

    public func end() { inner.end() }

    public func billed(estimatedInput: Int64) -> Usage {
        .billed(usage, input: estimatedInput, output: max(Int64(contentEvents), Int64(contentBytes + 3) / 4), isLast: hasFinished)
    }
}
