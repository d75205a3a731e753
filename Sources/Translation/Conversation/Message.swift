import Wire

public struct Message {
    public enum Role: UInt8, Sendable {
        case system, developer, user, assistant
        /// The results of tools. A dialect that sends them within user messages splits them off when it reads and joins
        /// neighbours again when it writes.
        case tool
    }

    public var role: Role
    public var parts: [Part]
    /// The participant's name, in OpenAI's dialect.
    public var name: TextSlice?
    /// Members of the message that have no place here, for reports of loss.
    public var others: [(name: TextSlice, value: JSONSlice)] = []

    public init(_ role: Role, _ parts: [Part] = []) {
        self.role = role
        self.parts = parts
    }
}

public enum Part {
    case text(TextPart)
    case media(Media)
    case reasoning(Reasoning)
    case toolCall(ToolCall)
    case toolResult(ToolResult)
    /// The model declined.
    case refusal(TextSlice)
    /// Of use in its own dialect only: results of tools that the provider ran, citations' sources ...: `type` and the object.
    case native(type: TextSlice, JSONSlice)
}

public struct TextPart {
    public var text: TextSlice
    public var cache: CacheMark?
    /// OpenAI's `annotations`, Anthropic's `citations`: as they stand, of use in their own dialect.
    public var citations: JSONSlice?
    /// Gemini seals text parts too.
    public var seal: Seal?

    public init(_ text: TextSlice, cache: CacheMark? = nil, citations: JSONSlice? = nil, seal: Seal? = nil) {
        (self.text, self.cache, self.citations, self.seal) = (text, cache, citations, seal)
    }
}

/// An image, document, audio or video.
public struct Media {
    public enum Kind: UInt8, Sendable { case image, document, audio, video }

    public enum Source {
        case url(TextSlice)
        /// The bytes in base64 (standard alphabet), and their media type, e.g. `image/png`.
        case base64(TextSlice)
        /// A file that the provider keeps.
        case file(TextSlice)
        /// Text as a document of its own (Anthropic's source `text`).
        case text(TextSlice)
        /// Somewhere only its own cloud can read: `s3://`, `gs://`.
        case location(TextSlice)
    }

    public var kind: Kind
    public var source: Source
    /// E.g. `image/png`; nil: unknown, as of a URL. OpenAI's audio says a format (`wav`) instead: it is read as `audio/wav`.
    public var type: TextSlice?
    /// The file's name or the document's title.
    public var name: TextSlice?
    /// OpenAI's `detail`: low, high, auto.
    public var detail: TextSlice?
    /// Anthropic's `context` of a document.
    public var context: TextSlice?
    /// An object, e.g. `{"enabled": true}`.
    public var citations: JSONSlice?
    public var cache: CacheMark?

    public init(_ kind: Kind, _ source: Source, type: TextSlice? = nil) { (self.kind, self.source, self.type) = (kind, source, type) }
}

/// Thoughts of the model that are to be given back to it.
public struct Reasoning {
    /// Visible text; empty when everything is sealed.
    public var text: TextSlice
    public var seal: Seal?
    /// The id of OpenAI's reasoning item.
    public var id: TextSlice?

    public init(_ text: TextSlice = .empty, seal: Seal? = nil, id: TextSlice? = nil) { (self.text, self.seal, self.id) = (text, seal, id) }
}

public struct ToolCall {
    /// Gemini gives none.
    public var id: TextSlice?
    public var name: TextSlice
    /// A JSON object: `quoted` where it came as a string, `plain` where it came as an object. Empty means `{}`.
    public var arguments: TextSlice
    public var seal: Seal?
    public var cache: CacheMark?

    public init(id: TextSlice?, name: TextSlice, arguments: TextSlice, seal: Seal? = nil) {
        (self.id, self.name, self.arguments, self.seal) = (id, name, arguments, seal)
    }
}

public struct ToolResult {
    public var id: TextSlice?
    /// The function, where the dialect says it (Gemini).
    public var name: TextSlice?
    /// Text and media.
    public var parts: [Part]
    /// The result as a JSON object, where the dialect has it so (Gemini's `response`, Bedrock's `json`). Beside or instead of parts.
    public var object: JSONSlice?
    public var isError = false
    public var cache: CacheMark?

    public init(id: TextSlice?, name: TextSlice? = nil, parts: [Part] = [], object: JSONSlice? = nil, isError: Bool = false) {
        (self.id, self.name, self.parts, self.object, self.isError) = (id, name, parts, object, isError)
    }
}
