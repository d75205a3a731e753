import Routing
import Wire

// The first byte chooses what the rest is: a request, a whole reply, the events of a stream (a line each), or embeddings.
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
                withExactly(line) { raw in
                    do throws(JSONProblem) {
                        try reader.read(event: UnsafeRawBufferPointer(start: nil, count: 0), data: raw, to: writer)
                    } catch { isBroken = true }
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
