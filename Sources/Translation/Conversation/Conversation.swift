import Wire

/// A request without its dialect: what every chat API can ask for, in one form. Read by one dialect, written by another.
///
/// Texts, numbers and schemas are slices of the client's body, which must stay where it is as long as this is used; what a
/// dialect had to make itself is kept here. A class: it is large and handed around.
public final class Conversation {
    /// Whose request it was: `native` parts and tools, citations and the names in `others` are of this dialect.
    public var api: API?
    /// In order, system and developer messages among them wherever they stood. A dialect that has its system prompt apart
    /// reads it as first message and writes by lifting them out.
    public var messages: [Message] = []
    /// The last message is an answer that broke off, to be gone on with.
    public var isUnfinished = false
    public var tools: [Tool] = []
    public var toolChoice: ToolChoice?
    /// `parallel_tool_calls`, the negation of `disable_parallel_tool_use`.
    public var parallelTools: Bool?
    public var format: ResponseFormat?
    public var sampling = Sampling()
    public var reasoning: ReasoningWish?
    /// Sequences that end the answer.
    public var stops: [TextSlice] = []
    public var maxTokens: JSONSlice?
    /// Answers wanted, `n` or `candidateCount`.
    public var choices: JSONSlice?
    public var stream = false
    /// The client wants usage in its stream. Dialects that always send it leave it true.
    public var wantsUsage = true
    /// `logprobs` and how many alternatives a token.
    public var logprobs: JSONSlice?
    public var topLogprobs: JSONSlice?
    public var user: TextSlice?
    /// An object of strings.
    public var metadata: JSONSlice?
    public var serviceTier: TextSlice?
    public var promptCacheKey: TextSlice?
    /// How long cached prompts live, as OpenAI says it.
    public var promptCacheRetention: TextSlice?
    public var safetyIdentifier: TextSlice?
    /// OpenAI's `verbosity`: low, medium, high.
    public var verbosity: TextSlice?
    public var store: Bool?
    /// Of a Responses request: what only its own dialect has a place for.
    public var responses: ResponsesMembers?
    /// What the answer may consist of (`text`, `audio`, `image`), and how audio should be.
    public var modalities: [TextSlice] = []
    public var audio: JSONSlice?
    /// Top-level members that this form has no place for, by name: a writer of another dialect reports each as lost.
    public var others: [(name: TextSlice, value: JSONSlice)] = []

    private var kept: [UnsafeMutableRawBufferPointer] = []

    public init() {}

    deinit { for buffer in kept { buffer.deallocate() } }

    /// A text that stays as long as the conversation does.
    public func keep(_ text: String) -> TextSlice { keep(Array(text.utf8)) }

    public func keep(_ text: [UInt8]) -> TextSlice {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, text.count), alignment: 1)
        buffer.copyBytes(from: text)
        kept.append(buffer)
        return TextSlice(plain: UnsafeRawBufferPointer(rebasing: buffer[..<text.count]))
    }

    /// A JSON value that stays as long as the conversation does.
    public func keep(json: [UInt8]) -> JSONSlice { JSONSlice(keep(json).bytes) }

    /// The name of the function that call `id` called: Gemini wants it with the result.
    public func toolName(of id: TextSlice) -> TextSlice? {
        let wanted = id.string
        for message in messages.reversed() {
            for case .toolCall(let call) in message.parts where call.id?.string == wanted { return call.name }
        }
        return nil
    }
}

/// Numbers as they stand in the request, so that `0.10` stays `0.10`.
public struct Sampling {
    public var temperature: JSONSlice?
    public var topP: JSONSlice?
    public var topK: JSONSlice?
    public var minP: JSONSlice?
    public var seed: JSONSlice?
    public var frequencyPenalty: JSONSlice?
    public var presencePenalty: JSONSlice?
    /// OpenAI's `logit_bias`.
    public var logitBias: JSONSlice?

    public init() {}
}

/// How much the model should think.
public struct ReasoningWish {
    /// `none`, `minimal`, `low`, `medium`, `high`, `xhigh`, `max`, `dynamic` ..., as the client says it.
    public var effort: TextSlice?
    /// Tokens; -1 lets Gemini decide, 0 switches it off.
    public var budget: JSONSlice?
    /// Explicitly on or off, where the dialect says so apart from effort and budget.
    public var isEnabled: Bool?
    /// Whether thoughts should be in the answer: OpenAI's `summary` (auto, concise, detailed), Gemini's `includeThoughts`
    /// (`auto`), Anthropic's display.
    public var summary: TextSlice?

    public init() {}
}

public enum ResponseFormat {
    case text
    /// Any JSON object.
    case object
    case schema(Schema)

    public struct Schema {
        public var name: TextSlice?
        public var description: TextSlice?
        public var schema: JSONSlice
        public var strict: Bool?

        public init(name: TextSlice? = nil, description: TextSlice? = nil, schema: JSONSlice, strict: Bool? = nil) {
            (self.name, self.description, self.schema, self.strict) = (name, description, schema, strict)
        }
    }
}

public struct Tool {
    public enum Kind {
        case function
        /// A tool that the provider runs itself (web search, code execution, computer use ...): the whole object, of use in
        /// its own dialect only.
        case native(type: TextSlice, JSONSlice)
    }

    public var kind = Kind.function
    public var name: TextSlice
    public var description: TextSlice?
    /// JSON Schema of its arguments; nil: it takes none.
    public var schema: JSONSlice?
    public var strict: Bool?
    public var cache: CacheMark?

    public init(name: TextSlice, description: TextSlice? = nil, schema: JSONSlice? = nil, strict: Bool? = nil) {
        (self.name, self.description, self.schema, self.strict) = (name, description, schema, strict)
    }
}

public enum ToolChoice {
    case auto, none
    /// Any of the tools, but one it must be.
    case required
    case named(TextSlice)
    /// Any of these, and one it must be (`isRequired`) or may be.
    case among([TextSlice], isRequired: Bool)
}

/// Up to here the prompt may be cached. `ttl`: `5m`, `1h`, or nil for the provider's usual time.
public struct CacheMark {
    public var ttl: TextSlice?
    public init(ttl: TextSlice? = nil) { self.ttl = ttl }
}
