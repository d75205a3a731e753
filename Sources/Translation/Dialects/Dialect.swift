import NIOCore
import Routing
import Wire

/// A wire format, both ways. One file (or folder) a dialect; which exist says `API.dialect`.
public protocol Dialect: Sendable {
    /// Reads a client's request. Members with no place in a `Conversation` go to `others`, wherever they stand.
    ///
    /// `body` must stay where it is as long as the conversation is used.
    func read(_ body: UnsafeRawBufferPointer, _ call: Call) throws(Malformed) -> Conversation
    /// Writes a request to a provider. What the dialect cannot say is noted in `loss`, by its path in the client's request.
    func write(_ conversation: Conversation, to target: TranslationTarget, loss: inout Loss) throws(Malformed) -> [UInt8]
    /// For one reply of a provider.
    func replyReader(_ context: ReplyContext) -> any ReplyReader
    /// For one answer to a client.
    func replyWriter(_ context: ReplyContext) -> any ReplyWriter
    /// What the dialect's answers repeat of the request, for `ReplyContext.echo`.
    func echo(of conversation: Conversation) -> RequestEcho
    /// The body of an error answer. `status` stays what the refusal says.
    func body(of refusal: Refusal, requestID: String) -> [UInt8]
}

extension Dialect {
    public func echo(of conversation: Conversation) -> RequestEcho { RequestEcho() }
}

/// Names of a stream's events, where a client may choose.
public enum EventNames: UInt8, Sendable {
    /// The dialect's own.
    case usual
    /// TokenRouter's, of a Responses stream.
    case tokenRouter
}

/// Members of a request that its answer repeats, written as the inside of an object, in the client's dialect.
public struct RequestEcho: Sendable {
    public var members: [UInt8] = []
    public init() {}
}

/// How the events of a stream are packed.
public enum Framing: UInt8, Sendable {
    /// Server-sent events.
    case events
    /// AWS event stream.
    case eventStream
    /// One JSON array, an element an event: Gemini without `alt=sse`.
    case array
}

/// Whom a translated request is for.
public struct TranslationTarget: Sendable {
    /// As the provider names the model.
    public var model: String
    /// Tokens: for dialects that demand a limit where the client gave none. Nil: unknown.
    public var maxOutputTokens: Int?
    /// Whose seals it takes; nil: nobody's.
    public var origin: Seal.Origin?
    /// The provider's `type` in settings, for what differs within one dialect.
    public var provider: String
    public var quirks: ChatQuirks

    public init(
        model: String, maxOutputTokens: Int? = nil, origin: Seal.Origin? = nil, provider: String = "", quirks: ChatQuirks = []
    ) {
        (self.model, self.maxOutputTokens, self.origin) = (model, maxOutputTokens, origin)
        (self.provider, self.quirks) = (provider, quirks)
    }
}

/// What readers and writers of a reply know of its request.
public struct ReplyContext: Sendable {
    public var isStream: Bool
    /// Answers that the request asks for.
    public var choices = 1
    /// The client wants the usage event of OpenAI's streams.
    public var wantsUsage = true
    /// Of our request: ids that a dialect needs and a provider does not give are made from it.
    public var requestID: String
    /// For `created` where the provider says nothing.
    public var unixSeconds: Int64
    /// What the answer calls the model where the provider does not say.
    public var model: String
    /// Who issues the seals of the reply.
    public var origin: Seal.Origin?
    /// Of the client's stream.
    public var framing = Framing.events
    /// The provider's `type` in settings.
    public var provider = ""
    /// How a Responses stream names its events.
    public var events = EventNames.usual
    /// What a Responses answer calls itself, where that is decided already.
    public var responseID: String?
    /// Events that the client has of this stream already, which another writer wrote.
    public var eventsBefore = 0
    /// What the client's dialect said of the request.
    public var echo = RequestEcho()

    public init(isStream: Bool, requestID: String, unixSeconds: Int64, model: String) {
        (self.isStream, self.requestID, self.unixSeconds, self.model) = (isStream, requestID, unixSeconds, model)
    }
}

/// Reads one reply. However it is cut, the same events come out.
public protocol ReplyReader: AnyObject {
    var framing: Framing { get }
    /// Everything was said: what the provider sends after it is of no interest, its connection need not be waited for.
    var isComplete: Bool { get }
    /// Clients of the dialect know an event whose data is `[DONE]`. Where they do not, a provider that ends its streams so is not quoted.
    var hasEndMark: Bool { get }
    /// A whole reply. Throws where it is no reply of the dialect.
    func read(whole body: UnsafeRawBufferPointer, to writer: any ReplyWriter) throws(JSONProblem)
    /// One event of a stream: the value of its `event` field (of AWS frames `:event-type`, or `:exception-type`), and its data.
    func read(event name: UnsafeRawBufferPointer, data: UnsafeRawBufferPointer, to writer: any ReplyWriter) throws(JSONProblem)
    /// The provider's connection said the end of the body. Closes what can be closed; answers whether the reply was complete.
    func end(to writer: any ReplyWriter) -> Bool
    /// Of every answer it was said why it ended: at most the mark of the end and counts are to come.
    var isWhole: Bool { get }
    /// What a client of the dialect waits for at the end, of a stream that is whole and did not say so. Most wait for nothing.
    var lastEvent: StaticString { get }
}

extension ReplyReader {
    public var framing: Framing { .events }
    public var isComplete: Bool { false }
    public var hasEndMark: Bool { true }
    public var isWhole: Bool { isComplete }
    public var lastEvent: StaticString { "" }
}

/// Writes one answer. Appends to `output` what the client may have; the caller takes it away.
public protocol ReplyWriter: AnyObject {
    func write(_ event: ReplyEvent)
    /// No event will follow. Of a whole answer: now its body is in `output`.
    func end()
    var output: JSONWriter { get set }
    /// What the client's dialect could not say of the reply.
    var loss: Loss { get }
}
