import Foundation
import Routing
import Testing
import Wire

@testable import Translation

/// What a provider sealed goes through the client's dialect and back: to its issuer bare, to nobody else.
@Suite("Sealed thoughts return to their issuer") struct SealLoopTests {
    static let clients: [API] = [.chatCompletions, .responses, .messages, .generateContent, .converse]
    struct Issuer: Sendable, CustomTestStringConvertible {
        var api: API
        var origin: Seal.Origin
        var model: String
        var quirks: ChatQuirks = []
        var testDescription: String { origin.rawValue }
    }
    static let issuers = [
        Issuer(api: .messages, origin: .anthropic, model: "claude-sonnet-4-6"),
        Issuer(api: .generateContent, origin: .gemini, model: "gemini-3-pro"),
        Issuer(api: .responses, origin: .openai, model: "gpt-5"), Issuer(api: .responses, origin: .xai, model: "grok-4"),
        Issuer(api: .chatCompletions, origin: .openrouter, model: "router/any", quirks: [.reasoningDetails]),
        Issuer(api: .converse, origin: .bedrock, model: "amazon.nova-2-v1:0"),
    ]
    /// In base64, and no text: so Bedrock's dialect tells other models' from Anthropic's.
    static let sealed = "AP7+gIEBAg=="

    /// A client's next request, with the answer in it as its SDK gives it back.
    private static func request(_ answer: [String: Any], _ client: API) throws -> [String: Any] {
        switch client {
        case .chatCompletions:
            let choice = try #require((answer["choices"] as? [[String: Any]])?.first)
            return ["model": "m", "messages": [["role": "user", "content": "Hi."], choice["message"] ?? [:], ["role": "user", "content": "On."]]]
        case .responses:
            let items: [Any] = [["role": "user", "content": "Hi."]] + (answer["output"] as? [Any] ?? []) + [["role": "user", "content": "On."]]
            return ["model": "m", "input": items]
        case .messages:
            let said: [String: Any] = ["role": "assistant", "content": answer["content"] ?? []]
            return ["model": "m", "max_tokens": 9, "messages": [["role": "user", "content": "Hi."], said, ["role": "user", "content": "On."]]]
        case .generateContent:
            let candidate = try #require((answer["candidates"] as? [[String: Any]])?.first)
            let user: [String: Any] = ["role": "user", "parts": [["text": "Hi."]]]
            return ["contents": [user, candidate["content"] ?? [:], user]]
        default:
            let message = (answer["output"] as? [String: Any])?["message"] ?? [:]
            let user: [String: Any] = ["role": "user", "content": [["text": "Hi."]]]
            return ["messages": [user, message, user]]
        }
    }

    @Test("through every client's dialect", arguments: clients, issuers)
    func loop(_ client: API, _ issuer: Issuer) throws {
        for kind in [Seal.Kind.signature, .redacted] {
            let kept = Conversation()
            var events: [ReplyEvent] = [.began(id: "id-1", model: "m", createdUnixSeconds: nil), .opened(Block(.reasoning(id: nil)))]
            if kind == .signature { events.append(.piece("Let me think.")) }
            events += [.seal(Seal(issuer.origin, kind, kept.keep(Self.sealed))), .closed]
            events += [.opened(Block(.text)), .piece("Well."), .closed, .finished(choice: 0, .stop, stopSequence: nil), .usage(Usage())]
            let bytes = ReplyLawTests.written(events, in: client, isStream: false, issuer.origin).bytes
            let answer = try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
            let body = try #require(RecordedExchange.bytes(try Self.request(answer, client)))
            for target in Self.issuers {
                let written = try Self.asked(body, client, target)
                let isOwn = target.origin == issuer.origin
                #expect(
                    written.contains(Self.sealed) == isOwn, "\(kind) to \(target.origin): \(written)\nfrom \(String(decoding: body, as: UTF8.self))")
                #expect(!written.contains("swl1"))
            }
        }
    }

    private static func asked(_ body: [UInt8], _ client: API, _ target: Issuer) throws -> String {
        try body.withUnsafeBytes { raw in
            var loss = Loss()
            let conversation = try #require(client.dialect).read(raw, Call(api: client))
            let to = TranslationTarget(model: target.model, origin: target.origin, provider: target.origin.rawValue, quirks: target.quirks)
            return String(decoding: try #require(target.api.dialect).write(conversation, to: to, loss: &loss), as: UTF8.self)
        }
    }
}
