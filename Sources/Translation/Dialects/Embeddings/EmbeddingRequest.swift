import Wire

/// A request for embeddings without its dialect. Slices point into the client's body, as a `Conversation`'s do.
public final class EmbeddingRequest {
    public enum Input {
        case text(TextSlice)
        /// A list of token ids, of use for models with that vocabulary only.
        case tokens(JSONSlice)
        /// Several parts, or a part that is no text, for one embedding.
        case parts([Part])
    }

    /// What the embeddings are for. Providers tune them to it.
    public enum Task: String, CaseIterable, Sendable {
        case query = "RETRIEVAL_QUERY"
        case document = "RETRIEVAL_DOCUMENT"
        case similarity = "SEMANTIC_SIMILARITY"
        case classification = "CLASSIFICATION"
        case clustering = "CLUSTERING"
        case questionAnswering = "QUESTION_ANSWERING"
        case factVerification = "FACT_VERIFICATION"
        case codeQuery = "CODE_RETRIEVAL_QUERY"
    }

    public var api: API
    public var inputs: [Input] = []
    public var dimensions: JSONSlice?
    /// The client wants the bytes of 32-bit numbers in base64 instead of numbers: what OpenAI's SDK asks for by itself.
    public var wantsBase64 = false
    public var task: Task?
    public var title: TextSlice?
    public var user: TextSlice?
    public var others: [(name: TextSlice, value: JSONSlice)] = []

    /// Keeps what a reader had to make itself.
    let kept = Conversation()

    public init(api: API) { self.api = api }

    /// The member that holds the inputs, in the client's dialect.
    var inputMember: String {
        switch api {
        case .batchEmbedContents: "requests"
        case .embedContent: "content"
        default: "input"
        }
    }

    /// More than a provider takes in one call is refused, not split: each part would cost, fail and be retried on its own.
    func limit(_ most: Int, model: String) throws(Malformed) {
        guard inputs.count > most else { return }
        throw Malformed(
            offset: 0, message: "`\(inputMember)` must have at most \(most) elements for model \(model), and has \(inputs.count)",
            member: inputMember)
    }

    /// An input that the provider cannot take.
    func cannot(_ index: Int, _ expected: String) -> Malformed {
        let path = inputs.count == 1 ? inputMember : "\(inputMember)[\(index)]"
        return Malformed(offset: 0, message: "`\(path)` must be \(expected) for this model", member: path)
    }

    /// The text of an input, where nothing else will do.
    func text(_ index: Int) throws(Malformed) -> TextSlice {
        switch inputs[index] {
        case .text(let text): return text
        case .tokens: throw cannot(index, "text: token ids are of another model's vocabulary")
        case .parts(let parts):
            if parts.count == 1, case .text(let text) = parts[0] { return text.text }
            throw cannot(index, "one text")
        }
    }
}

/// A provider's answer. Slices point into its body.
public final class EmbeddingReply {
    public enum Vector {
        /// A JSON array of numbers, which are copied as they stand.
        case numbers(JSONSlice)
        /// The bytes of 32-bit numbers, least significant byte first.
        case base64(TextSlice)
    }

    public var vectors: [Vector] = []
    public var model: TextSlice?
    /// Tokens read; nil: the provider did not say.
    public var tokens: Int64?

    public init() {}
}

/// A wire format of embeddings, both ways.
public protocol EmbeddingDialect: Sendable {
    func read(_ body: UnsafeRawBufferPointer) throws(Malformed) -> EmbeddingRequest
    func write(_ request: EmbeddingRequest, to target: TranslationTarget, loss: inout Loss) throws(Malformed) -> [UInt8]
    func read(reply body: UnsafeRawBufferPointer) throws(JSONProblem) -> EmbeddingReply
    /// `request` is the client's: it says how vectors are wanted.
    func write(_ reply: EmbeddingReply, for request: EmbeddingRequest, _ context: ReplyContext) -> [UInt8]
}

extension API {
    /// The dialect of its bodies, where embeddings are asked for.
    public var embeddingDialect: (any EmbeddingDialect)? {
        switch self {
        case .embeddings: OpenAIEmbeddings()
        case .embedContent: GeminiEmbeddings(isBatch: false)
        case .batchEmbedContents: GeminiEmbeddings(isBatch: true)
        case .cohereEmbed: CohereEmbeddings()
        case .bedrockInvoke: BedrockEmbeddings()
        default: nil
        }
    }
}

extension EmbeddingDialect {
    /// Of APIs that only providers are asked.
    public func read(_ body: UnsafeRawBufferPointer) throws(Malformed) -> EmbeddingRequest {
        throw Malformed(offset: 0, message: "this API is asked of providers only")
    }

    public func write(_ reply: EmbeddingReply, for request: EmbeddingRequest, _ context: ReplyContext) -> [UInt8] {
        preconditionFailure("no client asks this API: `API.isAsked` is false for it")
    }
}
