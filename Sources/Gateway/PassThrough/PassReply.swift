import NIOCore
import Routing
import Translation
import Wire

/// The reply of a pass-through endpoint on its way to the client: status, headers and body as they came, framed anew where the
/// connection differs.
final class PassReply {
    private enum Framing { case none, length, chunked, untilClose }

    /// What has become of bytes of the body.
    enum Taken { case fine, tooLarge, blocked, unreadable }

    let isTunnel: Bool
    let isStream: Bool
    private let framing: Framing
    /// Nil: nobody looks at it.
    let screen: PassScreen?
    /// Bytes that the body may have.
    private let limit: Int
    private var count = 0
    private let loop: Loop
    private unowned let passage: Passage
    /// Status and fields, and once it is whole its end.
    private var head: ByteBuffer?
    private var headIsWhole = false
    private var frame: ByteBuffer?
    /// Bytes of the answer have been written.
    private(set) var isOut = false
    /// The head says so, and nothing is out.
    let isTooLarge: Bool
    /// Somebody was to look at it, and nobody can.
    let isUnread: Bool
    private let cost: Nanodollars

    /// - Parameter limit: For answers that are no streams.
    init(_ reply: ResponseHead, _ bytes: UnsafeRawBufferPointer, for passage: Passage, limit: Int, toHead: Bool) {
        loop = passage.loop
        isTunnel = reply.status == 101
        isStream = isTunnel || reply.contentType == .eventStream || reply.contentType == .amazonEventStream
        self.passage = passage
        var screen: PassScreen?
        if !isTunnel, !toHead, reply.framing != .none, let guarded = passage.guarded, guarded.looksAtReply || guarded.restores {
            screen = PassScreen(PassScreen.Form(reply, bytes), guarded)
        }
        isUnread = screen?.form == .unread
        if isUnread { screen = nil }
        self.screen = screen
        self.limit = isStream || screen?.form == .lines ? .max : limit
        let open: Framing = passage.client.speaksHTTP11 ? .chunked : .untilClose
        switch reply.framing {
        case .none where isTunnel: framing = .untilClose
        case .none: framing = .none
        case _ where screen?.isWhole ?? false: framing = .length
        case .length: framing = screen == nil ? .length : open
        case .chunked, .untilClose: framing = open
        }
        if case .length(let length) = reply.framing { isTooLarge = length > self.limit } else { isTooLarge = false }
        if framing == .untilClose { passage.client.closeAfterAnswer() }
        var out = passage.loop.allocator.buffer(capacity: reply.length + 512)
        Self.writeStatusLine(reply, bytes, into: &out)
        let options = ConnectionOptions { reply.forEachField(in: bytes, $0) }
        let keepsLength = (reply.framing.isLength || toHead || reply.status == 304) && screen == nil
        let isRead = screen != nil
        reply.forEachField(in: bytes) { name, value in
            let lowered = PassFields.lowered(name)
            if isRead, PassFields.isDigest(lowered) { return }
            guard options.mayGoOn(lowered), PassFields.returns(lowered) || keepsLength && lowered == PassFields.contentLength else { return }
            out.writeBytes(name)
            out.writeStaticString(": ")
            out.writeBytes(value)
            out.writeStaticString("\r\n")
        }
        if isTunnel {
            out.writeStaticString("connection: Upgrade\r\nupgrade: websocket\r\n")
        }
        cost = reply.status < 400 ? passage.endpoint.cost : .zero
        head = out
        if screen == nil || framing == .none { closeHead() }
    }

    /// - Parameter length: Of a body that is there.
    private func closeHead(length: Int? = nil) {
        guard !headIsWhole else { return }
        headIsWhole = true
        let (chunked, tunnel, passage, cost) = (framing == .chunked, isTunnel, passage, cost)
        head?.writeHead(atMost: Self.namesBound(passage)) { head in
            if !tunnel { head.connection(passage.client) }
            Self.writeNames(passage, cost: cost, into: &head)
            if let length { return head.contentLength(length) }
            head.text(chunked ? "transfer-encoding: chunked\r\n\r\n" : "\r\n")
        }
    }

    /// Status and reason as they came; the version is ours.
    private static func writeStatusLine(_ reply: ResponseHead, _ bytes: UnsafeRawBufferPointer, into out: inout ByteBuffer) {
        let end = bytes.firstIndex(of: UInt8(ascii: "\r")) ?? bytes.count
        out.writeString("HTTP/1.1 \(reply.status) ")
        // `HTTP/1.1 200 ` has 13 bytes.
        if end > 13 { out.writeBytes(bytes[13..<end]) }
        out.writeStaticString("\r\n")
    }

    // MARK: Body

    func take(_ bytes: UnsafeRawBufferPointer) -> Taken {
        count += bytes.count
        guard count <= limit else { return .tooLarge }
        guard let screen else {
            put(bytes)
            return .fine
        }
        if screen.isWhole {
            screen.gather(bytes)
            return .fine
        }
        var out: [UInt8] = []
        let taken = screen.take(bytes, into: &out)
        out.withUnsafeBytes { put($0) }
        return taken
    }

    /// The body is whole: what guards hold of it goes, or becomes what they make of it.
    func finish() -> Taken {
        guard let screen else { return .fine }
        var out: [UInt8] = []
        let taken = screen.finish(into: &out)
        if screen.isWhole, taken == .fine { closeHead(length: out.count) }
        out.withUnsafeBytes { put($0) }
        if taken == .fine { closeHead() }
        return taken
    }

    /// What ends a stream under way that is blocked.
    func takeLast(_ refusal: Refusal) -> ByteBuffer? {
        if let screen { screen.lastWords(refusal, requestID: passage.id.description).withUnsafeBytes { put($0) } }
        return takeEnd()
    }

    /// Something waits to go out.
    var hasBytes: Bool { frame != nil }

    private func put(_ bytes: UnsafeRawBufferPointer) {
        guard !bytes.isEmpty else { return }
        if framing == .chunked {
            if frame == nil { frame = Frame.begin(loop) }
        } else if frame == nil {
            frame = loop.allocator.buffer(capacity: bytes.count)
        }
        frame!.writeBytes(bytes)
    }

    /// What may go out now. Nil: nothing.
    func takeOut() -> ByteBuffer? {
        // A stream's head waits for what may follow it: what is blocked before has an error of its own.
        if frame != nil, screen != nil { closeHead() }
        guard headIsWhole else { return nil }
        var out = head
        head = nil
        if var body = frame {
            frame = nil
            if framing == .chunked { Frame.close(&body, chunked: true) }
            if out == nil { out = body } else { out!.writeBuffer(&body) }
        }
        if out != nil { isOut = true }
        return out
    }

    /// The rest of an answer that is whole.
    func takeEnd() -> ByteBuffer? {
        var out = takeOut()
        if framing == .chunked {
            if out == nil { out = loop.allocator.buffer(capacity: 8) }
            out!.writeStaticString("0\r\n\r\n")
        }
        return out
    }

    // MARK: Our own lines

    private static func namesBound(_ passage: Passage) -> Int {
        passage.endpoint.routeLine.readableBytes + (passage.guarded?.lines?.readableBytes ?? 0) + 256
    }

    private static func writeNames(_ passage: Passage, cost: Nanodollars?, into head: inout HeadWriter) {
        head.requestID(passage.id)
        head.lines(passage.endpoint.routeLine)
        if let lines = passage.guarded?.lines { head.lines(lines) }
        head.text("x-swiftlet-attempts: ")
        head.decimal(passage.attempts)
        head.text("\r\n")
        guard let cost else { return }
        head.text("x-swiftlet-cost-usd: ")
        head.dollars(cost)
        head.text("\r\n")
    }

    static func refusal(_ refusal: Refusal, for passage: Passage) -> ByteBuffer {
        let body = refusal.body(requestID: passage.id.description)
        var out = passage.loop.allocator.buffer(capacity: 512 + body.count)
        out.writeHead(atMost: namesBound(passage) + 256 + body.count + (refusal.limitLines?.readableBytes ?? 0)) { head in
            head.statusLine(refusal.status)
            head.text("content-type: application/json\r\n")
            head.connection(passage.client)
            writeNames(passage, cost: nil, into: &head)
            head.retryAfter(refusal.retryAfterSeconds)
            if let lines = refusal.limitLines { head.lines(lines) }
            head.contentLength(body.count)
            body.withUnsafeBytes { head.bytes($0) }
        }
        return out
    }
}

extension ResponseHead.Framing {
    fileprivate var isLength: Bool { if case .length = self { true } else { false } }
}
