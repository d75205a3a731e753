import Wire

/// The block of an answer that is being written to a Gemini client.
struct GeminiBlock {
    enum Kind { case none, text, thought, call }

    var kind = Kind.none
    private(set) var name = ""
    private var id: String?
    /// Text in JSON's escapes, or a call's arguments decoded.
    private var bytes: [UInt8] = []
    private var signature: String?

    var isText: Bool { kind == .text || kind == .thought }
    var hasContent: Bool { !bytes.isEmpty || signature != nil }

    mutating func begin(call id: TextSlice?, _ name: TextSlice) {
        kind = .call
        self.id = id?.string
        self.name = name.string
    }

    /// Keeps a piece until the block is closed.
    mutating func add(_ text: TextSlice) {
        if kind == .call {
            if text.hasEscapes { text.decode { bytes.append($0) } } else { bytes.append(contentsOf: text.bytes) }
        } else if text.form == .quoted {
            bytes.append(contentsOf: text.bytes)
        } else {
            JSONWriter.escape(text.bytes, into: &bytes)
        }
    }

    /// The signature that must go out now, as text streams; nil: it goes with the block.
    mutating func seal(_ seal: Seal, isStream: Bool) -> String? {
        var seal = seal
        if kind == .text, seal.kind == .signature { seal.kind = .thought }
        // Google's own goes bare and, without text, as a part that is no thought.
        let text = seal.origin == .gemini ? seal.data.string : Base64.encode(Array(seal.packed.utf8))
        if seal.origin == .gemini, seal.kind != .signature, kind == .thought { kind = .text }
        guard isStream, isText else {
            signature = text
            return nil
        }
        return text
    }

    /// The arguments, if they are a JSON object.
    func object() -> [UInt8]? {
        var json = JSONWriter()
        let isObject = bytes.withUnsafeBytes { json.object(spelledBy: TextSlice(quoted: $0, hasEscapes: false)) }
        return isObject ? json.bytes : nil
    }

    func write(piece text: TextSlice, to json: inout JSONWriter) {
        json.beginObject()
        json.member("text", text)
        thought(to: &json)
        json.endObject()
    }

    func write(seal: String, to json: inout JSONWriter) {
        json.beginObject()
        json.member("text", word: "")
        thought(to: &json)
        json.member("thoughtSignature", seal)
        json.endObject()
    }

    func writeWhole(to json: inout JSONWriter) {
        json.beginObject()
        json.name("text")
        bytes.withUnsafeBytes { json.quoted($0) }
        thought(to: &json)
        if let signature { json.member("thoughtSignature", signature) }
        json.endObject()
    }

    func write(call arguments: [UInt8], to json: inout JSONWriter) {
        json.beginObject()
        json.name("functionCall")
        json.beginObject()
        if let id, !id.isEmpty { json.member("id", id) }
        json.member("name", name)
        json.name("args")
        arguments.withUnsafeBytes { json.raw($0) }
        json.endObject()
        if let signature { json.member("thoughtSignature", signature) }
        json.endObject()
    }

    private func thought(to json: inout JSONWriter) {
        guard kind == .thought else { return }
        json.name("thought")
        json.bool(true)
    }
}
