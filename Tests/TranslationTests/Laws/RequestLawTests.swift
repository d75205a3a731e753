import Testing
import Wire

@testable import Translation

/// The law of translation: what a client says in its dialect is found again in what the provider is asked, or `Loss` names it.
///
/// Made-up conversations are written in the client's dialect, read, written in the provider's, read again, and both readings compared.
@Suite("Requests lose nothing unnamed") struct RequestLawTests {
    /// A provider's dialect and what is known of the provider.
    struct Provider: Sendable, CustomTestStringConvertible {
        var api: API
        var target: TranslationTarget
        /// What it takes for granted or cannot tell apart; never lost, though not found again.
        var excused: [String] = []

        var testDescription: String { "\(api.name) \(target.model)" }

        init(
            _ api: API, _ model: String, _ origin: Seal.Origin? = nil, provider: String = "openai", _ quirks: ChatQuirks = [], excused: [String] = []
        ) {
            self.api = api
            target = TranslationTarget(model: model, maxOutputTokens: 8_192, origin: origin, provider: provider, quirks: quirks)
            self.excused = excused
        }
    }

    static let clients: [API] = [.chatCompletions, .responses, .messages, .generateContent, .converse]
    /// Its models do not think unasked, its schemas are always kept to, and its tier `auto` prefers what was paid for in advance.
    static let claude = ["thinking off", "format strict", "service_tier priority"]
    /// Calls are held to their schemas by the mode of all of them.
    static let gemini = ["format strict"] + (0..<8).map { "tool tool_\($0) strict" }
    static let openRouter: ChatQuirks = [.maxTokens, .systemRole, .reasoningDetails, .cacheControl, .topK]
    static let mistral: ChatQuirks = [
        .maxTokens, .systemRole, .noStreamOptions, .nineCharacterIDs, .randomSeed, .choiceAny, .thinkingParts, .fewMembers,
    ]
    static let providers = [
        Provider(.chatCompletions, "gpt-5"),
        Provider(.chatCompletions, "mistral-large", provider: "mistral", mistral, excused: ["thoughts shown"]),
        Provider(
            .chatCompletions, "deepseek-chat", provider: "deepseek", [.maxTokens, .systemRole, .reasoningContent, .thinkingSwitch],
            excused: ["thoughts shown"]),
        Provider(.chatCompletions, "router/any", .openrouter, provider: "openrouter", openRouter, excused: ["thoughts shown"]),
        Provider(.responses, "gpt-5", .openai), Provider(.responses, "grok-4", .xai, provider: "xai"),
        Provider(.messages, "claude-sonnet-4-6", .anthropic, provider: "anthropic", excused: claude),
        Provider(.messages, "claude-3-5-haiku-20241022", .anthropic, provider: "anthropic", excused: claude),
        Provider(.generateContent, "gemini-3-pro", .gemini, provider: "gemini", excused: gemini + ["thinking on"]),
        Provider(.generateContent, "gemini-2.5-flash", .gemini, provider: "gemini", excused: gemini),
        Provider(.converse, "anthropic.claude-sonnet-4-6-v1:0", .anthropic, provider: "bedrock", excused: claude),
        Provider(.converse, "amazon.nova-pro-v1:0", .bedrock, provider: "bedrock", excused: ["format strict"]),
    ]

    /// The dialect's own words for a conversation, as a client would send them.
    static func written(_ made: Conversation, in client: API, origin: Seal.Origin?) throws -> [UInt8] {
        let model =
            switch client {
            case .generateContent: "gemini-3-pro"
            case .converse: "anthropic.claude-sonnet-4-6-v1:0"
            default: "claude-sonnet-4-6"
            }
        let target = TranslationTarget(
            model: model, origin: origin, provider: "openai", quirks: client == .chatCompletions ? [.reasoningDetails, .cacheControl, .topK] : [])
        var loss = Loss()
        return try #require(client.dialect).write(made, to: target, loss: &loss)
    }

    /// What of `body` is not found in the provider's request though nothing says so; nil where it cannot be written.
    static func problems(_ body: [UInt8], from client: API, to provider: Provider) throws -> [String] {
        let (source, dialect) = (try #require(client.dialect), try #require(provider.api.dialect))
        return try body.withUnsafeBytes { raw -> [String] in
            let first = try source.read(raw, Call(api: client))
            var loss = Loss()
            let written = try dialect.write(first, to: provider.target, loss: &loss)
            return try written.withUnsafeBytes { raw in
                let second = try dialect.read(raw, Call(api: provider.api))
                second.stream = first.stream || second.stream
                var law = TranslationLaw(loss: loss, provider: provider)
                law.compare(ConversationFacts(first, origin: provider.target.origin), ConversationFacts(second, origin: provider.target.origin))
                return law.problems.isEmpty ? [] : law.problems + ["asked: \(String(decoding: written, as: UTF8.self))", "loss: \(loss.line)"]
            }
        }
    }

    @Test("of made-up conversations, for every client before every provider", arguments: clients, providers)
    func law(_ client: API, _ provider: Provider) throws {
        var seen: Set<String> = []
        for seed in 1...200 as ClosedRange<UInt64> {
            let made = MadeConversation.make(seed: seed, origin: provider.target.origin)
            if client == .generateContent, seed % 2 == 0 { made.forgetIDs() }
            let body = try Self.written(made, in: client, origin: provider.target.origin)
            let problems = try Self.problems(body, from: client, to: provider)
            // Of each kind the first.
            guard let first = problems.first, seen.insert(first.split(separator: " ").prefix(3).joined(separator: " ")).inserted else { continue }
            Issue.record("seed \(seed): \(problems.joined(separator: "\n  "))\n  said: \(String(decoding: body, as: UTF8.self))")
        }
    }
}
