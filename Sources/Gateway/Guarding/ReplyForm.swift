import Wire

/// A client's dialect as far as its texts go: where they stand, what says that one is over.
enum ReplyForm: UInt8, CaseIterable {
    /// OpenAI's chat and its older completions.
    case choices
    case responses
    case messages
    case generateContent
    case converse
    /// Nobody's, of a pass-through endpoint: all strings are texts, and what chats say is read across their events.
    case anything

    /// What JSON the value of a signature or of log probabilities becomes, once the text it belongs to is another.
    var noLogprobs: StaticString {
        switch self {
        case .choices, .anything: "null"
        case .responses: "[]"
        case .messages, .generateContent, .converse: "{}"
        }
    }
}

/// What the value of a member is to guards.
enum ReplyMember {
    /// Words for a person, and of which kind: what is said, what is thought …
    case text(ReplyText.Kind)
    /// Arguments of a call: a string with JSON in it, or the JSON itself.
    case arguments
    /// The same, or words for a tool that takes such.
    case input
    case index, type, finish, thought, signature, logprobs
    /// Nothing in it is the model's.
    case foreign
    /// Members of its own are.
    case whole

    /// By name; the same names mean the same in all dialects.
    static func of(_ key: JSONText, in scanner: JSONScanner) -> ReplyMember {
        func says(_ word: StaticString) -> Bool { scanner.text(key, is: word) }
        switch key.range.count {
        case 4 where says("text"): return .text(.words)
        case 4 where says("code"): return .text(.code)
        case 4 where says("args"), 9 where says("arguments"), 12 where says("partial_json"): return .arguments
        case 5 where says("input"): return .input
        case 4 where says("type"): return .type
        case 5 where says("delta"), 7 where says("content"): return .text(.words)
        case 5 where says("index"), 12 where says("output_index"), 13 where says("content_index") || says("summary_index"),
            17 where says("contentBlockIndex"):
            return .index
        case 5 where says("usage") || says("tools"), 8 where says("metadata"), 11 where says("annotations"), 12 where says("instructions"),
            13 where says("usageMetadata"), 2 where says("id"), 4 where says("data") || says("name") || says("role"), 5 where says("model"),
            17 where says("encrypted_content"), 5 where says("error"):
            return .foreign
        case 6 where says("output"): return .text(.result)
        case 7 where says("refusal"): return .text(.refusal)
        case 7 where says("summary"), 8 where says("thinking"), 9 where says("reasoning"), 14 where says("reasoning_text"),
            16 where says("reasoningContent"), 17 where says("reasoning_content") || says("reasoning_details"):
            return .text(.thoughts)
        case 7 where says("thought"): return .thought
        case 8 where says("logprobs"), 14 where says("logprobsResult"): return .logprobs
        case 9 where says("signature"): return .signature
        case 10 where says("transcript"): return .text(.words)
        case 12 where says("finishReason"), 13 where says("finish_reason"): return .finish
        default: return .whole
        }
    }
}

/// One text in an event or in a whole reply.
struct ReplyText {
    enum Kind: UInt8 { case words, thoughts, refusal, arguments, code, result }
    enum Form: UInt8 {
        /// Within the quotes of a JSON string.
        case string
        /// The bytes as they stand.
        case raw
        /// A value that says nothing any more once the text it belongs to has been changed: a signature in its quotes, log probabilities.
        case signature, logprobs
    }

    var range: Range<Int>
    var form: Form
    var kind: Kind
    var isEscaped = false
    /// Nothing that was said before or is said after belongs to it.
    var standsAlone = false
    /// Numbers of choice, block, item, part and call, mixed.
    var place: UInt64 = 0
    /// The outermost of them: of the choice or block.
    var owner = 0
    /// Of a signature: the first of the texts that it is about, by their order.
    var first = 0
}
