/// How a provider of OpenAI's chat dialect differs from OpenAI, as far as a request that we write has to know. A provider's own
/// file says which, with the source; the plain set is OpenAI's own behaviour.
public struct ChatQuirks: OptionSet, Hashable, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Takes `max_tokens`, not `max_completion_tokens`.
    public static let maxTokens = ChatQuirks(rawValue: 1 << 0)
    /// Knows the role `system` only.
    public static let systemRole = ChatQuirks(rawValue: 1 << 1)
    /// Ids of tool calls have exactly nine of [a-zA-Z0-9].
    public static let nineCharacterIDs = ChatQuirks(rawValue: 1 << 2)
    /// Refuses `stream_options`; usage comes by itself.
    public static let noStreamOptions = ChatQuirks(rawValue: 1 << 3)
    /// `seed` is called `random_seed`.
    public static let randomSeed = ChatQuirks(rawValue: 1 << 4)
    /// `tool_choice` says `any` for `required`.
    public static let choiceAny = ChatQuirks(rawValue: 1 << 5)
    /// Takes `reasoning_content` of earlier answers back, and with tool calls wants it.
    public static let reasoningContent = ChatQuirks(rawValue: 1 << 6)
    /// Takes OpenRouter's `reasoning` and `reasoning_details`, seals included.
    public static let reasoningDetails = ChatQuirks(rawValue: 1 << 7)
    /// Takes thoughts as a list in `content`.
    public static let thinkingParts = ChatQuirks(rawValue: 1 << 8)
    /// Passes `cache_control` on parts of messages on to the model.
    public static let cacheControl = ChatQuirks(rawValue: 1 << 9)
    /// Refuses `strict` in tools.
    public static let noStrictTools = ChatQuirks(rawValue: 1 << 10)
    /// Switches thinking by `thinking: {type}`.
    public static let thinkingSwitch = ChatQuirks(rawValue: 1 << 11)
    /// Takes `extra_content.google.thought_signature` on tool calls.
    public static let googleSeals = ChatQuirks(rawValue: 1 << 12)
    /// Refuses `parallel_tool_calls`.
    public static let noParallelSwitch = ChatQuirks(rawValue: 1 << 13)
    /// Takes `top_k` and `min_p`.
    public static let topK = ChatQuirks(rawValue: 1 << 14)
    /// Refuses `reasoning_effort`.
    public static let noEffort = ChatQuirks(rawValue: 1 << 15)
    /// Goes on with a last answer that is marked `prefix`.
    public static let prefixMark = ChatQuirks(rawValue: 1 << 16)
    /// Goes on with a last answer that is marked `partial`.
    public static let partialMark = ChatQuirks(rawValue: 1 << 17)
    /// Goes on with a last answer where `continue_final_message` is set, and no new one is begun.
    public static let continueFinal = ChatQuirks(rawValue: 1 << 18)
    /// Refuses members that it does not know, and of OpenAI's it knows few.
    public static let fewMembers = ChatQuirks(rawValue: 1 << 19)
}
