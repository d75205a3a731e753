import Routing
import Wire

/// What an answer says, in the order in which it says it, whatever its dialect. A whole reply is read as the same events,
/// each text in one piece. Slices are of use until the call that hands the event over returns.
///
/// Grammar: `began`, then blocks (`opened`, its pieces, `closed`; blocks of one choice do not overlap), per choice one
/// `finished`, `usage` anywhere (the last holds), then nothing, or `failed` instead of the rest. Readers bring what a provider
/// sends into this order; writers may rely on it.
public enum ReplyEvent {
    case began(id: TextSlice?, model: TextSlice?, createdUnixSeconds: Int64?)
    case opened(Block)
    /// Of the open block: text, thoughts, a refusal's words or a call's arguments, which are pieces of one JSON object. A
    /// `plain` piece of arguments is the object as it stands; a `quoted` one the inside of a string that spells it.
    case piece(TextSlice)
    /// For the open block.
    case seal(Seal)
    /// One element of the open block's citations or annotations, as it stands in `dialect`.
    case citation(JSONSlice, of: API)
    case closed
    case finished(choice: Int, FinishReason, stopSequence: TextSlice?)
    /// OpenAI's `logprobs` of a choice, as it stands.
    case logprobs(choice: Int, JSONSlice)
    case usage(Usage)
    /// `service_tier` as the provider says it.
    case tier(TextSlice)
    /// The provider gave up after its 200.
    case failed(FaultyReply)
}

public struct Block {
    public enum Kind {
        case text, refusal
        /// Visible thoughts; `id` of OpenAI's item.
        case reasoning(id: TextSlice?)
        /// `id` nil: the provider gives none, the writer makes one that is unique in the conversation.
        case toolCall(id: TextSlice?, name: TextSlice)
        /// Complete in itself: an image or audio that the model made.
        case media(Media)
        /// Complete in itself: something that only its own dialect has (a tool that the provider ran and its result).
        case native(type: TextSlice, JSONSlice, of: API)
    }

    public var choice: Int
    public var kind: Kind

    public init(choice: Int = 0, _ kind: Kind) { (self.choice, self.kind) = (choice, kind) }
}

public enum FinishReason: Hashable, Sendable {
    case stop, length, toolCalls
    case contentFilter
    /// The model declined: Anthropic's `refusal`.
    case refusal
    /// A long turn was paused and wants to be continued: Anthropic's `pause_turn`.
    case pause
    /// The context was full before `max_tokens` was.
    case contextFull
    /// The provider could not finish: a malformed call, an error that it reports as a reason.
    case error
    /// Another reason, in the provider's word.
    case other(String)
}
