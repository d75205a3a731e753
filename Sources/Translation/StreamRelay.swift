import NIOCore
import Routing
import Wire

/// Why a stream cannot be relayed any further.
public enum StreamProblem: Error, Hashable, Sendable {
    /// An event has more than so many bytes.
    case eventTooLarge(Int)
    /// The first events are not JSON, so this is no answer. Later ones pass: the client sees them as they are.
    case notJSON
    /// The bytes are no AWS event stream.
    case notFrames

    public var text: String {
        switch self {
        case .eventTooLarge: "an event of the stream is too large"
        case .notJSON: "the stream's events are not JSON"
        case .notFrames: "the stream is not framed as an AWS event stream"
        }
    }
}

/// How a stream ended.
public enum StreamEnd: Hashable, Sendable {
    /// `[DONE]`, or every choice said why it ended.
    case complete
    /// The connection ended first. If anything was committed the client must be told with an error event.
    case truncated
    /// The provider sent an error. `told`: the client has it already, as a chunk that its SDK raises.
    case failed(told: Bool)
}

/// Relays a stream of OpenAI's chat completions or completions to a client of the same dialect.
///
/// Forwards whole events as they came, byte for byte, and watches for usage and errors. Whole events only, so that an
/// error event can follow at any time. Until the first content the events are held back: as long as nothing went out,
/// another provider can take over. However the stream is cut, the same bytes come out.
public struct StreamRelay: Sendable {
    /// How much is held back before the first content. Beyond it the stream is committed, content or not.
    public struct Hold: Sendable {
        public var bytes: Int
        public var events: Int

        public init(bytes: Int = 65_536, events: Int = 32) {
            self.bytes = bytes
            self.events = events
        }

        public static let none = Hold(bytes: 0, events: 0)
    }

    public let api: API
    /// Usage was asked for by us: the event that holds nothing else is not forwarded.
    public let hidesUsage: Bool
    /// Something has been handed out for the client: from here on nobody else can take over.
    public private(set) var committed: Bool
    /// The last usage seen. Providers that report in every chunk report the sum so far.
    public private(set) var usage: UsageReport?
    /// How soon it is served, where the provider says so.
    public private(set) var tier: ServiceTier?
    /// `[DONE]` was seen.
    public private(set) var done = false
    public private(set) var error: FaultyReply?
    /// Events with data.
    public private(set) var events = 0
    /// Events with text, reasoning or tool calls.
    public private(set) var contentEvents = 0
    public private(set) var contentBytes = 0

    private let hold: Hold
    private let choices: Int
    private var finishes = 0
    /// Of several choices: those that said why they ended.
    private var ended: Set<Int64> = []
    private var told = false
    private var splitter: EventSplitter
    /// The beginning of an event that has not ended.
    private var carry: [UInt8] = []
    private var held: [UInt8] = []
    private var heldEvents = 0

    /// - Parameter choices: The request's `n`: so many finish reasons make a stream complete that has no `[DONE]`.
    public init(
        api: API, hidesUsage: Bool, choices: Int = 1, hold: Hold = Hold(), largestEvent: Int = EventSplitter.largest
    ) {
        self.api = api
        self.hidesUsage = hidesUsage
        self.choices = choices
        self.hold = hold
        committed = hold.events == 0
        splitter = EventSplitter(limit: largestEvent)
    }

    /// Every choice said why it ended.
    public var finished: Bool { finishes >= choices }
    /// The answer is whole, though the provider may not have said its end.
    public var isWhole: Bool { finished && error == nil }

    /// Takes the next bytes of the stream, chunked framing removed, and appends what the client may have now.
    public mutating func take(_ payload: UnsafeRawBufferPointer, into out: inout ByteBuffer) throws(StreamProblem) {
        if carry.isEmpty {
            let used = try relay(payload, last: false, into: &out)
            if used < payload.count { carry.append(contentsOf: payload[used...]) }
            return
        }
        var bytes: [UInt8] = []
        swap(&bytes, &carry)
        bytes.append(contentsOf: payload)
        let used = try bytes.withUnsafeBufferPointer { whole throws(StreamProblem) in
            try relay(UnsafeRawBufferPointer(whole), last: false, into: &out)
        }
        bytes.removeSubrange(..<used)
        swap(&bytes, &carry)
    }

    /// The upstream ended. Appends what was left of a stream that ended well.
    ///
    /// - Parameter isCut: Its connection broke, or stood still: what is left of it may be a part of an event.
    public mutating func end(into out: inout ByteBuffer, isCut: Bool = false) -> StreamEnd {
        var bytes: [UInt8] = []
        swap(&bytes, &carry)
        do throws(StreamProblem) {
            _ = try bytes.withUnsafeBufferPointer { whole throws(StreamProblem) in
                try relay(UnsafeRawBufferPointer(whole), last: true, into: &out)
            }
        } catch {
            guard isCut, isWhole else { return .truncated }  // what was left is no event
        }
        if error != nil { return .failed(told: told) }
        guard done && events > 1 || finished else { return .truncated }
        commit(into: &out)
        if isCut, !done { out.writeStaticString("data: [DONE]\n\n") }
        return .complete
    }

    /// What to bill: the provider's word, else four bytes a token, and at least one token an event, marked as estimated.
    public func billed(estimatedInput: Int64) -> Usage {
        .billed(
            usage?.usage, input: estimatedInput, output: max(Int64(contentEvents), Int64(contentBytes + 3) / 4), isLast: done || finished,
            isDoubtful: usage?.doubtful ?? false)
    }

    /// Reads the events in `bytes`; answers how many bytes they took. Neighbours are forwarded in one piece.
    private mutating func relay(
        _ bytes: UnsafeRawBufferPointer, last: Bool, into out: inout ByteBuffer
    ) throws(StreamProblem) -> Int {
        var used = 0
        var pass = 0..<0
        var closing: StaticString = ""
        defer {
            out.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[pass]))
            out.writeStaticString(closing)
        }
        while let event = try next(in: bytes, from: used, last: last) {
            used = event.raw.upperBound
            guard try look(at: event, in: bytes, into: &out) else { continue }
            if event.raw.lowerBound == pass.upperBound {
                pass = pass.lowerBound..<used
            } else {
                out.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[pass]))
                pass = event.raw
            }
            if event.unterminated { closing = "\n\n" }
        }
        return used
    }

    private mutating func next(
        in bytes: UnsafeRawBufferPointer, from used: Int, last: Bool
    ) throws(StreamProblem) -> ServerSentEvent? {
        do throws(EventTooLarge) {
            return try splitter.next(in: bytes, from: used, last: last)
        } catch {
            throw .eventTooLarge(error.limit)
        }
    }

    /// Takes note of one event; answers whether it goes on to the client at once.
    private mutating func look(
        at event: ServerSentEvent, in bytes: UnsafeRawBufferPointer, into out: inout ByteBuffer
    ) throws(StreamProblem) -> Bool {
        let raw = UnsafeRawBufferPointer(rebasing: bytes[event.raw])
        let isError = !event.name.isEmpty && UnsafeRawBufferPointer(rebasing: bytes[event.name]).says("error")
        guard event.dataLines < 2 else {
            let joined = splitter.joined
            return try joined.withUnsafeBufferPointer { data throws(StreamProblem) in
                try look(at: UnsafeRawBufferPointer(data), of: event, raw, isError: isError, into: &out)
            }
        }
        return try look(at: UnsafeRawBufferPointer(rebasing: bytes[event.data]), of: event, raw, isError: isError, into: &out)
    }

    private mutating func look(
        at data: UnsafeRawBufferPointer, of event: ServerSentEvent, _ raw: UnsafeRawBufferPointer, isError: Bool,
        into out: inout ByteBuffer
    ) throws(StreamProblem) -> Bool {
        if data.isEmpty { return !event.unterminated && error == nil && keep(raw, isEvent: false, into: &out) }
        let isDone = data[0] == UInt8(ascii: "[") && data.starts(with: "[DONE]".utf8)
        if !isDone, event.unterminated || !committed, !Self.isJSON(data) {
            if event.unterminated { return false }
            throw .notJSON
        }
        events += 1
        if isDone {
            done = true
            // After an error it would be a success, and alone it is no answer.
            guard error == nil, events > 1 else { return false }
            commit(into: &out)
            return true
        }
        return weigh(StreamChunk.read(data, api: api), isError: isError, data, into: &out) && keep(raw, isEvent: true, into: &out)
    }

    private static func isJSON(_ data: UnsafeRawBufferPointer) -> Bool {
        do throws(JSONProblem) { try JSONScanner.validate(data) } catch { return false }
        return true
    }

    /// Counts what a chunk says; answers whether the client may see it.
    private mutating func weigh(
        _ chunk: StreamChunk, isError: Bool, _ data: UnsafeRawBufferPointer, into out: inout ByteBuffer
    ) -> Bool {
        if let report = chunk.usage { usage = report }
        if let said = chunk.tier { tier = said }
        if chunk.finishes > 0 {
            if choices == 1 { finishes += chunk.finishes } else { noteEnds(data) }
        }
        contentBytes += chunk.contentBytes
        if chunk.hasContent { contentEvents += 1 }
        if error != nil { return false }
        if chunk.error != nil || isError {
            error = chunk.error ?? FaultyReply.read(status: 200, body: data)
            told = committed && chunk.hasErrorMember
            return told
        }
        if hidesUsage, chunk.isUsageOnly { return false }
        if chunk.hasContent || chunk.finishes > 0 { commit(into: &out) }
        return true
    }

    /// Which choices end here: some providers say the end of one twice.
    private mutating func noteEnds(_ data: UnsafeRawBufferPointer) {
        var scanner = JSONScanner(data)
        do throws(JSONProblem) {
            try scanner.enterObject()
            while let name = try scanner.nextKey() {
                guard scanner.text(name, is: "choices"), try scanner.peek() == .array else {
                    try scanner.skip()
                    continue
                }
                try scanner.enterArray()
                var place: Int64 = 0
                while try scanner.nextElement() {
                    if let index = try Self.end(&scanner, place: place) { ended.insert(index) }
                    place += 1
                }
            }
        } catch {}  // what is no JSON ends nothing
        finishes = ended.count
    }

    /// The choice's index if it ends here; where it says none, its place.
    private static func end(_ scanner: inout JSONScanner, place: Int64) throws(JSONProblem) -> Int64? {
        var index = place
        var isEnd = false
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            let kind = try scanner.peek()
            if scanner.text(name, is: "index"), kind == .number {
                index = try scanner.number().integer
            } else if scanner.text(name, is: "finish_reason"), kind == .string {
                isEnd = try scanner.string().range.count > 0
            } else {
                try scanner.skip()
            }
        }
        return isEnd ? index : nil
    }

    /// True: forward it. False: it is held back, or was just handed out with all the others.
    private mutating func keep(_ raw: UnsafeRawBufferPointer, isEvent: Bool, into out: inout ByteBuffer) -> Bool {
        if committed { return true }
        held.append(contentsOf: raw)
        if isEvent { heldEvents += 1 }
        if held.count > hold.bytes || heldEvents >= hold.events { commit(into: &out) }
        return false
    }

    private mutating func commit(into out: inout ByteBuffer) {
        guard !committed else { return }
        committed = true
        out.writeBytes(held)
        held = []
    }
}
