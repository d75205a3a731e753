import Guarding
import NIOCore
import Routing
import Translation
import Wire

/// A pass-through endpoint's reply on its way past guardrails and firewall. Event streams, also those of lines of JSON, are read as they
/// come; JSON and text are gathered and read whole, so up to `server.max_response`, beyond which no reply goes on.
final class PassScreen {
    /// How a reply can be read.
    enum Form: Equatable {
        /// Compressed, of several parts, or no text.
        case unread
        case whole, events, lines, frames
    }

    /// Bytes of an event: pictures come in events too.
    private static let largestEvent = 16 << 20

    let form: Form
    private let guarded: GuardedRequest
    private let screen: ReplyScreen
    private var body: [UInt8] = []

    init(_ form: Form, _ guarded: GuardedRequest) {
        (self.form, self.guarded) = (form, guarded)
        let framing: ReplyEvents.Framing =
            switch form {
            case .whole, .unread: .whole
            case .events: .events
            case .lines: .lines
            case .frames: .frames
            }
        let reply = GuardedReply(masking: guarded.masking, asked: guarded.asked)
        screen = ReplyScreen(.anything, framing, guarded.checker, reply, restores: guarded.restores, largest: Self.largestEvent)
    }

    var isWhole: Bool { form == .whole }
    var outcome: GuardOutcome { screen.outcome }
    /// What its client hears where it is blocked.
    var refusal: Refusal? { Refusal(reply: screen.reply.outcome, guarded.policy) }

    // MARK: Bytes

    /// Of a whole reply.
    func gather(_ bytes: UnsafeRawBufferPointer) { body += bytes }

    /// Of a stream; appends what may go on.
    func take(_ bytes: UnsafeRawBufferPointer, into out: inout [UInt8]) -> PassReply.Taken { taken(screen.take(bytes, into: &out)) }

    /// There are no more of them. Of a whole reply all goes on now.
    func finish(into out: inout [UInt8]) -> PassReply.Taken {
        guard isWhole else { return taken(screen.finish(into: &out)) }
        let changed = body.withUnsafeBytes { screen.whole($0) }
        guard !screen.reply.isBlocked else { return .blocked }
        out += changed ?? body
        body = []
        guarded.tellReply(screen)
        return .fine
    }

    private func taken(_ mayPass: Bool) -> PassReply.Taken { !mayPass ? .blocked : screen.isBroken ? .unreadable : .fine }

    /// What ends a stream that is blocked. SDKs of several vendors know an event of that name and its data.
    func lastWords(_ refusal: Refusal, requestID: String) -> [UInt8] {
        let error = refusal.body(requestID: requestID)
        switch form {
        case .events: return Array("event: error\ndata: {\"type\":\"error\",".utf8) + error.dropFirst() + Array("\n\n".utf8)
        case .frames:
            var out: [UInt8] = []
            let start = EventStreamWriter.begin(.exception, "validationException", into: &out)
            var writer = JSONWriter()
            writer.object { $0.member("message", refusal.message) }
            out += writer.bytes
            EventStreamWriter.end(start, in: &out)
            return out
        case .whole, .lines, .unread: return error + [0x0A]
        }
    }
}

extension PassScreen.Form {
    private static let lineTypes = [
        "application/x-ndjson", "application/ndjson", "application/jsonl", "application/json-lines", "application/x-jsonlines",
    ]

    /// As its head says.
    init(_ reply: ResponseHead, _ bytes: UnsafeRawBufferPointer) {
        var (isPlain, type) = (true, "")
        reply.forEachField(in: bytes) { name, value in
            if name.isLowered("content-encoding") { isPlain = value.isEmpty || value.isLowered("identity") }
            if name.isLowered("content-type") { type = String(decoding: value, as: UTF8.self).lowercased() }
        }
        guard isPlain else {
            self = .unread
            return
        }
        switch reply.contentType {
        case .eventStream: self = .events
        case .amazonEventStream: self = .frames
        default:
            if Self.lineTypes.contains(where: { type.hasPrefix($0) }) { self = .lines } else { self = Self.isText(type) ? .whole : .unread }
        }
    }

    /// What has no type is taken to be text.
    private static func isText(_ type: String) -> Bool {
        let name = type.prefix { $0 != ";" }
        return name.isEmpty || name.hasPrefix("text/")
            || ["json", "xml", "yaml", "javascript", "x-www-form-urlencoded"].contains { name.hasSuffix($0) }
    }
}
