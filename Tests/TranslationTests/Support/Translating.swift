import NIOCore
import Testing
import Wire

@testable import Translation

extension ReplyContext {
    static func test(stream: Bool, origin: Seal.Origin? = nil) -> ReplyContext {
        var context = ReplyContext(isStream: stream, requestID: "req_1", unixSeconds: 1_700_000_000, model: "asked")
        context.origin = origin
        return context
    }
}

/// Runs streams and whole replies through readers and writers.
enum Translating {
    /// The events that `reader` finds in a stream fed in pieces of `step` bytes.
    static func events(_ stream: [UInt8], _ reader: any ReplyReader, step: Int = .max) -> [String] {
        let recorder = EventRecorder()
        let translation = StreamTranslation(from: reader, to: recorder)
        var out = ByteBuffer()
        do throws(StreamProblem) { try feed(stream, translation, step, &out) } catch { return recorder.lines + ["problem \(error)"] }
        let end = translation.end(into: &out)
        return recorder.lines + usage(recorder) + ["\(end)"]
    }

    static func feed(_ stream: [UInt8], _ translation: StreamTranslation, _ step: Int, _ out: inout ByteBuffer) throws(StreamProblem) {
        var at = 0
        while at < stream.count {
            let next = min(stream.count, at + min(step, stream.count))
            let piece = Array(stream[at..<next])
            try piece.withUnsafeBufferPointer { bytes throws(StreamProblem) in
                try translation.take(UnsafeRawBufferPointer(bytes), into: &out)
            }
            at = next
        }
    }

    /// The events of a whole reply.
    static func events(whole body: [UInt8], _ reader: any ReplyReader) -> [String] {
        let recorder = EventRecorder()
        do throws(JSONProblem) {
            try body.withUnsafeBufferPointer { bytes throws(JSONProblem) in
                try reader.read(whole: UnsafeRawBufferPointer(bytes), to: recorder)
            }
        } catch { return recorder.lines + ["problem \(error)"] }
        return recorder.lines + usage(recorder)
    }

    private static func usage(_ recorder: EventRecorder) -> [String] { recorder.usage.map { ["usage \($0)"] } ?? [] }

    /// What a writer makes of a stream.
    static func translate(_ stream: [UInt8], from reader: any ReplyReader, to writer: any ReplyWriter, step: Int = .max) -> [UInt8] {
        let translation = StreamTranslation(from: reader, to: writer)
        var out = ByteBuffer()
        do throws(StreamProblem) { try feed(stream, translation, step, &out) } catch {
            Issue.record("\(error)")
            return []
        }
        _ = translation.end(into: &out)
        return Array(out.readableBytesView)
    }

    /// What a writer makes of a whole reply.
    static func translate(whole body: [UInt8], from reader: any ReplyReader, to writer: any ReplyWriter) -> [UInt8] {
        do throws(JSONProblem) {
            try body.withUnsafeBufferPointer { bytes throws(JSONProblem) in
                try reader.read(whole: UnsafeRawBufferPointer(bytes), to: writer)
            }
        } catch { Issue.record("\(error)") }
        writer.end()
        return writer.output.bytes
    }

    /// What a request becomes in another dialect, and what is lost.
    static func request(_ json: String, from source: any Dialect, to dialect: any Dialect, _ target: TranslationTarget) -> (String, [String]) {
        var loss = Loss()
        let body = Array(json.utf8)
        let written = body.withUnsafeBytes { raw -> [UInt8] in
            do throws(Malformed) {
                let conversation = try source.read(raw, Call(api: .chatCompletions))
                return try dialect.write(conversation, to: target, loss: &loss)
            } catch { return Array(error.message.utf8) }
        }
        return (String(decoding: written, as: UTF8.self), loss.paths)
    }
}
