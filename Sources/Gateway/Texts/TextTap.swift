import NIOCore
import Storage
import Translation

/// Reads along with what goes to a client.
protocol AnswerTap: AnyObject {
    func take(_ buffer: ByteBuffer)
    /// The answer is out.
    func end()
    /// Who wants all of the answer kept before it is out.
    var keeper: ResponseTap? { get }
}

/// What is kept of the texts of a project's requests.
struct TextKeeping: Sendable {
    /// Personal data and secrets are masked before anything is written.
    var redacts: Bool
    /// Bytes of a prompt, and of a reply.
    var most: Int
}

/// Reads along with the answer to one request whose texts are kept: copies bytes, up to a bound, and nothing else. They are looked into
/// elsewhere, once the client has them. Also where the client leaves before the end: then what it got is kept.
final class TextTap: AnswerTap {
    /// A stream has more bytes than it has text.
    private static let frames = 16

    private let desk: TextDesk
    private var kept: CapturedTexts
    private let limit: Int
    /// Another who reads along.
    private let next: (any AnswerTap)?
    private var isOver = false

    init(_ desk: TextDesk, _ id: RequestID, _ request: Admitted, _ keeping: TextKeeping, next: (any AnswerTap)?) {
        self.desk = desk
        self.next = next
        let margin = keeping.most + CapturedTexts.margin
        limit = request.call.stream ? margin * Self.frames : margin
        let prompt = request.body.getSlice(at: request.body.readerIndex, length: min(margin, request.body.readableBytes)) ?? ByteBuffer()
        kept = CapturedTexts(
            id: id, api: request.api, isStream: request.call.stream, framing: request.call.framing, keeping: keeping,
            prompt: prompt.withUnsafeReadableBytes { Array($0) }, promptBytes: request.body.readableBytes)
    }

    func take(_ buffer: ByteBuffer) {
        next?.take(buffer)
        kept.replyBytes += buffer.readableBytes
        let room = limit - kept.reply.count
        guard room > 0 else { return }
        buffer.withUnsafeReadableBytes { kept.reply.append(contentsOf: $0.prefix(room)) }
    }

    func end() {
        next?.end()
        finish()
    }

    var keeper: ResponseTap? { next?.keeper }

    private func finish() {
        guard !isOver else { return }
        isOver = true
        desk.offer(kept)
    }

    deinit { finish() }
}

/// A prompt and the answer to it as they went over the wire, both cut to what is looked at.
struct CapturedTexts: Sendable {
    /// Bytes looked at beyond those that are kept: what is found across the edge is masked whole.
    static let margin = 4_096

    var id: RequestID
    var api: API
    var isStream: Bool
    var framing: Framing
    var keeping: TextKeeping
    var prompt: [UInt8]
    /// Of all of it.
    var promptBytes: Int
    /// Head and all.
    var reply: [UInt8] = []
    var replyBytes = 0

    var size: Int { prompt.count + reply.count }
}
