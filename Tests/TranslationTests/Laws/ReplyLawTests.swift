import NIOCore
import Routing
import Testing
import Wire

@testable import Translation

/// The same law for answers: what a provider says in its dialect is found again in what the client gets, or `Loss` names it.
@Suite("Answers lose nothing unnamed") struct ReplyLawTests {
    static let dialects: [API] = [.chatCompletions, .responses, .messages, .generateContent, .converse]

    private static func context(_ isStream: Bool, _ origin: Seal.Origin?) -> ReplyContext { .test(stream: isStream, origin: origin) }

    private static func origin(of api: API) -> Seal.Origin {
        switch api {
        case .chatCompletions: .openrouter
        case .responses: .openai
        case .generateContent: .gemini
        default: .anthropic
        }
    }

    static func written(_ events: [ReplyEvent], in api: API, isStream: Bool, _ origin: Seal.Origin?) -> (bytes: [UInt8], loss: Loss) {
        guard let writer = api.dialect?.replyWriter(context(isStream, origin)) else { return ([], Loss()) }
        for event in events { writer.write(event) }
        writer.end()
        return (writer.output.bytes, writer.loss)
    }

    /// Reads an answer into `writer`: what this wrote, and what is wrong with the answer.
    static func read(
        _ bytes: [UInt8], of api: API, isStream: Bool, _ origin: Seal.Origin?, to writer: any ReplyWriter
    ) -> (written: [UInt8], problem: String?) {
        guard let reader = api.dialect?.replyReader(context(isStream, origin)) else { return ([], "no dialect") }
        guard isStream else {
            return bytes.withUnsafeBytes { raw in
                do throws(JSONProblem) { try reader.read(whole: raw, to: writer) } catch { return ([], "\(error)") }
                writer.end()
                return (writer.output.bytes, nil)
            }
        }
        let translation = StreamTranslation(from: reader, to: writer)
        var out = ByteBuffer()
        do throws(StreamProblem) {
            try bytes.withUnsafeBufferPointer { raw throws(StreamProblem) in try translation.take(UnsafeRawBufferPointer(raw), into: &out) }
        } catch { return ([], "\(error)") }
        let end = translation.end(into: &out)
        guard case .complete = end else { return ([], "\(end)") }
        return (Array(out.readableBytesView), nil)
    }

    @Test("of made-up answers, of every provider for every client, streamed and whole", arguments: dialects, dialects)
    func law(_ client: API, _ provider: API) throws {
        var seen: Set<String> = []
        for seed in 1...150 as ClosedRange<UInt64> {
            for isStream in [false, true] {
                let problems = Self.problems(seed, client, provider, isStream)
                guard let first = problems.first, seen.insert(first.split(separator: " ").prefix(3).joined(separator: " ")).inserted else { continue }
                Issue.record("seed \(seed): \(problems.joined(separator: "\n  "))\n  streamed: \(isStream)")
            }
        }
    }

    private static func problems(_ seed: UInt64, _ client: API, _ provider: API, _ isStream: Bool) -> [String] {
        let (kept, origin) = (Conversation(), Self.origin(of: provider))
        let made = MadeAnswer.make(seed: seed, origin: origin, keptBy: kept, choices: provider == .chatCompletions ? 2 : 1)
        let said = Self.written(made, in: provider, isStream: isStream, origin).bytes
        let first = AnswerFacts()
        if let problem = Self.read(said, of: provider, isStream: isStream, origin, to: first).problem {
            return ["unread: the provider's \(problem)", "\(String(decoding: said, as: UTF8.self))"]
        }
        guard let writer = client.dialect?.replyWriter(Self.context(isStream, origin)) else { return ["no writer"] }
        let (got, problem) = Self.read(said, of: provider, isStream: isStream, origin, to: writer)
        if let problem { return ["untranslated: \(problem)"] }
        let second = AnswerFacts()
        if let problem = Self.read(got, of: client, isStream: isStream, Self.origin(of: client), to: second).problem {
            return ["unread: the client's \(problem)", "\(String(decoding: got, as: UTF8.self))"]
        }
        var problems: [String] = []
        var rest = second.all.map(\.text)
        // A second answer that says nothing is none.
        let isAlone = !first.all.contains { $0.text.hasPrefix("1 ") }
        // OpenAI's own streams bring them piece by piece, ours at the end of the text, where the reader does not look again.
        let hasLogprobs = String(decoding: got, as: UTF8.self).contains(#""logprob":-0.5"#)
        if hasLogprobs { rest.removeAll { $0.hasPrefix("logprobs") } }
        for fact in first.all {
            if hasLogprobs && fact.name == "logprobs" || isAlone && Self.isSecond(fact.text) { continue }
            if let at = rest.firstIndex(of: fact.text) {
                rest.remove(at: at)
            } else if !Self.isNamed(fact, writer.loss) {
                problems.append("lost: \(fact.text)")
            }
        }
        for text in rest where !problems.contains(where: { $0.hasPrefix("lost: \(text.prefix(4))") }) && !text.hasPrefix("finished") {
            problems.append("made up: \(text)")
        }
        guard !problems.isEmpty else { return [] }
        return problems + [
            "said: \(String(decoding: said, as: UTF8.self))", "got: \(String(decoding: got, as: UTF8.self))", "loss: \(writer.loss.line)",
        ]
    }

    private static func isSecond(_ text: String) -> Bool { ["1 ", "finished 1", "logprobs 1"].contains { text.hasPrefix($0) } }

    private static func isNamed(_ fact: (text: String, name: String), _ loss: Loss) -> Bool {
        loss.paths.contains { path in
            path == fact.name || path == "stop_reason" && fact.name == "finish_reason" || path.hasPrefix("choices[1]") && isSecond(fact.text)
                || fact.name == "content.image" && (path.hasPrefix("output[") || path.contains("image"))
        }
    }
}
