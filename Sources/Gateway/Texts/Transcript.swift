import Guarding
import NIOCore
import Storage
import Translation
import Wire

/// Writes down what was asked and answered, as a JSON object each: how many bytes there were, whether it was cut, how much of what was
/// masked, and the body, or, of a stream, what it said. Off the data plane.
struct Transcript {
    private let captured: CapturedTexts
    private var redaction = PersonalDataRedaction()

    private init(_ captured: CapturedTexts) { self.captured = captured }

    static func texts(of captured: CapturedTexts) -> RequestTexts {
        var transcript = Transcript(captured)
        let prompt = transcript.body(captured.prompt, bytes: captured.promptBytes)
        let asked = transcript.redaction.counts
        return RequestTexts(request: captured.id, prompt: prompt, reply: transcript.reply(since: asked))
    }

    private typealias Counts = [PersonalData.Kind: Int]

    // MARK: Whole bodies

    private mutating func body(_ whole: [UInt8], bytes: Int, since before: Counts = [:]) -> [UInt8] {
        let most = captured.keeping.most
        let clean = captured.keeping.redacts ? redaction.redact(json: whole) : whole
        let isCut = bytes > whole.count || clean.count > most
        return written(bytes, isCut: isCut, since: before) { json in
            if !isCut, Self.isJSON(clean) {
                json.key("body")
                clean.withUnsafeBytes { json.raw($0) }
            } else {
                json.member("text", Self.text(clean, most: most))
            }
        }
    }

    private func written(_ bytes: Int, isCut: Bool, since before: Counts, _ members: (inout JSONWriter) -> Void) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("bytes", bytes)
            json.member("cut", isCut)
            if captured.keeping.redacts {
                json.key("masked")
                json.object { masked in
                    for kind in PersonalData.Kind.allCases {
                        let count = redaction.counts[kind, default: 0] - before[kind, default: 0]
                        if count > 0 { masked.member(kind.name, count) }
                    }
                }
            }
            members(&json)
        }
        return json.bytes
    }

    private static func isJSON(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { raw in
            do throws(JSONProblem) {
                try JSONScanner.validate(raw)
                return true
            } catch { return false }
        }
    }

    /// At most so many bytes, cut between characters.
    private static func text(_ bytes: [UInt8], most: Int) -> String {
        var end = min(most, bytes.count)
        while end > 0, end < bytes.count, bytes[end] & 0xC0 == 0x80 { end -= 1 }
        return String(decoding: bytes[..<end], as: UTF8.self)
    }

    // MARK: Replies

    private mutating func reply(since before: Counts) -> [UInt8] {
        let answer = CapturedAnswer(bytes: captured.reply, origin: AnswerOrigin(owner: "", input: []))
        guard let parts = answer.parts() else {
            return written(captured.replyBytes, isCut: captured.replyBytes > 0, since: before) { _ in }
        }
        guard captured.isStream, parts.status == 200 else {
            // Of a body that was cut while it was read more bytes went by than are here.
            return body(parts.body, bytes: max(parts.body.count, captured.replyBytes > captured.reply.count ? captured.replyBytes : 0), since: before)
        }
        let blocks = said(parts.body)
        var clean: [(kind: String, name: String?, text: [UInt8])] = []
        for block in blocks { clean.append((block.kind, block.name, captured.keeping.redacts ? redaction.redact(text: block.text) : block.text)) }
        var room = captured.keeping.most
        let isCut = captured.replyBytes > captured.reply.count || clean.reduce(0) { $0 + $1.text.count } > room
        return written(parts.body.count, isCut: isCut, since: before) { json in
            json.key("content")
            json.array { list in
                for block in clean where room > 0 {
                    list.object { item in
                        item.member("type", block.kind)
                        if let name = block.name { item.member("name", name) }
                        item.member("text", Self.text(block.text, most: room))
                    }
                    room -= block.text.count
                }
            }
        }
    }

    /// What the stream says, read as its dialect; where it has none or other names, the strings of its events that text comes in.
    private func said(_ body: [UInt8]) -> [SpokenBlock] {
        guard let dialect = captured.api.dialect else { return JoinedStrings.blocks(of: body) }
        let context = ReplyContext(isStream: true, requestID: captured.id.description, unixSeconds: 0, model: "")
        let listener = Listener()
        let reader = dialect.replyReader(context)
        if captured.framing == .array, reader.framing == .events {
            Self.elements(of: body) { element in
                try? reader.read(event: UnsafeRawBufferPointer(start: nil, count: 0), data: element, to: listener)  // what is no event says nothing
            }
        } else {
            let stream = StreamTranslation(from: reader, to: listener)
            var out = ByteBuffer()
            body.withUnsafeBytes { raw in
                try? stream.take(raw, into: &out)  // it may have been cut: what came before is heard
            }
            _ = stream.end(into: &out)
        }
        return listener.blocks.isEmpty ? JoinedStrings.blocks(of: body) : listener.blocks
    }

    private static func elements(of body: [UInt8], _ each: (UnsafeRawBufferPointer) -> Void) {
        body.withUnsafeBytes { raw in
            var scanner = JSONScanner(raw)
            do throws(JSONProblem) {
                try scanner.enterArray()
                while try scanner.nextElement() { each(try scanner.skip().of(raw)) }
            } catch {
                // Cut off: what came before is read.
            }
        }
    }
}

/// A part of an answer.
struct SpokenBlock {
    var kind: String
    /// Of a tool.
    var name: String?
    var text: [UInt8] = []
}

/// Hears a reply's events and remembers what they say.
private final class Listener: ReplyWriter {
    private(set) var blocks: [SpokenBlock] = []
    var output = JSONWriter()
    var loss: Loss { Loss() }

    func write(_ event: ReplyEvent) {
        switch event {
        case .opened(let block): open(block.kind)
        case .piece(let text):
            if blocks.isEmpty { blocks.append(SpokenBlock(kind: "text")) }
            text.decode { blocks[blocks.count - 1].text.append($0) }
        case .began, .seal, .citation, .closed, .finished, .logprobs, .usage, .tier, .failed: break
        }
    }

    func end() {}

    private func open(_ kind: Block.Kind) {
        switch kind {
        case .text: blocks.append(SpokenBlock(kind: "text"))
        case .refusal: blocks.append(SpokenBlock(kind: "refusal"))
        case .reasoning: blocks.append(SpokenBlock(kind: "reasoning"))
        case .toolCall(_, let name): blocks.append(SpokenBlock(kind: "tool_call", name: name.string))
        case .media: blocks.append(SpokenBlock(kind: "media"))
        case .native(let type, let json, _): blocks.append(SpokenBlock(kind: type.string, text: Array(json.bytes)))
        }
    }
}

/// The strings of a stream's events that text comes in, one behind the other.
enum JoinedStrings {
    private static let names: [StaticString] = ["text", "content", "delta", "arguments", "partial_json", "refusal"]

    static func blocks(of body: [UInt8]) -> [SpokenBlock] {
        var text: [UInt8] = []
        body.withUnsafeBytes { raw in
            for line in raw.split(separator: UInt8(ascii: "\n")) where line.starts(with: Array("data:".utf8)) {
                gather(UnsafeRawBufferPointer(rebasing: line.dropFirst(5)), into: &text)
            }
        }
        return text.isEmpty ? [] : [SpokenBlock(kind: "text", text: text)]
    }

    private static func gather(_ event: UnsafeRawBufferPointer, into text: inout [UInt8]) {
        var scanner = JSONScanner(event)
        do throws(JSONProblem) { try value(&scanner, event, isText: false, &text) } catch {
            // `[DONE]`, or an event that was cut off.
        }
    }

    private static func value(
        _ scanner: inout JSONScanner, _ event: UnsafeRawBufferPointer, isText: Bool, _ text: inout [UInt8]
    ) throws(JSONProblem) {
        switch try scanner.peek() {
        case .object:
            try scanner.enterObject()
            while let key = try scanner.nextKey() {
                let isNext = names.contains { scanner.text(key, is: $0) }
                try value(&scanner, event, isText: isNext, &text)
            }
        case .array:
            try scanner.enterArray()
            while try scanner.nextElement() { try value(&scanner, event, isText: isText, &text) }
        case .string:
            let string = try scanner.string()
            if isText { JSONEscapes.decode(string.range.of(event)) { text.append($0) } }
        default: _ = try scanner.skip()
        }
    }
}
