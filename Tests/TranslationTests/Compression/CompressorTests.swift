import Foundation
import Routing
import Testing
import Wire

@testable import Translation

private let dialects: [API] = [.chatCompletions, .responses, .messages, .generateContent, .converse]

/// Four bytes a token, as everywhere before anything was counted.
private func quarter(_ prompt: PromptSize) -> Int64 { prompt.textBytes / 4 + prompt.images * 1_105 }

private func compress(
    _ body: [UInt8], _ api: API, _ compression: Compression, window: Int64, _ estimate: @escaping (PromptSize) -> Int64 = quarter
) throws -> CompressedPrompt? {
    try body.withUnsafeBytes { raw in
        let isPath = api == .generateContent || api == .converse
        let call = isPath ? try Call.read(raw, api: api, pathModel: "m", stream: false) : try Call.read(raw, api: api)
        return Compressor(compression, window: window, estimate: estimate).compress(raw, call)
    }
}

private func messages(_ body: [UInt8], _ member: String = "messages") throws -> [[String: Any]] {
    let root = try #require(JSONSerialization.jsonObject(with: Data(body)) as? [String: Any])
    return try #require(root[member] as? [[String: Any]])
}

@Suite("Compressor") struct CompressorTests {
    @Test("whatever is left out, what is left is a conversation", arguments: dialects)
    func dropsLawfully(_ api: API) throws {
        var drops = 0
        for seed in 1...120 as ClosedRange<UInt64> {
            let body = Array(MadePrompt(seed: seed).body(api, seed: seed).utf8)
            var fewest = Int.max
            // The larger the window, the less goes.
            for window in [1, 400, 1_200, 4_000] as [Int64] {
                guard let shorter = try compress(body, api, Compression(.contextWindow), window: window) else { continue }
                try PromptLaws(api, before: body, after: shorter.body).check(seed: seed)
                #expect(shorter.saving.dropped <= fewest && shorter.saving.after <= shorter.saving.before, "seed \(seed)")
                fewest = shorter.saving.dropped
                drops += shorter.saving.dropped
            }
            guard let cheaper = try compress(body, api, Compression(.cost, ratio: 0.5), window: 1_000_000) else { continue }
            try PromptLaws(api, before: body, after: cheaper.body).check(seed: seed)
        }
        #expect(drops > 400)
    }

    @Test("the first step loses nothing: every token of JSON is there, byte for byte, of texts that are JSON too", arguments: dialects)
    func losesNothing(_ api: API) throws {
        for seed in 1...100 as ClosedRange<UInt64> {
            let body = Array(MadePrompt(seed: seed).body(api, seed: seed).utf8)
            // All of its tokens may stay: only the first step has anything to do.
            guard let shorter = try compress(body, api, Compression(.cost, ratio: 1), window: 1_000_000) else { continue }
            #expect(shorter.saving.dropped == 0)
            #expect(JSONTokens.of(shorter.body) == JSONTokens.of(body), "seed \(seed)")
            #expect(
                try compress(shorter.body, api, Compression(.cost, ratio: 1), window: 1_000_000) == nil, "seed \(seed): once more changes nothing")
        }
    }

    @Test("a body that is broken, or that nobody wrote, goes as it came", arguments: dialects)
    func badInput(_ api: API) throws {
        var random = Random(seed: 7)
        var shorter = 0
        for seed in 1...120 as ClosedRange<UInt64> {
            var body = Array(MadePrompt(seed: seed).body(api, seed: seed).utf8)
            for _ in 0...random.below(3) {
                let at = random.below(body.count)
                switch random.below(4) {
                case 0: body[at] = UInt8(truncatingIfNeeded: random.next())
                case 1: body.remove(at: at)
                case 2: body.insert(Array("{}[]\",:0\\ ".utf8)[random.below(10)], at: at)
                default: body.removeLast(random.below(body.count))
                }
                if body.isEmpty { body = Array("{}".utf8) }
            }
            // What cannot be read never comes so far.
            guard let made = try? compress(body, api, Compression(.cost, ratio: 0.2), window: 300) else { continue }
            shorter += 1
            #expect(throws: Never.self) { try made.body.withUnsafeBytes { try JSONScanner.validate($0) } }
        }
        #expect(shorter > 5)
    }

    @Test("results without their calls, roles and items that nobody knows: nothing is left out")
    func doubts() throws {
        let long = String(repeating: "word ", count: 400)
        let turns = (0..<6).map { #"{"role":"user","content":"\#($0) \#(long)"},{"role":"assistant","content":"a\#($0)"}"# }.joined(separator: ",")
        let rows: [(API, String)] = [
            (.chatCompletions, #"{"messages":[{"role":"user","content":"x"},{"role":"tool","tool_call_id":"no","content":"r"},\#(turns)]}"#),
            (.chatCompletions, #"{"messages":[\#(turns),{"role":"narrator","content":"x"}]}"#),
            (.chatCompletions, #"{"messages":[\#(turns),"x"]}"#),
            (.chatCompletions, #"{"messages":[\#(turns),{"content":"x"}]}"#),
            (.messages, #"{"messages":[\#(turns),{"role":"user","content":[{"type":"tool_result","tool_use_id":"no"}]}]}"#),
            (.responses, #"{"input":[\#(turns),{"type":"item_reference","id":"m_1"}]}"#),
            (.responses, #"{"input":[\#(turns),{"type":"function_call_output","call_id":"no","output":"r"}]}"#),
            (.responses, #"{"input":"\#(long)"}"#), (.chatCompletions, #"{"messages":"\#(long)"}"#), (.chatCompletions, #"{"messages":[]}"#),
        ]
        for (api, body) in rows {
            #expect(try compress(Array(body.utf8), api, Compression(.contextWindow), window: 100) == nil, "\(body.prefix(60))")
        }
    }

    @Test("the oldest turns between the first and the last go first, then rounds of tools of the last")
    func order() throws {
        func user(_ text: String) -> String { #"{"role":"user","content":"\#(text) \#(String(repeating: "w", count: 400))"}"# }
        func round(_ id: Int) -> String {
            #"{"role":"assistant","content":null,"tool_calls":[{"id":"c\#(id)","type":"function","function":{"name":"f","arguments":"{}"}}]},"#
                + #"{"role":"tool","tool_call_id":"c\#(id)","content":"r\#(id) \#(String(repeating: "w", count: 400))"}"#
        }
        let body =
            #"{"messages":[{"role":"system","content":"s"},\#(user("u1")),{"role":"assistant","content":"a1"},\#(user("u2")),"#
            + #"{"role":"assistant","content":"a2"},{"role":"system","content":"later"},\#(user("u3")),{"role":"assistant","content":"a3"},"#
            + #"\#(user("u4")),\#(round(1)),\#(round(2)),\#(round(3)),\#(round(4))]}"#
        let all = try #require(Int64(exactly: body.utf8.count)) / 4
        var seen: [[String]] = []
        for window in stride(from: all * 100 / 85, to: 1, by: -40) {
            let made = try compress(Array(body.utf8), .chatCompletions, Compression(.contextWindow), window: window)
            let left = try messages(made?.body ?? Array(body.utf8)).map { String(($0["content"] as? String ?? "ca").prefix(2)) }
            if seen.last != left { seen.append(left) }
        }
        let last = ["ca", "r1", "ca", "r2", "ca", "r3", "ca", "r4"]
        let start = ["s", "u1", "a1"]
        #expect(
            seen == [
                start + ["u2", "a2", "la", "u3", "a3", "u4"] + last, start + ["la", "u3", "a3", "u4"] + last, start + ["la", "u4"] + last,
                start + ["la", "u4", "ca", "r1", "ca", "r3", "ca", "r4"], start + ["la", "u4", "ca", "r1", "ca", "r4"],
            ])
    }

    @Test("off, a prompt that fits, an API without messages: nothing is done")
    func nothing() throws {
        let body = Array(MadePrompt(seed: 3).body(.chatCompletions, seed: 3).utf8)
        #expect(try compress(body, .chatCompletions, Compression(.off), window: 1) == nil)
        #expect(try compress(body, .chatCompletions, Compression(.contextWindow), window: 1_000_000) == nil)
        #expect(try compress(Array(#"{"prompt":"{ }"}"#.utf8), .completions, Compression(.cost), window: 1) == nil)
        #expect(try compress(Array(#"{"input":["{ }"]}"#.utf8), .embeddings, Compression(.cost), window: 1) == nil)
    }

    @Test("what was signed, cited or is to be written by a tool keeps its white space")
    func seals() throws {
        let kept = [
            #"{"type":"thinking","thinking":"{ }","text":"{ }","signature":"abc"}"#,
            #"{"type":"tool_use","id":"1","name":"write","input":{"text":"{ }","content":"{ }"}}"#,
            #"{"type":"text","text":"{ }","citations":[{"type":"char_location"}]}"#,
        ]
        let changed = [#"{"type":"text","text":" { } ","citations":null}"#, #"{"type":"text","text":"{ \"a\" : 1.0 }"}"#]
        let body = #"{"messages":[{"role":"user","content":"x"},{"role":"assistant","content":[\#((kept + changed).joined(separator: ","))]}]}"#
        let made = try #require(try compress(Array(body.utf8), .messages, Compression(.cost, ratio: 1), window: 1_000_000))
        let text = String(decoding: made.body, as: UTF8.self)
        for part in kept { #expect(text.contains(part)) }
        #expect(text.contains(#"{"type":"text","text":"{}","citations":null}"#) && text.contains(#"{"type":"text","text":"{\"a\":1.0}"}"#))
    }

    @Test("an image that goes takes its tokens with it")
    func images() throws {
        let image = #"{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}"#
        let turn = #"{"role":"user","content":[{"type":"text","text":"look"},\#(image)]},{"role":"assistant","content":"seen"}"#
        let body = #"{"messages":[\#([turn, turn, turn, turn].joined(separator: ","))]}"#
        let made = try #require(try compress(Array(body.utf8), .chatCompletions, Compression(.contextWindow), window: 4_000))
        #expect(made.saving.dropped == 2 && made.call.images == 3)
        #expect(made.saving.before - made.saving.after > 1_105)
    }
}
