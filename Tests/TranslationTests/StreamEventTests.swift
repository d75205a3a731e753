import NIOCore
import Routing
import Testing
import Wire

@testable import Translation

@Suite("Stream relay, single events") struct StreamEventTests {
    static func chunk(_ delta: String, finish: String = "null", more: String = "") -> String {
        "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":\(delta),\"finish_reason\":\(finish)}]\(more)}\n\n"
    }

    static let prelude = chunk("{\"role\":\"assistant\",\"content\":\"\"}")
    static let hello = chunk("{\"content\":\"Hello\"}")
    static let stop = chunk("{}", finish: "\"stop\"")
    static let done = "data: [DONE]\n\n"
    /// Some providers say of every chunk that it is not the last.
    static let unended = chunk("{\"content\":\"Hello\"}", finish: "\"\"")

    @Test(
        "what is content commits, what is not does not",
        arguments: [
            (#"{"role":"assistant"}"#, false), (#"{"role":"assistant","content":null}"#, false), (#"{"content":""}"#, false), ("{}", false),
            (#"{"role":"assistant","content":"","refusal":null,"tool_calls":[]}"#, false), (#"{"content":"x"}"#, true),
            (#"{"reasoning_content":"x"}"#, true), (#"{"reasoning":"x"}"#, true), (#"{"refusal":"no"}"#, true), (#"{"content":[]}"#, false),
            (#"{"tool_calls":[{"index":0,"function":{"name":"f","arguments":""}}]}"#, true), (#"{"content":[{"type":"thinking"}]}"#, true),
            (#"{"function_call":{"arguments":"{"}}"#, true), (#"{"audio":{"id":"a","data":"AA"}}"#, true),
        ])
    func commits(_ delta: String, _ expected: Bool) {
        let relayed = Relayed(Self.chunk(delta))
        #expect(!relayed.out.isEmpty == expected)
    }

    @Test(
        "text, reasoning and arguments are counted, names of members are not",
        arguments: [
            (#"{"content":"Hello"}"#, 5), (#"{"content":"\"a\""}"#, 5), (#"{"content":"ab","reasoning_content":"cde"}"#, 5),
            (#"{"role":"assistant"}"#, 0),
            (#"{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"get","arguments":"{\"a\""}}]}"#, 9),
            (#"{"content":[{"type":"thinking","thinking":[{"type":"text","text":"abcd"}]}]}"#, 4),
        ])
    func counts(_ delta: String, _ bytes: Int) {
        #expect(Relayed(Self.chunk(delta)).contentBytes == bytes)
    }

    @Test("a held prelude goes out with the first content, whole and in order")
    func heldThenOut() {
        let text = ": waiting\n\n" + Self.prelude + ": still\n\n" + Self.hello + Self.stop + Self.done
        #expect(Relayed(text).text == text)
        #expect(Relayed(": waiting\n\n" + Self.prelude).text == "")
        #expect(Relayed(": waiting\n\n" + Self.prelude).end == .truncated)
    }

    @Test("holding is bounded in events and bytes, comments count by bytes only")
    func holdIsBounded() {
        let hold = StreamRelay.Hold(bytes: 1_000, events: 3)
        #expect(Relayed(Self.prelude + Self.prelude, hold: hold).out.isEmpty)
        #expect(Relayed(Self.prelude + Self.prelude + Self.prelude, hold: hold).text == Self.prelude + Self.prelude + Self.prelude)
        let comment = ": " + String(repeating: "x", count: 96) + "\n\n"
        #expect(Relayed(String(repeating: comment, count: 10), hold: hold).out.isEmpty)
        #expect(Relayed(String(repeating: comment, count: 11), hold: hold).out.count == 1_100)
        #expect(Relayed(comment, hold: .none).out.count == 100)
    }

    @Test(
        "an error before the first content is kept for us, after it goes on if a client understands it",
        arguments: [
            ("data: {\"error\":{\"message\":\"m\",\"code\":429}}\n\n", "m", true),
            ("event: error\ndata: {\"error\":{\"message\":\"m\"}}\n\n", "m", true),
            ("event: error\ndata: {\"message\":\"m\"}\n\n", "m", false), ("event: error\ndata: {\"type\":\"error\",\"error\":\"m\"}\n\n", "m", true),
            ("data: {\"error\":{\"message\":\"m\"},\"choices\":[{\"delta\":{\"content\":\"\"},\"finish_reason\":\"error\"}]}\n\n", "m", true),
        ])
    func errors(_ event: String, _ message: String, _ told: Bool) {
        let early = Relayed(Self.prelude + event + Self.done)
        #expect(early.out.isEmpty)
        #expect(early.end == .failed(told: false))
        #expect(early.errorMessage == message)
        let late = Relayed(Self.hello + event + Self.hello + Self.done)
        #expect(late.text == Self.hello + (told ? event : ""))
        #expect(late.end == .failed(told: told))
        #expect(late.errorMessage == message)
    }

    @Test(
        "the words usage and error in a text mean nothing",
        arguments: [
            #"{"content":"\"usage\":{\"prompt_tokens\":1}"}"#, #"{"content":"usage"}"#, #"{"content":"error"}"#,
            #"{"content":"\"error\":{\"message\":\"m\"}"}"#,
            #"{"content":"\"finish_reason\":\"stop\""}"#, #"{"error":null,"content":"x"}"#,
        ])
    func words(_ delta: String) {
        let relayed = Relayed(Self.chunk(delta))
        #expect(relayed.usage == nil && relayed.errorMessage == nil && relayed.end == .truncated)
        #expect(relayed.text == Self.chunk(delta))
    }

    @Test("the last usage holds, wherever it stands, and is never added")
    func lastUsage() {
        let cumulative = (1...3).map { Self.chunk("{\"content\":\"x\"}", more: ",\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":\($0)}") }
        #expect(Relayed(cumulative.joined()).usage?.usage.output == 3)
        let groq = Relayed(
            Self.chunk("{\"content\":\"x\"}", more: ",\"x_groq\":{\"id\":\"r\",\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":7}}"))
        #expect(groq.usage?.usage.output == 7)
        let null = Relayed(cumulative[0] + Self.chunk("{\"content\":\"x\"}", more: ",\"usage\":null"))
        #expect(null.usage?.usage.output == 1)
        let alone = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":9}}\n\n"
        let hidden = Relayed(Self.hello + Self.stop + alone + Self.done, hidesUsage: true)
        #expect(hidden.text == Self.hello + Self.stop + Self.done)
        #expect(hidden.usage?.usage.output == 9)
    }

    @Test(
        "a stream ends complete with [DONE] or a finish reason, else it is truncated",
        arguments: [
            ("", StreamEnd.truncated, ""), (hello, .truncated, hello), (hello + stop, .complete, hello + stop),
            (hello + done, .complete, hello + done),
            (prelude + done, .complete, prelude + done), (hello + "data: [DONE]", .complete, hello + "data: [DONE]\n\n"),
            (hello + String(stop.dropLast()), .complete, hello + String(stop.dropLast()) + "\n\n"), (hello + "data: {\"choices\"", .truncated, hello),
            (hello + stop + "data: {\"cho", .complete, hello + stop), (hello + ": comment", .truncated, hello),
            (prelude + stop, .complete, prelude + stop),
            (done, .truncated, ""), (": comment\n\n" + done, .truncated, ""), (unended, .truncated, unended),
            (unended + stop, .complete, unended + stop),
            ("<html>bad gateway</html>\n", .truncated, ""), ("{\"error\":{\"message\":\"m\"}}", .truncated, ""),
        ])
    func ends(_ text: String, _ end: StreamEnd, _ out: String) {
        let relayed = Relayed(text)
        #expect(relayed.end == end)
        #expect(relayed.text == out)
    }

    @Test("a first event that is no JSON is no answer; a later one passes")
    func notJSON() {
        #expect(Relayed("data: <html>\n\n").problem == .notJSON)
        #expect(Relayed("data: {\"choices\":[\n\n").problem == .notJSON)
        let late = Relayed(Self.hello + "data: {\"choices\":[\n\n" + Self.stop)
        #expect(late.problem == nil && late.text == Self.hello + "data: {\"choices\":[\n\n" + Self.stop)
    }

    @Test("an event beyond the limit stops the stream, and what came before has gone out")
    func tooLarge() {
        let large = Self.chunk("{\"content\":\"\(String(repeating: "x", count: 500))\"}")
        let relayed = Relayed([Array((Self.hello + large).utf8)[...]], largest: 400)
        #expect(relayed.problem == .eventTooLarge(400))
        #expect(relayed.text == Self.hello)
    }

    @Test("JSON over several data lines is read as one")
    func severalLines() {
        let text =
            "data: {\"choices\":[{\"delta\":{\"content\":\"x\"},\ndata: \"finish_reason\":\"stop\"}],\n"
            + "data: \"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}\n\n"
        let relayed = Relayed(text)
        #expect(relayed.text == text && relayed.usage?.usage.output == 2 && relayed.end == .complete)
    }

    @Test("without a word of the provider usage is counted here and says so")
    func estimated() throws {
        var relay = StreamRelay(api: .chatCompletions, hidesUsage: true)
        var buffer = ByteBuffer()
        let text = Self.hello + Self.chunk("{\"content\":\"\(String(repeating: "x", count: 35))\"}")
        try Array(text.utf8).withUnsafeBytes { try relay.take($0, into: &buffer) }
        let usage = relay.billed(estimatedInput: 17)
        #expect(usage.input == 17 && usage.output == 10 && usage.estimated)
    }
}
