import Testing
import Wire

@testable import Translation

/// Streams of messages whose blocks are told beside each other, or end late, or never began: of each what is made of it.
@Suite("Blocks in turns")
struct BlocksInTurnsTests {
    struct Row: CustomTestStringConvertible {
        var what: String
        /// Between the message's start and its end.
        var events: [String]
        var lines: [String]
        var testDescription: String { what }
    }

    private static func text(_ index: Int) -> String { block(index, #""text","text":"""#) }

    private static func thoughts(_ index: Int) -> String { block(index, #""thinking","thinking":"""#) }

    private static func call(_ index: Int, _ name: String) -> String {
        block(index, "\"tool_use\",\"id\":\"\(name)-id\",\"name\":\"\(name)\",\"input\":{}")
    }

    private static func block(_ index: Int, _ start: String) -> String {
        "{\"type\":\"content_block_start\",\"index\":\(index),\"content_block\":{\"type\":\(start)}}"
    }

    private static func delta(_ index: Int, _ member: String, _ value: String) -> String {
        "{\"type\":\"content_block_delta\",\"index\":\(index),\"delta\":{\"\(member)\":\"\(value)\"}}"
    }

    private static func say(_ index: Int, _ value: String) -> String { delta(index, "text", value) }

    private static func think(_ index: Int, _ value: String) -> String { delta(index, "thinking", value) }

    private static func input(_ index: Int, _ value: String) -> String { delta(index, "partial_json", value) }

    private static func stop(_ index: Int) -> String { "{\"type\":\"content_block_stop\",\"index\":\(index)}" }

    private static func read(_ events: [String]) throws -> [String] {
        let reader = try #require(API.messages.dialect?.replyReader(.test(stream: true)))
        var all = [#"{"type":"message_start","message":{"type":"message","content":[]}}"#]
        all += events
        all += [#"{"type":"message_delta","delta":{"stop_reason":"end_turn"}}"#, #"{"type":"message_stop"}"#]
        return Translating.events(Array(all.map { "data: \($0)\n\n" }.joined().utf8), reader)
    }

    static let rows = [
        Row(
            what: "calls told in turns",
            events: [
                call(0, "f"), call(1, "g"), input(0, #"{\"x\":"#), input(1, #"{\"y\":"#), input(0, "[1]"), input(1, "2"), input(1, "}"), stop(1),
                input(0, "}"), stop(0), text(2), say(2, "hi"), stop(2),
            ],
            lines: [
                "open 0 call f-id f", #"close {"x":[1]}"#, "open 0 call g-id g", #"close {"y":2}"#, "open 0 text", "close hi",
                "finished 0 toolCalls",
            ]),
        Row(
            what: "three calls, the last of which is told first",
            events: [
                call(0, "f"), call(1, "g"), call(2, "h"), input(2, "{"), input(2, "}"), stop(2), input(1, "{"), input(1, "}"), stop(1),
                input(0, "{"), input(0, "}"), stop(0),
            ],
            lines: [
                "open 0 call f-id f", "close {}", "open 0 call g-id g", "close {}", "open 0 call h-id h", "close {}", "finished 0 toolCalls",
            ]),
        Row(
            what: "a call without arguments, a text and another call, begun at once",
            events: [call(0, "f"), text(1), call(2, "g"), input(2, "{}"), say(1, "hi"), stop(2), stop(1), stop(0)],
            lines: [
                "open 0 call f-id f", "close {}", "open 0 text", "close ", "open 0 call g-id g", "close {}", "open 0 text", "close hi",
                "finished 0 toolCalls",
            ]),
        Row(
            what: "thoughts and texts in turns",
            events: [thoughts(0), text(1), say(1, "a"), think(0, "b"), say(1, "c"), delta(0, "signature", "late"), stop(0), stop(1)],
            lines: [
                "open 0 reasoning -", "close ", "open 0 text", "close a", "open 0 reasoning -", "close b", "open 0 text", "close c",
                "finished 0 stop",
            ]),
        Row(
            what: "the ends of all blocks at the end",
            events: [
                thoughts(0), think(0, "b"), text(1), say(1, "hi"), call(2, "f"), input(2, #"{\"x\":"#), input(2, "1}"), call(3, "g"),
                input(3, "{}"), delta(0, "signature", ""), stop(0), stop(1), stop(2), stop(3),
            ],
            lines: [
                "open 0 reasoning -", "close b", "open 0 text", "close hi", "open 0 call f-id f", #"close {"x":1}"#, "open 0 call g-id g",
                "close {}", "finished 0 toolCalls",
            ]),
        Row(
            what: "texts and thoughts of blocks that never began",
            events: [say(0, "a"), say(0, "b"), think(1, "c"), text(2), say(2, "d"), stop(2), say(0, "e")],
            lines: [
                "open 0 text", "close ab", "open 0 reasoning -", "close c", "open 0 text", "close d", "open 0 text", "close e", "finished 0 stop",
            ]),
    ]

    @Test("are read as", arguments: rows)
    func reads(row: Row) throws {
        let lines = try Self.read(row.events)
        #expect(lines.filter { $0.hasPrefix("open") || $0.hasPrefix("close") || $0.hasPrefix("finished") } == row.lines)
        #expect(lines.last == "complete")
    }

    @Test(
        "Arguments of no call that is open are no answer",
        arguments: [
            [input(0, "{}")], [text(0), input(0, "{}")], [call(0, "f"), input(0, "{}"), stop(0), input(0, "1")],
            [call(0, "f"), input(1, "{}"), stop(0)],
        ])
    func ofNoCall(events: [String]) throws {
        #expect(try Self.read(events).last == "problem notJSON")
    }

    @Test("Of what waits for a call so much is kept and no more", arguments: [(9, "complete"), (11, "problem notJSON")])
    func bound(pieces: Int, end: String) throws {
        let piece = Self.say(1, String(repeating: "x", count: 100_000))
        #expect(try Self.read([Self.call(0, "f"), Self.text(1)] + Array(repeating: piece, count: pieces)).last == end)
    }
}
