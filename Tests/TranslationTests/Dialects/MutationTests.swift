import NIOCore
import Testing
import Wire

@testable import Translation

/// Requests and replies with bytes changed, cut out and doubled: whatever a reader makes of them, what is written is JSON, blocks open
/// and close in order, and nothing traps.
@Suite("Mutated bodies: Messages and Converse")
struct MutationTests {
    struct Mutator {
        private var state: UInt64

        init(seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 | 1 }

        mutating func below(_ count: Int) -> Int {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return Int(state % UInt64(max(1, count)))
        }

        private static let tokens = ["null", "{}", "[]", "\"\"", "-1e9", "true", "\"\\ud800\"", ",", "}", "]", "\"type\":\"text\"", "\\"]

        mutating func mutated(_ bytes: [UInt8]) -> [UInt8] {
            var bytes = bytes
            for _ in 0...below(3) where !bytes.isEmpty {
                let at = below(bytes.count)
                let end = min(bytes.count, at + below(24))
                switch below(5) {
                case 0: bytes[at] = UInt8(below(256))
                case 1: bytes.removeSubrange(at..<end)
                case 2: bytes.insert(contentsOf: Array(bytes[at..<end]), at: at)
                case 3: bytes.insert(contentsOf: Array(Self.tokens[below(Self.tokens.count)].utf8), at: at)
                default: bytes.removeSubrange(at...)
                }
            }
            return bytes
        }
    }

    /// Counts what opens and closes.
    final class Grammar: ReplyWriter {
        var output = JSONWriter()
        let loss = Loss()
        private var isOpen = false
        private(set) var problem: String?

        func write(_ event: ReplyEvent) {
            switch event {
            case .opened:
                if isOpen { problem = "opened twice" }
                isOpen = true
            case .closed:
                if !isOpen { problem = "closed twice" }
                isOpen = false
            case .piece, .seal, .citation: if !isOpen { problem = "outside of a block" }
            case .finished, .failed: if isOpen { problem = "ended inside of a block" }
            default: break
            }
        }

        func end() {}
    }

    static func isJSON(_ bytes: [UInt8]) -> Bool { JSONSplice.isJSON(bytes) }

    @Test("Requests", arguments: [3, 5, 8_191] as [UInt64])
    func requests(seed: UInt64) {
        var mutator = Mutator(seed: seed)
        let samples: [(String, any Dialect)] = [
            (AnthropicMessagesRequestTests.full, AnthropicMessages()), (BedrockConverseTests.full, BedrockConverse()),
        ]
        let targets: [any Dialect] = [AnthropicMessages(), BedrockConverse(), OpenAIChat()]
        var read = 0
        for (sample, dialect) in samples {
            for _ in 0..<1_500 {
                mutator.mutated(Array(sample.utf8)).withUnsafeBytes { raw in
                    guard let conversation = try? dialect.read(raw, Call(api: .messages)) else { return }
                    read += 1
                    for target in targets {
                        var loss = Loss()
                        let written = try? target.write(conversation, to: BedrockConverseTests.claude, loss: &loss)
                        if let written, !Self.isJSON(written) { Issue.record("\(String(decoding: raw, as: UTF8.self))") }
                    }
                }
            }
        }
        #expect(read > 20)
    }

    @Test("Whole replies", arguments: AnthropicMessagesReplyTests.wholes)
    func wholes(name: String) throws {
        var mutator = Mutator(seed: 17)
        let bytes = try AnthropicMessagesReplyTests.fixture("\(name).json")
        var read = 0
        for _ in 0..<1_500 {
            let body = mutator.mutated(bytes)
            let grammar = Grammar()
            let writers: [any ReplyWriter] = [
                grammar, AnthropicMessagesWholeWriter(.test(stream: false)), BedrockConverseWholeWriter(.test(stream: false)),
            ]
            for writer in writers {
                body.withUnsafeBytes { raw in
                    do throws(JSONProblem) {
                        try AnthropicMessagesReplyReader(.test(stream: false)).read(whole: raw, to: writer)
                    } catch { return }
                    read += 1
                    writer.end()
                    #expect(writer is Grammar || Self.isJSON(writer.output.bytes))
                }
            }
            #expect(grammar.problem == nil, "\(String(decoding: body, as: UTF8.self))")
        }
        #expect(read > 20)
    }

    @Test("Streams of Messages", arguments: ["thinking", "redacted", "tool", "citations", "server-tool"])
    func streams(name: String) throws {
        var mutator = Mutator(seed: 19)
        let bytes = try AnthropicMessagesReplyTests.stream(name)
        for _ in 0..<500 {
            let grammar = Grammar()
            let translation = StreamTranslation(from: AnthropicMessagesReplyReader(.test(stream: true)), to: grammar)
            let body = mutator.mutated(bytes)
            var out = ByteBuffer()
            do throws(StreamProblem) { try Translating.feed(body, translation, 1 + mutator.below(200), &out) } catch { continue }
            _ = translation.end(into: &out)
            #expect(grammar.problem == nil, "\(String(decoding: body, as: UTF8.self))")
        }
    }

    @Test("Events of ConverseStream", arguments: BedrockConverseTests.streams)
    func events(name: String) throws {
        var mutator = Mutator(seed: 23)
        let bytes = try BedrockConverseTests.stream(name)
        var events: [(String, [UInt8])] = []
        bytes.withUnsafeBytes { raw in
            var splitter = EventStreamSplitter()
            var at = 0
            while let frame = try? splitter.next(in: raw, from: at) {
                at = frame.raw.upperBound
                events.append((String(decoding: raw[frame.name], as: UTF8.self), Array(raw[frame.payload])))
            }
        }
        for _ in 0..<400 {
            let grammar = Grammar()
            let reader = BedrockConverseReplyReader(.test(stream: true))
            var hasFailed = false
            for (name, payload) in events where !hasFailed {
                let payload = mutator.below(4) == 0 ? mutator.mutated(payload) : payload
                if mutator.below(12) == 0 { continue }
                Array(name.utf8).withUnsafeBytes { name in
                    payload.withUnsafeBytes { data in
                        do throws(JSONProblem) { try reader.read(event: name, data: data, to: grammar) } catch { hasFailed = true }
                    }
                }
            }
            if !hasFailed { _ = reader.end(to: grammar) }
            #expect(grammar.problem == nil)
        }
    }
}
