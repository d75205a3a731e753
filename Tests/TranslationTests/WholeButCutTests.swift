import NIOCore
import Routing
import Testing
import Wire

@testable import Translation

/// Streams whose connection broke behind the last word of the answer, and before it.
@Suite("Whole but cut")
struct WholeButCutTests {
    private static func choice(_ index: Int, _ text: String, _ reason: String? = nil) -> String {
        let said = reason.map { "\"\($0)\"" } ?? "null"
        return "data: {\"choices\":[{\"index\":\(index),\"delta\":{\"content\":\"\(text)\"},\"finish_reason\":\(said)}]}\n\n"
    }

    private static func relayed(_ stream: String, choices: Int) throws -> (end: StreamEnd, isWhole: Bool, out: String) {
        var relay = StreamRelay(api: .chatCompletions, hidesUsage: true, choices: choices)
        var out = ByteBuffer()
        try Array(stream.utf8).withUnsafeBytes { try relay.take($0, into: &out) }
        let isWhole = relay.isWhole
        let end = relay.end(into: &out, isCut: true)
        return (end, isWhole, String(buffer: out))
    }

    @Test("A relayed stream gets its end, and no part of an event", arguments: ["", "data: {\"choi", "data: [DO", ": keep-al"])
    func relay(rest: String) throws {
        let stream = Self.choice(0, "hi") + Self.choice(0, "", "stop")
        let relayed = try Self.relayed(stream + rest, choices: 1)
        #expect(relayed.end == .complete && relayed.isWhole)
        #expect(relayed.out == stream + "data: [DONE]\n\n")
    }

    @Test("An event without its blank line counts")
    func unterminated() throws {
        let stream = Self.choice(0, "hi", "stop") + "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}\n"
        #expect(try Self.relayed(stream, choices: 1).out == Self.choice(0, "hi", "stop") + "data: [DONE]\n\n")
    }

    @Test(
        "Each choice has to have ended",
        arguments: [
            ([choice(0, "a"), choice(1, "b"), choice(0, "", "stop")], false),
            ([choice(0, "a"), choice(1, "b"), choice(0, "", "stop"), choice(0, "", "stop")], false),
            ([choice(0, "a"), choice(1, "b"), choice(1, "", "stop"), choice(0, "", "length")], true),
            (["data: {\"choices\":[{\"text\":\"a\",\"finish_reason\":\"stop\"},{\"text\":\"b\",\"finish_reason\":\"stop\"}]}\n\n"], true),
        ])
    func choices(events: [String], isWhole: Bool) throws {
        let relayed = try Self.relayed(events.joined(), choices: 2)
        #expect(relayed.isWhole == isWhole)
        #expect(relayed.end == (isWhole ? .complete : .truncated))
        #expect(relayed.out.hasSuffix("[DONE]\n\n") == isWhole)
    }

    private static let start = "data: {\"type\":\"message_start\",\"message\":{\"type\":\"message\",\"content\":[]}}\n\n"
    private static let text = "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"text\":\"hi\"}}\n\n"
    private static let reason = "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\n"
    private static let stop = "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"

    /// A stream, and what the client gets of it if it is whole.
    private static let messages: [(String, String?)] = {
        let whole = start + text + reason
        return [
            (whole, whole + stop), (whole + stop, whole + stop), (whole + "event: message_stop", whole + stop),
            (whole + "event: message_stop\ndata: {\"ty", whole + stop), (whole + start + text, nil), (start + text, nil),
        ]
    }()

    @Test("A message that is passed on gets its end once, and what began behind it is not whole", arguments: messages)
    func message(stream: String, passed: String?) throws {
        var context = ReplyContext.test(stream: true)
        context.choices = 1
        let dialect = try #require(API.messages.dialect)
        let translation = StreamTranslation(from: dialect.replyReader(context), to: dialect.replyWriter(context), passes: true)
        var out = ByteBuffer()
        try Array(stream.utf8).withUnsafeBytes { try translation.take($0, into: &out) }
        #expect(translation.isWhole == (passed != nil))
        let end = translation.end(into: &out, isCut: true)
        #expect(end == (passed == nil ? .truncated : .complete))
        if let passed { #expect(String(buffer: out) == passed) }
    }
}
