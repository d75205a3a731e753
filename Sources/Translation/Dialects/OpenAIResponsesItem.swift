import Wire

/// The item of a response that is being written.
struct ResponsesItem {
    enum Kind: UInt8 { case message, call, reasoning }
    enum PartKind: UInt8 { case text, refusal }

    let kind: Kind
    let id: String
    var callID = ""
    var name: [UInt8] = []
    /// What was said of the open part, the call's arguments or the thoughts: the inside of a JSON string.
    private(set) var text: [UInt8] = []
    var sealed: String?
    /// A part is open.
    var hasPart = false
    private(set) var part = PartKind.text
    private(set) var partIndex = -1
    /// Finished parts, separated by commas.
    private var parts: [UInt8] = []
    private var annotations: [UInt8] = []
    private var annotationCount = 0
    private var logprobs: [UInt8] = []

    init(_ kind: Kind, id: String) { (self.kind, self.id) = (kind, id) }

    mutating func append(_ piece: TextSlice) {
        if piece.form == .quoted { text.append(contentsOf: piece.bytes) } else { JSONWriter.escape(piece.bytes, into: &text) }
    }

    // MARK: Parts of a message

    mutating func begin(_ kind: PartKind) {
        part = kind
        partIndex += 1
        hasPart = true
    }

    mutating func endPart() {
        var json = JSONWriter(capacity: text.count + 128)
        writePart(&json, empty: false)
        if !parts.isEmpty { parts.append(UInt8(ascii: ",")) }
        parts.append(contentsOf: json.bytes)
        hasPart = false
        text.removeAll(keepingCapacity: true)
        annotations.removeAll()
        annotationCount = 0
        logprobs.removeAll()
    }

    /// The annotation's index.
    mutating func add(annotation: [UInt8]) -> Int {
        if annotationCount > 0 { annotations.append(UInt8(ascii: ",")) }
        annotations.append(contentsOf: annotation)
        annotationCount += 1
        return annotationCount - 1
    }

    /// The elements of `content` in OpenAI's `logprobs` object.
    mutating func add(logprobs object: UnsafeRawBufferPointer) {
        var scanner = JSONScanner(object)
        do throws(JSONProblem) {
            try scanner.enterObject()
            while let name = try scanner.nextKey() {
                guard scanner.text(name, is: "content"), try scanner.peek() == .array else {
                    try scanner.skip()
                    continue
                }
                try scanner.enterArray()
                while try scanner.nextElement() {
                    let element = try scanner.skip()
                    if !logprobs.isEmpty { logprobs.append(UInt8(ascii: ",")) }
                    logprobs.append(contentsOf: element.of(object))
                }
            }
        } catch {
            // Readers hand out valid JSON; of anything else the valid beginning is kept.
        }
    }

    func writeLogprobs(_ json: inout JSONWriter) {
        json.name("logprobs")
        json.beginArray()
        if !logprobs.isEmpty { logprobs.withUnsafeBytes { json.raw($0) } }
        json.endArray()
    }

    func writePart(_ json: inout JSONWriter, empty: Bool) {
        json.beginObject()
        if part == .refusal {
            json.member("type", word: "refusal")
            json.name("refusal")
            json.quoted(empty ? [] : text)
        } else {
            json.member("type", word: "output_text")
            json.name("text")
            json.quoted(empty ? [] : text)
            json.name("annotations")
            json.beginArray()
            if !empty, !annotations.isEmpty { annotations.withUnsafeBytes { json.raw($0) } }
            json.endArray()
            writeLogprobs(&json)
        }
        json.endObject()
    }

    // MARK: The item

    func write(_ json: inout JSONWriter, status: StaticString) {
        let isNew = status.equals("in_progress")
        json.beginObject()
        json.member("id", id)
        switch kind {
        case .message:
            json.member("type", word: "message")
            json.member("status", word: status)
            json.member("role", word: "assistant")
            json.name("content")
            json.beginArray()
            if !parts.isEmpty { parts.withUnsafeBytes { json.raw($0) } }
            json.endArray()
        case .call:
            json.member("type", word: "function_call")
            json.member("status", word: status)
            json.member("call_id", callID)
            json.name("name")
            name.withUnsafeBytes { json.escaping($0) }
            json.name("arguments")
            json.quoted(isNew ? [] : text)
        case .reasoning:
            json.member("type", word: "reasoning")
            json.name("summary")
            json.beginArray()
            if hasPart, !isNew { json.textPart("summary_text", text) }
            json.endArray()
            if let sealed { json.member("encrypted_content", sealed) }
        }
        json.endObject()
    }
}

/// Citations of web pages, flat in this dialect, nested in the chat dialect.
enum ResponsesAnnotation {
    /// `{"type":"url_citation","url_citation":{...}}` as `{"type":"url_citation",...}`. Nil: it is another kind.
    static func flat(_ nested: UnsafeRawBufferPointer) -> [UInt8]? {
        var scanner = JSONScanner(nested)
        do throws(JSONProblem) {
            try scanner.enterObject()
            while let name = try scanner.nextKey() {
                guard scanner.text(name, is: "url_citation"), try scanner.peek() == .object else {
                    try scanner.skip()
                    continue
                }
                let inner = try scanner.skip().of(nested)
                let members = inner.dropFirst().dropLast()
                let isEmpty = members.allSatisfy { $0 <= 0x20 }
                return Array("{\"type\":\"url_citation\"\(isEmpty ? "" : ",")".utf8) + members + [UInt8(ascii: "}")]
            }
        } catch {
            return nil
        }
        return nil
    }
}

extension JSONWriter {
    mutating func quoted(_ inside: [UInt8]) { inside.withUnsafeBytes { quoted($0) } }

    mutating func textPart(_ type: StaticString, _ text: [UInt8]) {
        beginObject()
        member("type", word: type)
        name("text")
        quoted(text)
        endObject()
    }
}
