import Guarding
import Translation
import Wire

/// Finds the texts of a request, whatever its dialect: what an endpoint's members hold is a table, what is within them one walk. Whatever
/// is not known to be something else is a text, so that a part of a message nobody has heard of is read too.
struct PromptReader {
    typealias Role = GuardPolicy.Role

    /// What a value holds.
    private enum Content {
        /// Messages, parts, text.
        case words
        /// Somebody's own JSON: arguments and results of calls. Each string in it is a text, and each number that has as many digits as
        /// a telephone's.
        case own
        /// Tools and schemas: of these the descriptions.
        case schema
        /// Another request of this endpoint.
        case request
    }

    private typealias Row = (name: StaticString, content: Content, role: Role)

    private let body: UnsafeRawBufferPointer
    private let inner: Int32
    private var scanner: JSONScanner

    private init(_ body: UnsafeRawBufferPointer, inner: Int32 = -1) {
        self.body = body
        self.inner = inner
        scanner = JSONScanner(body)
    }

    /// Adds the texts of a body that was read as a call of `api` before, so it is valid.
    static func read(_ body: UnsafeRawBufferPointer, _ api: API, into found: inout PromptTexts) {
        var reader = PromptReader(body)
        do throws(JSONProblem) {
            if api == .passThrough { try reader.value(.words, .user, &found) } else { try reader.request(rows(of: api), &found) }
        } catch {
            // What cannot be read has been refused, or is none of ours.
        }
    }

    // MARK: Endpoints

    private static let chat: [Row] = [
        ("messages", .words, .user), ("tools", .schema, .system), ("functions", .schema, .system), ("response_format", .schema, .system),
        ("prediction", .words, .assistant), ("instructions", .words, .system), ("documents", .words, .user),
    ]
    private static let completion: [Row] = [("prompt", .words, .user), ("suffix", .words, .user)]
    private static let embedding: [Row] = [("input", .words, .user), ("texts", .words, .user)]
    private static let responses: [Row] = [
        ("instructions", .words, .system), ("input", .words, .user), ("prompt", .own, .user), ("tools", .schema, .system), ("text", .schema, .system),
    ]
    private static let messages: [Row] = [
        ("system", .words, .system), ("messages", .words, .user), ("tools", .schema, .system), ("output_config", .schema, .system),
        ("output_format", .schema, .system),
    ]
    private static let contents: [Row] = [
        ("systemInstruction", .words, .system), ("system_instruction", .words, .system), ("contents", .words, .user), ("tools", .schema, .system),
        ("generationConfig", .schema, .system), ("generation_config", .schema, .system), ("generateContentRequest", .request, .user),
        ("generate_content_request", .request, .user),
    ]
    private static let embeddedContent: [Row] = [
        ("content", .words, .user), ("title", .words, .user), ("requests", .request, .user),
    ]
    private static let converse: [Row] = [
        ("system", .words, .system), ("messages", .words, .user), ("toolConfig", .schema, .system), ("promptVariables", .words, .user),
        ("additionalModelRequestFields", .own, .system),
    ]

    private static func rows(of api: API) -> [Row] {
        switch api {
        case .chatCompletions, .cohereChat: chat
        case .completions: completion
        case .embeddings, .cohereEmbed, .bedrockInvoke: embedding
        case .responses: responses
        case .messages, .countTokens: messages
        case .generateContent, .generateContentTokens: contents
        case .embedContent, .batchEmbedContents: embeddedContent
        case .converse: converse
        case .passThrough: []
        }
    }

    private mutating func request(_ rows: [Row], _ found: inout PromptTexts) throws(JSONProblem) {
        guard try scanner.peek() == .object else { return _ = try scanner.skip() }
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            guard let row = rows.first(where: { scanner.text(name, is: $0.name) }) else {
                try scanner.skip()
                continue
            }
            guard row.content == .request else {
                try value(row.content, row.role, &found)
                continue
            }
            switch try scanner.peek() {
            case .array:
                try scanner.enterArray()
                while try scanner.nextElement() { try request(rows, &found) }
            default: try request(rows, &found)
            }
        }
    }

    // MARK: Values

    private mutating func value(_ content: Content, _ role: Role, _ found: inout PromptTexts) throws(JSONProblem) {
        switch try scanner.peek() {
        case .string:
            if content == .schema { return _ = try scanner.string() }
            add(try scanner.string(), role, &found)
        case .array:
            try scanner.enterArray()
            while try scanner.nextElement() { try value(content, role, &found) }
        case .object: try object(content, role, &found)
        case .number where content == .own:
            let range = try scanner.skip()
            let bytes = range.of(body)
            guard bytes.reduce(0, { $0 + ($1 &- 0x30 < 10 ? 1 : 0) }) >= 7 else { return }
            found.add(role, Array(bytes), at: PromptTexts.Place(range: range, form: .number, inner: inner))
        default: try scanner.skip()
        }
    }

    /// An object may say, before or after its texts, who says them.
    private mutating func object(_ content: Content, _ role: Role, _ found: inout PromptTexts) throws(JSONProblem) {
        let first = found.texts.count
        var said: Role?
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            switch content {
            case .words: try member(name, role, &said, &found)
            case .schema: try description(name, &found)
            case .own, .request: try value(.own, role, &found)
            }
        }
        if let said { found.settle(said, from: first) }
    }

    private mutating func description(_ name: JSONText, _ found: inout PromptTexts) throws(JSONProblem) {
        let isText = scanner.text(name, is: "description") || scanner.text(name, is: "server_description")
        if isText, try scanner.peek() == .string { return add(try scanner.string(), .system, &found) }
        try value(.schema, .system, &found)
    }

    private mutating func member(_ name: JSONText, _ role: Role, _ said: inout Role?, _ found: inout PromptTexts) throws(JSONProblem) {
        let kind = MemberName.kind(of: name, scanner)
        switch kind {
        case .text: try value(.words, role, &found)
        case .nothing: try scanner.skip()
        case .data:
            guard try scanner.peek() == .string else { return try value(.words, role, &found) }
            let string = try scanner.string()
            if !Self.isBinary(string.range.of(body)) { add(string, role, &found) }
        case .role, .type:
            guard try scanner.peek() == .string else { return _ = try scanner.skip() }
            let bytes = try scanner.string().range.of(body)
            if let speaker = kind == .role ? MemberName.speaker(bytes) : MemberName.speaker(ofType: bytes) { said = speaker }
        case .result:
            let first = found.texts.count
            try value(.words, .tool, &found)
            found.settle(.tool, from: first)
        case .own:
            if try scanner.peek() == .string { return add(try scanner.string(), role, &found) }
            try value(.own, role, &found)
        case .arguments:
            guard try scanner.peek() == .string else { return try value(.own, role, &found) }
            try arguments(try scanner.string(), role, &found)
        }
    }

    // MARK: Texts

    private func add(_ string: JSONText, _ role: Role, _ found: inout PromptTexts) {
        guard string.range.count > 0 else { return }
        found.add(role, Self.text(string, in: body), at: PromptTexts.Place(range: string.range, inner: inner))
    }

    private static func text(_ string: JSONText, in body: UnsafeRawBufferPointer) -> [UInt8] {
        let raw = string.range.of(body)
        guard string.escaped else { return Array(raw) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(raw.count)
        JSONEscapes.decode(raw) { bytes.append($0) }
        return bytes
    }

    /// A string with JSON in it is read as JSON, so that what is masked in it leaves JSON behind.
    private mutating func arguments(_ string: JSONText, _ role: Role, _ found: inout PromptTexts) throws(JSONProblem) {
        let bytes = Self.text(string, in: body)
        let isJSON = bytes.withUnsafeBytes { raw in
            guard inner < 0, let first = raw.first, first == UInt8(ascii: "{") || first == UInt8(ascii: "[") else { return false }
            do throws(JSONProblem) { try JSONScanner.validate(raw, depth: 64) } catch { return false }
            return true
        }
        guard isJSON else { return add(string, role, &found) }
        let index = found.add(PromptTexts.Inner(range: string.range, bytes: bytes))
        bytes.withUnsafeBytes { raw in
            var reader = PromptReader(raw, inner: index)
            do throws(JSONProblem) { try reader.value(.own, role, &found) } catch {
                // It was validated above.
            }
        }
    }

    /// Base64, or an address with it: no words.
    static func isBinary(_ bytes: UnsafeRawBufferPointer) -> Bool {
        if bytes.starts(with: "data:" as StaticString) { return true }
        guard bytes.count >= 64 else { return false }
        return bytes.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "\\"):
                true
            default: false
            }
        }
    }
}

/// What the members of messages and their parts are, by their names in all dialects.
private enum MemberName {
    enum Kind {
        case text
        /// Names, numbers, addresses, signatures: no words.
        case nothing
        /// Words or base64.
        case data
        case role, type
        /// What a tool answered.
        case result
        /// JSON of a call, or what a tool without a schema is told.
        case own
        /// JSON of a call as a string.
        case arguments
    }

    private static let rows: [(name: StaticString, kind: Kind)] = [
        ("role", .role), ("type", .type), ("data", .data), ("bytes", .data), ("file_data", .data), ("arguments", .arguments), ("input", .own),
        ("args", .own), ("json", .own), ("response", .own), ("functionResponse", .result), ("function_response", .result), ("toolResult", .result),
        ("codeExecutionResult", .result), ("code_execution_result", .result),
    ]

    private static let nothing: [StaticString] = [
        "id", "url", "uri", "name", "index", "phase", "status", "detail", "format", "object", "model", "call_id", "file_id", "fileUri", "file_uri",
        "file_url", "encoding", "mimeType", "mime_type", "media_type", "taskType", "task_type", "signature", "image_url", "toolUseId", "tool_use_id",
        "tool_call_id", "cache_control", "cachePoint", "annotations", "logprobs", "created_at", "thoughtSignature", "thought_signature",
        "encrypted_content", "encrypted_index", "s3Location", "outputDimensionality", "redactedContent", "approval_request_id", "container_id",
    ]

    private static let longest = nothing.map(\.utf8CodeUnitCount).max() ?? 0

    static func kind(of name: JSONText, _ scanner: JSONScanner) -> Kind {
        // Most names: what is longer is none of these, however it is escaped.
        guard name.escaped || name.range.count <= longest else { return .text }
        if scanner.text(name, is: "text") || scanner.text(name, is: "content") || scanner.text(name, is: "parts") { return .text }
        if let row = rows.first(where: { scanner.text(name, is: $0.name) }) { return row.kind }
        return nothing.contains { scanner.text(name, is: $0) } ? .nothing : .text
    }

    /// Of a `role`. Nil: nobody who is known.
    static func speaker(_ bytes: UnsafeRawBufferPointer) -> GuardPolicy.Role? {
        if bytes.equals("user") || bytes.equals("USER") { return .user }
        if bytes.equals("assistant") || bytes.equals("model") || bytes.equals("CHATBOT") { return .assistant }
        if bytes.equals("system") || bytes.equals("developer") || bytes.equals("SYSTEM") { return .system }
        return bytes.equals("tool") || bytes.equals("function") || bytes.equals("TOOL") ? .tool : nil
    }

    /// Of a `type`: calls, thoughts and results say themselves who says them. Nil: as what they stand in.
    static func speaker(ofType bytes: UnsafeRawBufferPointer) -> GuardPolicy.Role? {
        func ends(_ end: StaticString) -> Bool {
            bytes.count >= end.utf8CodeUnitCount && UnsafeRawBufferPointer(rebasing: bytes.suffix(end.utf8CodeUnitCount)).equals(end)
        }
        if ends("_output") || ends("_result") { return .tool }
        return ends("_call") || bytes.equals("tool_use") || bytes.equals("reasoning") ? .assistant : nil
    }
}
