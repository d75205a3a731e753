import Routing
import Testing
import Wire

@testable import Translation

@Suite("Continuation") struct ContinuationTests {
    struct Row: Sendable {
        var said: [String]
        var next: [String]
        /// What the next provider is shown, and what the client has in the end.
        var shown: String
        var whole: String
    }

    @Test(
        "white space between two parts is said once, whoever says it",
        arguments: [
            Row(said: ["The quick ", "brown"], next: [" fox"], shown: "The quick brown", whole: "The quick brown fox"),
            Row(said: ["brown "], next: ["fox"], shown: "brown", whole: "brown fox"),
            Row(said: ["brown "], next: [" fox"], shown: "brown", whole: "brown fox"),
            Row(said: ["one\n", "\n"], next: ["\n", "\n", "two"], shown: "one", whole: "one\n\ntwo"),
            Row(said: ["one\n\n"], next: ["\ntwo"], shown: "one", whole: "one\n\ntwo"),
            Row(said: ["one "], next: ["\ttwo"], shown: "one", whole: "one \ttwo"),
            Row(said: [" "], next: [" two"], shown: "", whole: " two"),
            Row(said: [], next: ["two"], shown: "", whole: "two"),
        ])
    func blanks(_ row: Row) {
        let recorder = EventRecorder()
        let continuation = Continuation(recorder)
        say(row.said, to: continuation, ends: false)
        #expect(continuation.canResume)
        continuation.resume(spent: Usage())
        let conversation = Conversation()
        continuation.extend(conversation)
        #expect(conversation.isUnfinished == !row.shown.isEmpty)
        if case .text(let part)? = conversation.messages.last?.parts.last { #expect(part.text.string == row.shown) }
        say(row.next, to: continuation, ends: true)
        #expect(recorder.lines == ["began - - -", "open 0 text", "close \(row.whole)", "finished 0 stop"])
    }

    private func say(_ texts: [String], to writer: Continuation, ends: Bool) {
        writer.write(.began(id: nil, model: nil, createdUnixSeconds: nil))
        writer.write(.opened(Block(.text)))
        for text in texts { Array(text.utf8).withUnsafeBytes { writer.write(.piece(TextSlice(plain: $0))) } }
        guard ends else { return }
        writer.write(.closed)
        writer.write(.finished(choice: 0, .stop, stopSequence: nil))
    }

    @Test("thoughts of the one that carries on have no place in the middle of a text, and usage is the sum of both")
    func thoughts() {
        let recorder = EventRecorder()
        let continuation = Continuation(recorder)
        say(["a"], to: continuation, ends: false)
        var first = Usage()
        (first.input, first.output, first.estimated) = (5, 2, true)
        continuation.resume(spent: first)
        continuation.write(.opened(Block(.reasoning(id: nil))))
        continuation.write(.piece(TextSlice("hm")))
        continuation.write(.closed)
        say(["b"], to: continuation, ends: true)
        var second = Usage()
        (second.input, second.output) = (6, 3)
        continuation.write(.usage(second))
        #expect(recorder.lines == ["began - - -", "open 0 text", "close ab", "finished 0 stop"])
        #expect(recorder.usage?.input == 11 && recorder.usage?.output == 5 && recorder.usage?.estimated == true)
    }

    @Test("a limit of tokens is what is left of it")
    func limit() {
        let continuation = Continuation(EventRecorder())
        say(["a"], to: continuation, ends: false)
        var spent = Usage()
        spent.output = 30
        continuation.resume(spent: spent)
        for (limit, left) in [(100, Int64(70)), (20, 1)] {
            let conversation = Conversation()
            conversation.maxTokens = conversation.keep(json: Array("\(limit)".utf8))
            continuation.extend(conversation)
            #expect(conversation.maxTokens?.integer == left)
        }
    }

    @Test("what is more than a text, or finished, is not carried on")
    func never() {
        func after(_ events: (Continuation) -> Void) -> Bool {
            let continuation = Continuation(EventRecorder())
            continuation.write(.opened(Block(.text)))
            events(continuation)
            return continuation.canResume
        }
        #expect(after { _ in })
        #expect(!after { $0.write(.finished(choice: 0, .stop, stopSequence: nil)) })
        #expect(!after { $0.write(.opened(Block(.toolCall(id: nil, name: "f")))) })
        #expect(!after { $0.write(.opened(Block(choice: 1, .text))) })
        #expect(!after { $0.write(.seal(Seal(.gemini, .thought, "x"))) })
        let long = [UInt8](repeating: 0x61, count: Continuation.largest / 2 + 1)
        #expect(after { writer in long.withUnsafeBytes { writer.write(.piece(TextSlice(plain: $0))) } })
        #expect(!after { writer in for _ in 0..<2 { long.withUnsafeBytes { writer.write(.piece(TextSlice(plain: $0))) } } })
    }
}
