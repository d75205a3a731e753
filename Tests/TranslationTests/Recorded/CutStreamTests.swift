import NIOCore
import Testing
import Wire

@testable import Translation

/// Streams of real providers, cut as networks cut them: what is read and what is written must not depend on it.
@Suite("Streams cut anywhere") struct CutStreamTests {
    /// Also those whose meaning is doubtful, and those that end in an error.
    static let streams = RecordedExchange.all.filter { $0.status == 200 && ($0.framing == .events || $0.framing == .eventStream) }
    static let clients: [API] = [.chatCompletions, .responses, .messages, .generateContent, .converse]

    @Test("there are some of every dialect")
    func present() {
        for api in Self.clients + [.cohereChat] { #expect(Self.streams.count { $0.api == api } >= 6, "\(api.name)") }
    }

    /// All that the reader says when the stream comes in pieces that end at these places.
    private static func events(_ exchange: RecordedExchange, _ cuts: some Sequence<Int>) -> [String] {
        let recorder = EventRecorder()
        guard let reader = exchange.api.dialect?.replyReader(RecordedRepliesTests.context(exchange)) else { return [] }
        let translation = StreamTranslation(from: reader, to: recorder)
        var out = ByteBuffer()
        guard feed(exchange.reply, cuts, to: translation, &out) else { return recorder.lines + ["no stream"] }
        let end = translation.end(into: &out)
        return recorder.lines + [recorder.usage.map { "\($0)" } ?? "no usage", "\(end)", translation.error?.summary ?? "no error"]
    }

    private static func feed(_ stream: [UInt8], _ cuts: some Sequence<Int>, to translation: StreamTranslation, _ out: inout ByteBuffer) -> Bool {
        stream.withUnsafeBytes { bytes in
            do throws(StreamProblem) {
                var from = 0
                for cut in cuts where cut > from && cut < bytes.count {
                    try translation.take(UnsafeRawBufferPointer(rebasing: bytes[from..<cut]), into: &out)
                    from = cut
                }
                try translation.take(UnsafeRawBufferPointer(rebasing: bytes[from...]), into: &out)
                return true
            } catch { return false }
        }
    }

    @Test("in pieces of one byte and of seven, from each of the first seven on, the same events are read", arguments: streams)
    func pieces(_ exchange: RecordedExchange) {
        let whole = Self.events(exchange, [])
        #expect(whole.count > 3)
        #expect(Self.events(exchange, 1...exchange.reply.count) == whole, "byte by byte")
        for first in 1...7 {
            #expect(Self.events(exchange, stride(from: first, to: exchange.reply.count, by: 7)) == whole, "at \(first), \(first + 7) ...")
        }
    }

    /// Short ones at every byte, others at every seventh, the longest at some hundred places.
    @Test("in two pieces, wherever they part, the same events are read", arguments: streams)
    func inTwo(_ exchange: RecordedExchange) {
        let whole = Self.events(exchange, [])
        let count = exchange.reply.count
        let step = count < 1_500 ? 1 : count < 5_000 ? 7 : max(7, count / 80) | 1
        for cut in stride(from: 1, to: count, by: step) where Self.events(exchange, [cut]) != whole {
            Issue.record("cut at \(cut): \(Self.events(exchange, [cut]))")
            return
        }
    }

    @Test("what a client gets is the same to the byte", arguments: streams, clients)
    func written(_ exchange: RecordedExchange, _ client: API) {
        for framing in client == .generateContent ? [Framing.events, .array] : [.events] {
            let whole = Self.answer(exchange, client, framing, [])
            for step in [1, 13] {
                #expect(Self.answer(exchange, client, framing, stride(from: step, to: exchange.reply.count, by: step)) == whole, "pieces of \(step)")
            }
        }
    }

    private static func answer(_ exchange: RecordedExchange, _ client: API, _ framing: Framing, _ cuts: some Sequence<Int>) -> [UInt8] {
        var context = RecordedRepliesTests.context(exchange)
        context.framing = framing
        guard let reader = exchange.api.dialect?.replyReader(context), let writer = client.dialect?.replyWriter(context) else { return [] }
        let translation = StreamTranslation(from: reader, to: writer, passes: client == exchange.api && framing == .events)
        var out = ByteBuffer()
        let isRead = feed(exchange.reply, cuts, to: translation, &out)
        if isRead { _ = translation.end(into: &out) }
        return Array(out.readableBytesView) + (isRead ? [] : Array("no stream".utf8))
    }
}
