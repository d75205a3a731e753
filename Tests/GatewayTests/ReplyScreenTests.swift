import Guarding
import Testing
import Wire

@testable import Gateway

/// Streams and whole replies of each dialect, as they come and as they go on.
@Suite("Replies that guards look at") struct ReplyScreenTests {
    static func masking(_ change: (inout GuardPolicy) -> Void = { _ in }) -> Guard {
        var policy = GuardPolicy(words: Keywords.compile(["blue heron"]).keywords)
        policy.personalData = .init(.mask, roles: .all)
        policy.keywords = .init(.mask, roles: .all)
        change(&policy)
        return Guard(policy)
    }

    static func screened(
        _ bytes: [UInt8], _ form: ReplyForm, _ framing: ReplyEvents.Framing, _ tools: Guard = ReplyScreenTests.masking(),
        masking: PersonalDataMasking = .init(), restores: Bool = false, size: Int
    ) -> (text: [UInt8], reply: GuardedReply) {
        let screen = ReplyScreen(form, framing, tools, GuardedReply(masking: masking), restores: restores)
        var (out, at): ([UInt8], Int) = ([], 0)
        while at < bytes.count {
            let end = min(bytes.count, at + size)
            let mayPass = bytes[at..<end].withUnsafeBytes { screen.take($0, into: &out) }
            guard mayPass else { return (out, screen.reply) }
            at = end
        }
        _ = screen.end(into: &out)
        return (out, screen.reply)
    }

    static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    // MARK: Streams

    private static func bytes(_ events: [String]) -> [UInt8] { Array(events.map { $0 + "\n\n" }.joined().utf8) }

    @Test("what goes on is what was written down, however the stream is cut", arguments: ScriptedStream.all + ScriptedStream.nobodys)
    func streams(stream: ScriptedStream) {
        let came = Self.bytes(stream.came)
        for size in [1, 2, 7, 64, 1000, came.count] {
            let went = Self.screened(came, stream.form, stream.framing, size: size)
            // Comments go past what waits: all others keep their order.
            let lines = Self.text(went.text).split(separator: "\n\n").map(String.init).filter {
                !$0.isEmpty && !$0.hasPrefix(":") && !$0.contains(#""ping""#)
            }
            let expected = stream.goes.filter { !$0.hasPrefix(":") && !$0.contains(#""ping""#) }
            #expect(lines.count == expected.count, "\(size)")
            for (line, other) in zip(lines, expected) { #expect(line == other, "cut to \(size)") }
        }
    }

    @Test("one byte that is changed in what goes on is found", arguments: ScriptedStream.all) func mutants(stream: ScriptedStream) {
        let went = Self.screened(Self.bytes(stream.came), stream.form, stream.framing, size: 1_000_000).text
        let expected = Self.bytes(stream.goes)
        // The comment went past what waited.
        #expect(went.count == expected.count)
        var missed: [Int] = []
        for place in went.indices {
            var mutant = went
            mutant[place] ^= 1
            if Self.events(mutant) == Self.events(expected) { missed.append(place) }
        }
        #expect(missed.isEmpty, "bytes \(missed)")
    }

    /// Those that keep their order, and those that do not.
    private static func events(_ bytes: [UInt8]) -> [[String]] {
        let all = text(bytes).split(separator: "\n\n").map(String.init)
        let isLoose = { (event: String) in event.hasPrefix(": keep-alive") || event.contains(#"{"type":"ping"}"#) }
        return [all.filter { !isLoose($0) }, all.filter(isLoose)]
    }

    @Test("where nothing is found, every byte goes on as it came", arguments: ScriptedStream.all + ScriptedStream.nobodys)
    func untouched(stream: ScriptedStream) {
        let tools = Self.masking {
            $0.personalData.action = .warn
            $0.keywords.action = .warn
        }
        let came = Self.bytes(stream.came.filter { !$0.hasPrefix(":") && !$0.contains(#""ping""#) })
        for size in [1, 50, came.count] {
            let went = Self.screened(came, stream.form, stream.framing, tools, size: size)
            #expect(went.text == came)
            #expect(went.reply.outcome.action == .warn)
        }
    }

    @Test("a block ends a stream before what it is for", arguments: ScriptedStream.all + ScriptedStream.nobodys)
    func blocks(stream: ScriptedStream) {
        let tools = Self.masking {
            $0.personalData.action = .block
            $0.keywords.action = .block
        }
        for size in [1, 50, 10_000] {
            let went = Self.screened(Self.bytes(stream.came), stream.form, stream.framing, tools, size: size)
            #expect(went.reply.isBlocked)
            let text = Self.text(went.text)
            let said = text.split(separator: "\n\n").filter { !$0.contains("response.created") }.joined()
            #expect(!said.contains("anna@f") && !said.contains("heron") && !said.contains("stop") && !said.contains("DONE"), "\(text)")
        }
    }
}
