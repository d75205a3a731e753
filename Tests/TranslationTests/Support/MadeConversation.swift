import Wire

@testable import Translation

/// A conversation of made-up messages, tools and wishes: every member that a `Conversation` has, and few of them at a time.
struct MadeConversation {
    private var chance: Chance
    private let made: Conversation
    private let origin: Seal.Origin?
    private var calls = 0

    /// - Parameter origin: Who issued the seals of its thoughts.
    static func make(seed: UInt64, origin: Seal.Origin?) -> Conversation {
        let made = Conversation()
        var making = MadeConversation(chance: Chance(seed: seed, keptBy: made), made: made, origin: origin)
        making.messages()
        making.tools()
        making.wishes()
        making.sampling()
        making.reasoning()
        return making.made
    }

    private init(chance: Chance, made: Conversation, origin: Seal.Origin?) {
        self.chance = chance
        self.origin = origin
        self.made = made
    }

    // MARK: Messages

    private mutating func messages() {
        if chance.once(in: 2) { made.messages.append(Message(.system, texts(chance.below(2) + 1))) }
        if chance.once(in: 6) { made.messages.append(Message(.developer, texts(1))) }
        for _ in 0...chance.below(3) {
            var question = Message(.user, asked())
            question.name = chance.maybe(12) { $0.word("name") }
            made.messages.append(question)
            if chance.once(in: 12) { made.messages.append(Message(.system, texts(1))) }
            guard chance.below(4) > 0 else { continue }
            answer()
        }
        if made.messages.last?.role == .assistant { made.messages.append(Message(.user, texts(1))) }
    }

    private mutating func texts(_ count: Int) -> [Translation.Part] { (0..<count).map { _ in .text(text()) } }

    private mutating func text() -> TextPart {
        TextPart(chance.text(), cache: cache())
    }

    private mutating func cache() -> CacheMark? {
        chance.maybe(10) { CacheMark(ttl: $0.once(in: 2) ? TextSlice("1h") : nil) }
    }

    private mutating func asked() -> [Translation.Part] {
        var parts = texts(1 + chance.below(2))
        if chance.once(in: 3) { parts.insert(.media(media()), at: chance.below(parts.count + 1)) }
        return parts
    }

    private mutating func media() -> Media {
        let data = chance.kept.keep(chance.one(of: ["aGVsbG8=", "d29ybGQh", "AAECAw=="]))
        var media: Media
        switch chance.below(10) {
        case 8: media = Media(.video, .base64(data), type: "video/mp4")
        case 9: media = Media(.image, .location("gs://bucket/picture.png"), type: "image/png")
        case 0: media = Media(.image, .url(chance.kept.keep("https://images.test/\(chance.word("i").string).png")))
        case 1, 2: media = Media(.image, .base64(data), type: TextSlice(chance.once(in: 2) ? "image/png" : "image/jpeg"))
        case 3: media = Media(.document, .base64(data), type: "application/pdf")
        case 4: media = Media(.document, .text(chance.text()), type: "text/plain")
        case 5: media = Media(.audio, .base64(data), type: TextSlice(chance.once(in: 2) ? "audio/wav" : "audio/mpeg"))
        case 6: media = Media(.document, .url(chance.kept.keep("https://documents.test/\(chance.word("d").string).pdf")))
        default: media = Media(.image, .file(chance.word("file")))
        }
        if media.kind == .image { media.detail = chance.maybe(3) { TextSlice($0.once(in: 2) ? "low" : "high") } }
        if media.kind == .document {
            media.name = chance.maybe(2) { $0.word("name") }
            media.context = chance.maybe(4) { $0.text() }
            media.citations = chance.maybe(4) { $0.json(#"{"enabled":true}"#) }
        }
        media.cache = cache()
        return media
    }

    private mutating func answer() {
        var parts: [Translation.Part] = []
        if let origin, chance.once(in: 2) { parts.append(.reasoning(thought(origin))) }
        if chance.once(in: 2) { parts.append(.text(text())) }
        if chance.once(in: 8), parts.isEmpty {
            made.messages.append(Message(.assistant, [.refusal(chance.text())]))
            return
        }
        var results: [Translation.Part] = []
        if chance.once(in: 2) {
            for _ in 0...chance.below(2) {
                let (id, name) = (
                    chance.once(in: 3) ? chance.kept.keep("\(chance.word("call|").string):é/ \"x\"") : chance.word("call"),
                    chance.kept.keep("tool_\(chance.below(3))")
                )
                var call = ToolCall(id: id, name: name, arguments: chance.arguments())
                call.cache = chance.maybe(20) { _ in CacheMark() }
                parts.append(.toolCall(call))
                results.append(.toolResult(result(id, name)))
            }
        }
        if parts.isEmpty || parts.count == 1 && results.isEmpty { parts.append(.text(text())) }
        made.messages.append(Message(.assistant, parts))
        if chance.once(in: 3) { results.reverse() }
        if !results.isEmpty { made.messages.append(Message(.tool, results)) }
    }

    private mutating func thought(_ origin: Seal.Origin) -> Reasoning {
        if chance.once(in: 4) { return Reasoning(seal: Seal(origin, .redacted, chance.kept.keep("c2VhbGVk\(chance.below(9))w=="))) }
        return Reasoning(chance.text(), seal: Seal(origin, .signature, chance.kept.keep("c2lnbmVk\(chance.below(9))w==")))
    }

    private mutating func result(_ id: TextSlice, _ name: TextSlice) -> ToolResult {
        var result = ToolResult(id: id, name: nil, parts: texts(1), isError: chance.once(in: 4))
        if chance.once(in: 5) { result.parts.append(.media(Media(.image, .base64("aGVsbG8="), type: "image/png"))) }
        result.cache = cache()
        return result
    }

    // MARK: Tools

    private mutating func tools() {
        let hasCalls = made.messages.contains { $0.role == .tool }
        guard hasCalls || chance.once(in: 2) else { return }
        for number in 0..<3 {
            var tool = Tool(name: chance.kept.keep("tool_\(number)"), description: chance.maybe(2) { $0.text() }, schema: chance.schema())
            if chance.once(in: 8) { tool.schema = nil }
            tool.strict = chance.maybe(4) { $0.once(in: 2) }
            tool.cache = cache()
            made.tools.append(tool)
        }
        made.parallelTools = chance.maybe(4) { $0.once(in: 2) }
        switch chance.below(12) {
        case 0: made.toolChoice = .auto
        case 1: made.toolChoice = ToolChoice.none
        case 2: made.toolChoice = .required
        case 3: made.toolChoice = .named("tool_1")
        case 4: made.toolChoice = .among(["tool_0", "tool_2"], isRequired: chance.once(in: 2))
        default: break
        }
    }

    // MARK: Wishes

    private mutating func wishes() {
        switch chance.below(8) {
        case 0: made.format = .text
        case 1: made.format = .object
        case 2, 3:
            made.format = .schema(
                ResponseFormat.Schema(
                    name: chance.word("format"), description: chance.maybe(3) { $0.text() }, schema: chance.schema(),
                    strict: chance.maybe(3) { $0.once(in: 2) }))
        default: break
        }
        made.stream = chance.once(in: 3)
        made.maxTokens = chance.maybe(2) { $0.json("\(1_024 + $0.below(4_000))") }
        made.choices = chance.maybe(8) { $0.json("\(1 + $0.below(3))") }
        made.user = chance.maybe(4) { $0.word("user") }
        made.safetyIdentifier = chance.maybe(8) { $0.word("safety") }
        made.metadata = chance.maybe(8) { $0.json(#"{"k\#($0.below(9))":"größe"}"#) }
        made.serviceTier = chance.maybe(6) { TextSlice($0.one(of: ["auto", "default", "flex", "priority"])) }
        made.promptCacheKey = chance.maybe(8) { $0.word("cache") }
        made.promptCacheRetention = chance.maybe(10) { _ in TextSlice("24h") }
        made.verbosity = chance.maybe(8) { TextSlice($0.one(of: ["low", "high"])) }
        made.store = chance.maybe(8) { $0.once(in: 2) }
        if chance.once(in: 12) {
            made.modalities = ["text", "audio"]
            made.audio = chance.json(#"{"voice":"alloy","format":"wav"}"#)
        }
    }

    private mutating func sampling() {
        func number(_ chance: inout Chance) -> JSONSlice { chance.json(chance.one(of: ["0.10", "0.5", "0.99"])) }
        made.sampling.temperature = chance.maybe(3) { $0.once(in: 4) ? $0.json("1.7") : number(&$0) }
        made.sampling.topP = chance.maybe(5, number)
        made.sampling.topK = chance.maybe(6) { $0.json("\(1 + $0.below(60))") }
        made.sampling.minP = chance.maybe(10, number)
        made.sampling.seed = chance.maybe(6) { $0.json("\($0.below(99))") }
        made.sampling.frequencyPenalty = chance.maybe(8, number)
        made.sampling.presencePenalty = chance.maybe(8, number)
        made.sampling.logitBias = chance.maybe(12) { $0.json(#"{"50256":-100}"#) }
        if chance.once(in: 10) {
            made.logprobs = chance.json("true")
            made.topLogprobs = chance.maybe(2) { $0.json("\(1 + $0.below(5))") }
        }
        if chance.once(in: 4) { for _ in 0...chance.below(2) { made.stops.append(chance.text()) } }
    }

    private mutating func reasoning() {
        guard chance.once(in: 3) else { return }
        var wish = ReasoningWish()
        switch chance.below(4) {
        case 0, 1: wish.effort = TextSlice(chance.one(of: ["none", "minimal", "low", "medium", "high", "xhigh"]))
        case 2: wish.budget = chance.json("\(1_024 << chance.below(4))")
        default: wish.isEnabled = chance.once(in: 2)
        }
        wish.summary = chance.maybe(3) { TextSlice($0.one(of: ["auto", "concise", "detailed"])) }
        made.reasoning = wish
    }
}

extension Conversation {
    /// Calls and results by name and order only, as many of Google's clients send them.
    func forgetIDs() {
        var names: [String: TextSlice] = [:]
        for at in messages.indices {
            messages[at].parts = messages[at].parts.map { part in
                switch part {
                case .toolCall(var call):
                    if let id = call.id { names[id.string] = call.name }
                    call.id = nil
                    return .toolCall(call)
                case .toolResult(var result):
                    result.name = result.id.flatMap { names[$0.string] }
                    result.id = nil
                    return .toolResult(result)
                default: return part
                }
            }
        }
    }
}
