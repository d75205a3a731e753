import NIOCore
import Routing
import Wire

// The first byte chooses what the rest is: a request, a whole reply, the events of a stream (a line each), embeddings, or a stream
// as it comes from a socket.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
    guard count > 0 else { return 0 }
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    let asked = API.allCases.filter { $0.dialect != nil && $0.isAsked }
    let answered = API.allCases.filter { $0.dialect != nil }
    let which = Int(bytes[0])
    let rest = bytes[1...]
    switch which & 3 {
    case 0: request(rest, asked[(which >> 2) % asked.count], answered)
    case 1: reply(rest, answered[(which >> 2) % answered.count], asked)
    case 2: stream(rest, answered[(which >> 2) % answered.count], asked)
    case 3 where which & 0x80 != 0: cut(Array(rest), answered[(which >> 2 & 31) % answered.count])
    default: embeddings(rest, which >> 2)
    }
    return 0
}

private func isJSON(_ bytes: [UInt8]) -> Bool {
    bytes.withUnsafeBytes { raw in
        do throws(JSONProblem) {
            try JSONScanner.validate(raw)
            return true
        } catch { return false }
    }
}

private func context(stream: Bool) -> ReplyContext {
    var context = ReplyContext(isStream: stream, requestID: "req", unixSeconds: 1, model: "m")
    context.origin = .gemini
    return context
}

/// What is read can be written in every dialect: valid JSON, or a refusal that says where.
private func request(_ body: ArraySlice<UInt8>, _ api: API, _ targets: [API]) {
    withExactly(body) { raw in
        do throws(Malformed) {
            guard let dialect = api.dialect else { return }
            let conversation = try dialect.read(raw, Call(api: api))
            for target in targets {
                for model in ["gemini-3-flash", "claude-sonnet-4-5"] {
                    var loss = Loss()
                    do throws(Malformed) {
                        let written = try target.dialect?.write(conversation, to: TranslationTarget(model: model), loss: &loss) ?? []
                        check(isJSON(written), "\(api) to \(target): \(String(decoding: written, as: UTF8.self))")
                    } catch {
                        check(!error.message.isEmpty, "a refusal without words")
                    }
                }
            }
        } catch {
            check(error.offset <= raw.count, "offset \(error.offset) of \(raw.count)")
        }
    }
}

/// What is read can be written for every client: one JSON value.
private func reply(_ body: ArraySlice<UInt8>, _ api: API, _ clients: [API]) {
    withExactly(body) { raw in
        for client in clients where client.family == api.family {
            guard let reader = api.dialect?.replyReader(context(stream: false)) else { continue }
            guard let writer = client.dialect?.replyWriter(context(stream: false)) else { continue }
            do throws(JSONProblem) { try reader.read(whole: raw, to: writer) } catch { continue }
            writer.end()
            check(isJSON(writer.output.bytes), "\(api) to \(client): \(String(decoding: writer.output.bytes, as: UTF8.self))")
        }
    }
}

/// Of SSE every `data` that is written is one JSON value; an array is one as a whole.
private func stream(_ lines: ArraySlice<UInt8>, _ api: API, _ clients: [API]) {
    for client in clients where client.family == api.family && client != .converse {
        for framing in client == .generateContent ? [Framing.events, .array] : [.events] {
            var context = context(stream: true)
            context.framing = framing
            guard let reader = api.dialect?.replyReader(context), let writer = client.dialect?.replyWriter(context) else { continue }
            var isBroken = false
            for line in lines.split(separator: 10) where !isBroken {
                // A line may begin with the event's name.
                let data = line.firstIndex(of: UInt8(ascii: "{")).map { line[$0...] } ?? line
                let name = Array(line[..<data.startIndex].filter { $0 > 0x20 })
                withExactly(data) { raw in
                    name.withUnsafeBytes { name in
                        do throws(JSONProblem) { try reader.read(event: name, data: raw, to: writer) } catch { isBroken = true }
                    }
                }
            }
            guard !isBroken, reader.end(to: writer) else { continue }
            writer.end()
            let written = writer.output.bytes
            if framing == .array {
                check(isJSON(written), "\(api) to \(client): \(String(decoding: written, as: UTF8.self))")
                continue
            }
            for line in written.split(separator: 10) where line.starts(with: Array("data: ".utf8)) {
                let data = Array(line.dropFirst(6).filter { $0 != 13 })
                check(isJSON(data) || data == Array("[DONE]".utf8), "\(api) to \(client): \(String(decoding: line, as: UTF8.self))")
            }
        }
    }
}

/// Whatever way a stream is cut, the same is read, in the order that writers rely on.
private func cut(_ bytes: [UInt8], _ api: API) {
    let whole = events(bytes, api, cuts: [bytes.count])
    for cuts in cuttings(of: bytes) {
        let cut = events(bytes, api, cuts: cuts)
        check(cut == whole, "\(api) cut at \(cuts): \(cut), whole \(whole)")
    }
}

private func events(_ bytes: [UInt8], _ api: API, cuts: [Int]) -> [String] {
    guard let reader = api.dialect?.replyReader(context(stream: true)) else { return [] }
    let heard = Heard()
    let translation = StreamTranslation(from: reader, to: heard)
    var out = ByteBuffer()
    var from = 0
    for cut in cuts where cut > from || cuts.count == 1 {
        let problem: StreamProblem? = withExactly(bytes[from..<cut]) { raw in
            do throws(StreamProblem) {
                try translation.take(raw, into: &out)
                return nil
            } catch { return error }
        }
        // What went before a problem depends on the pieces it came in; that there is one does not.
        if problem != nil { return ["\(api): no stream"] }
        from = cut
    }
    let end = translation.end(into: &out)
    return heard.lines + ["\(end)", "\(translation.usage.map { "\($0)" } ?? "-")"]
}

/// Writes events down and holds them to their grammar.
private final class Heard: ReplyWriter {
    var output = JSONWriter()
    let loss = Loss()
    private(set) var lines: [String] = []
    private var isOpen = false

    func write(_ event: ReplyEvent) {
        switch event {
        case .opened(let block):
            check(!isOpen, "a block within a block")
            isOpen = true
            lines.append("open \(block.choice)")
        case .piece(let text):
            check(isOpen, "a piece outside of blocks")
            lines.append(text.string)
        case .seal(let seal):
            check(isOpen, "a seal outside of blocks")
            lines.append(seal.packed)
        case .closed:
            check(isOpen, "closed what is not open")
            isOpen = false
            lines.append("close")
        case .finished(let choice, let reason, _): lines.append("\(choice) \(reason)")
        case .failed(let reply): lines.append("failed \(reply.summary)")
        case .began, .citation, .logprobs, .usage, .tier: break
        }
    }

    func end() {}
}

private func embeddings(_ body: ArraySlice<UInt8>, _ which: Int) {
    let apis = API.allCases.filter { $0.embeddingDialect != nil }
    let asked = apis.filter { $0.isAsked }
    let client = asked[which % asked.count]
    withExactly(body) { raw in
        for api in apis {
            guard let dialect = api.embeddingDialect, let source = client.embeddingDialect else { continue }
            var loss = Loss()
            do throws(Malformed) {
                let written = try dialect.write(try source.read(raw), to: TranslationTarget(model: "cohere.m"), loss: &loss)
                check(isJSON(written), "\(client) to \(api): \(String(decoding: written, as: UTF8.self))")
            } catch { check(!error.message.isEmpty, "a refusal without words") }
            do throws(JSONProblem) {
                let request = EmbeddingRequest(api: client)
                request.wantsBase64 = which & 1 == 1
                let written = source.write(try dialect.read(reply: raw), for: request, context(stream: false))
                check(isJSON(written), "\(api) to \(client): \(String(decoding: written, as: UTF8.self))")
            } catch { continue }
        }
    }
}
