import Testing
import Wire

@testable import Translation

/// Replies that providers should not give and do: of each what is made of it.
@Suite("Odd replies")
struct OddReplyTests {
    struct Row: CustomTestStringConvertible {
        var what: String
        var api: API
        /// The data of a stream's events, or one whole reply.
        var events: [String]
        var isStream = true
        var lines: [String]
        var testDescription: String { what }
    }

    private static func call(_ choice: Int, _ name: String?, _ arguments: String) -> String {
        let head = name.map { "\"id\":\"\($0)-id\",\"type\":\"function\"," } ?? ""
        let function = name.map { "\"name\":\"\($0)\"," } ?? ""
        return
            #"{"choices":[{"index":\#(choice),"delta":{"tool_calls":[{"index":0,\#(head)"function":{\#(function)"arguments":"\#(arguments)"}}]}}]}"#
    }

    /// Elements of `tool_calls`: index, name and, as they stand in JSON, pieces of arguments.
    private static func calls(_ elements: (Int, String?, String)...) -> String {
        let list = elements.map { index, name, arguments in
            let head = name.map { "\"id\":\"\($0)-id\",\"type\":\"function\"," } ?? ""
            let function = name.map { "\"name\":\"\($0)\"," } ?? ""
            return #"{"index":\#(index),\#(head)"function":{\#(function)"arguments":"\#(arguments)"}}"#
        }
        return #"{"choices":[{"index":0,"delta":{"tool_calls":[\#(list.joined(separator: ","))]}}]}"#
    }

    private static func end(_ choice: Int) -> String { #"{"choices":[{"index":\#(choice),"delta":{},"finish_reason":"tool_calls"}]}"# }

    private static func responses(_ status: String) -> String {
        #"{"id":"r","status":"\#(status)","output":[{"type":"message","id":"m","content":[{"type":"output_text","text":"hi"}]}]}"#
    }

    static let rows = [
        Row(
            what: "calls of two choices in turns", api: .chatCompletions,
            events: [call(0, "f", ""), call(1, "g", ""), call(0, nil, "1"), call(1, nil, "2"), end(0), end(1), "[DONE]"],
            lines: ["open 0 call f-id f", "close 1", "finished 0 toolCalls", "open 1 call g-id g", "close 2", "finished 1 toolCalls"]),
        Row(
            what: "calls of three choices in turns, none of which says its end", api: .chatCompletions,
            events: [call(0, "f", "1"), call(1, "g", "2"), call(2, "h", "3"), call(1, nil, "2"), call(2, nil, "3"), "[DONE]"],
            lines: ["open 0 call f-id f", "close 1", "open 1 call g-id g", "close 22", "open 2 call h-id h", "close 33"]),
        Row(
            what: "calls of one choice in turns", api: .chatCompletions,
            events: [
                calls((0, "f", "")), calls((1, "g", #"{\"a\": \"}"#)), calls((0, nil, #"{\"b\""#), (1, nil, #"\"}"#)), calls((0, nil, ":[1]}")),
                calls((2, "h", "")), calls((1, nil, "")), calls((2, nil, "{}")), end(0), "[DONE]",
            ],
            lines: [
                "open 0 call f-id f", #"close {"b":[1]}"#, "open 0 call g-id g", #"close {"a": "}"}"#, "open 0 call h-id h", "close {}",
                "finished 0 toolCalls",
            ]),
        Row(
            what: "the names of all calls before their arguments", api: .chatCompletions,
            events: [
                calls((0, "f", ""), (1, "g", ""), (2, "h", "")), calls((2, nil, "{"), (1, nil, "[]"), (0, nil, "{}")), calls((2, nil, "}")), end(0),
            ],
            lines: [
                "open 0 call f-id f", "close {}", "open 0 call g-id g", "close []", "open 0 call h-id h", "close {}", "finished 0 toolCalls",
            ]),
        Row(
            what: "calls without arguments, one after the other and all numbered alike", api: .chatCompletions,
            events: [calls((0, "f", "")), calls((0, "g", "")), calls((0, nil, "{}")), calls((1, "h", "")), end(0)],
            lines: [
                "open 0 call f-id f", "close {}", "open 0 call g-id g", "close {}", "open 0 call h-id h", "close {}", "finished 0 toolCalls",
            ]),
        Row(
            what: "a text before the call that was begun has ended", api: .chatCompletions,
            events: [
                calls((0, "f", "")), calls((1, "g", "{")), #"{"choices":[{"index":0,"delta":{"content":"hi"}}]}"#, calls((1, nil, "}")), end(0),
                "[DONE]",
            ],
            lines: ["open 0 call f-id f", "close {}", "open 0 text", "close hi", "open 0 call g-id g", "close {}", "finished 0 toolCalls"]),
        Row(
            what: "deltas that stop before the text does", api: .responses,
            events: [
                #"{"type":"response.output_item.added","output_index":0,"item":{"type":"message","id":"m"}}"#,
                #"{"type":"response.output_text.delta","output_index":0,"delta":"Got \"it"}"#,
                #"{"type":"response.output_text.done","output_index":0,"text":"Got \"it\" now"}"#,
                #"{"type":"response.output_item.done","output_index":0,"item":{"type":"message","id":"m"}}"#,
                #"{"type":"response.completed","response":{"status":"completed","output":[]}}"#,
            ],
            lines: ["open 0 text", #"close Got "it" now"#, "finished 0 stop"]),
        Row(
            what: "items that stand elsewhere at the end", api: .responses,
            events: [
                #"{"type":"response.output_item.added","output_index":1,"item":{"type":"message","id":"m"}}"#,
                #"{"type":"response.output_text.delta","output_index":1,"delta":"hi"}"#,
                #"{"type":"response.output_item.done","output_index":1,"item":{"type":"message","id":"m","content":[]}}"#,
                #"{"type":"response.completed","response":\#(responses("completed"))}"#,
            ],
            lines: ["open 0 text", "close hi", "finished 0 stop"]),
        Row(
            what: "a word of its own for completed", api: .responses, events: [responses("complete")], isStream: false,
            lines: ["open 0 text", "close hi", "finished 0 stop"]),
        Row(
            what: "an answer that was cancelled", api: .responses, events: [responses("cancelled")], isStream: false,
            lines: ["open 0 text", "close hi", "failed 200 - - the provider ended the response unfinished"]),
        Row(
            what: "a reason by its number", api: .generateContent,
            events: [#"{"candidates":[{"content":{"parts":[{"text":"hi"}]},"finishReason":2}]}"#],
            lines: ["open 0 text", "close hi", "finished 0 length"]),
        Row(
            what: "calls, and a turn that ends", api: .messages,
            events: [
                #"{"type":"message","id":"i","content":[{"type":"tool_use","id":"c","name":"f","input":{}}],"stop_reason":"end_turn"}"#
            ], isStream: false,
            lines: ["open 0 call c f", "close {}", "finished 0 toolCalls"]),
        Row(
            what: "calls, and a turn that ends", api: .converse,
            events: [
                #"{"output":{"message":{"content":[{"toolUse":{"toolUseId":"c","name":"f","input":{}}}]}},"stopReason":"end_turn"}"#
            ], isStream: false,
            lines: ["open 0 call c f", "close {}", "finished 0 toolCalls"]),
    ]

    @Test("is read as", arguments: rows)
    func reads(row: Row) throws {
        let reader = try #require(row.api.dialect?.replyReader(.test(stream: row.isStream)))
        let lines: [String]
        if row.isStream {
            lines = Translating.events(Array(row.events.map { "data: \($0)\n\n" }.joined().utf8), reader)
        } else {
            lines = Translating.events(whole: Array(row.events[0].utf8), reader)
        }
        #expect(lines.filter { $0.hasPrefix("open") || $0.hasPrefix("close") || $0.hasPrefix("finished") || $0.hasPrefix("failed") } == row.lines)
    }

    @Test("A refusal without words is an answer that was filtered", arguments: [true, false])
    func refusal(hasWords: Bool) {
        let writer = OpenAIResponsesReplyWriter(.test(stream: false))
        if hasWords {
            writer.write(.opened(Block(.refusal)))
            writer.write(.piece("No."))
            writer.write(.closed)
        }
        writer.write(.finished(choice: 0, .refusal, stopSequence: nil))
        writer.end()
        let text = String(decoding: writer.output.bytes, as: UTF8.self)
        #expect(text.contains(#""incomplete_details":{"reason":"content_filter"}"#) != hasWords)
    }
}
