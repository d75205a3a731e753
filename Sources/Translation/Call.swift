import Routing
import Wire

/// What routing needs of one request, read in one pass over the body.
///
/// Holds places in the body, not its text: the body stays where it is and goes on to the provider with few changes. A class,
/// since it is large and travels through the whole path of a request; nothing changes it once it is read.
public final class Call {
    public let api: API
    public internal(set) var needs = Needs()
    /// The model's name, inside its quotes. Nil: absent or `null`, the policy decides.
    public internal(set) var model: JSONText?
    /// The model's name where the dialect has it in the path.
    public internal(set) var pathModel: String?
    /// How the client wants a stream packed.
    public internal(set) var framing = Framing.events
    public internal(set) var stream = false
    /// The client asked for `stream_options.include_usage` itself.
    public internal(set) var asksUsage = false
    /// The larger of `max_tokens` and `max_completion_tokens`.
    public internal(set) var maxTokens: Int64?
    /// `n`, at least 1.
    public internal(set) var choices = 1
    /// Answers that the provider makes at most: of each of several prompts so many, and with `best_of` more than it gives back.
    public internal(set) var answers = 1

    /// Bytes of prompt text: messages, prompt or input, tools and schemas; images, audio and files excepted.
    public internal(set) var textBytes = 0
    public internal(set) var images = 0
    /// Bytes of the `input_audio` and `file` parts as they stand in the body (base64).
    public internal(set) var attachmentBytes = 0

    /// Who and which conversation: for sticky choices. Strings, inside their quotes.
    public internal(set) var user: JSONText?
    public internal(set) var promptCacheKey: JSONText?
    /// `metadata.session_id`.
    public internal(set) var session: JSONText?
    /// The value of `metadata`, an object.
    public internal(set) var metadata: ByteRange?

    /// `store`: the provider is to keep the answer.
    public internal(set) var stores = false
    /// How soon it is to be served.
    public internal(set) var tier = ServiceTier.standard

    /// Members addressed to us, which no provider sees.
    public internal(set) var extras = Extras()
    /// There are some.
    public internal(set) var hasExtras = false
    /// Of a chat: quirks of providers that it may run into.
    public internal(set) var quirks: ChatQuirks = []

    // What `rewrite` changes.
    var cuts: [ByteRange] = []
    /// The value of `model` with its quotes, or an empty place behind the opening brace.
    var modelPlace = ByteRange(0, 0)
    /// Behind an inserted `model` a comma is needed.
    var hasOthers = false
    var usageEdit = UsageEdit()

    /// Nothing read yet.
    public init(api: API) { self.api = api }

    /// Values of gateway members: whole values, strings with their quotes, unless said otherwise.
    public struct Extras: Sendable {
        public var tags: ByteRange?
        public var fallbacks: ByteRange?
        public var router: ByteRange?
        public var extra: ByteRange?
        /// Strings, inside their quotes.
        public var routerMode: JSONText?
        /// Also `vendor`.
        public var routerProvider: JSONText?
        public var routerModel: JSONText?
        public var routingPolicy: JSONText?
        /// `project_id`.
        public var project: JSONText?
        /// `num_retries`, or `max_retries`.
        public var retries: Int?
        public var timeout: Duration?
        public var disablesFallbacks = false
        public var includesRouting = false
    }

    /// Tokens the provider will count for the prompt, estimated: four bytes a token, which is some tenths too many for
    /// prose, 85 to 1,105 an image in OpenAI's own counting of which the larger is taken, and attachments as if text.
    /// Too high is the safe side: settlement gives the difference back.
    public var estimatedInput: Int64 { Int64(textBytes + attachmentBytes) / 4 + Int64(images) * 1_105 + 3 }

    /// The model's name as text, for messages and records.
    public func modelName(in body: UnsafeRawBufferPointer) -> String? {
        pathModel ?? model.map { JSONEscapes.decoded($0.range.of(body)) }
    }

    /// A hash input for sticky choices: the narrowest of what the client told of itself.
    public var stickyText: JSONText? { session ?? promptCacheKey ?? user }
}

/// How `stream_options.include_usage: true` gets into a body that lacks it.
struct UsageEdit: Sendable {
    enum Form: UInt8, Sendable {
        /// Nothing to do: not a stream, or the client asks itself.
        case none
        /// No `stream_options`: one is put behind the member `stream`.
        case member
        /// `stream_options: null` is replaced.
        case object
        /// The first member of an object that has others, or of an empty one.
        case firstOfMany, only
        /// `include_usage: false` or `null` is replaced.
        case flag
    }

    var form = Form.none
    var place = ByteRange(0, 0)

    var text: StaticString {
        switch form {
        case .none: ""
        case .member: ",\"stream_options\":{\"include_usage\":true}"
        case .object: "{\"include_usage\":true}"
        case .firstOfMany: "\"include_usage\":true,"
        case .only: "\"include_usage\":true"
        case .flag: "true"
        }
    }
}
