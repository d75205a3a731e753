import Wire

/// Bedrock's words for kinds of media, and the media types they stand for.
enum BedrockFormats {
    private static let images: [(StaticString, StaticString)] = [
        ("png", "image/png"), ("jpeg", "image/jpeg"), ("gif", "image/gif"), ("webp", "image/webp"),
    ]
    private static let documents: [(StaticString, StaticString)] = [
        ("pdf", "application/pdf"), ("csv", "text/csv"), ("doc", "application/msword"),
        ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"), ("xls", "application/vnd.ms-excel"),
        ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"), ("html", "text/html"), ("txt", "text/plain"),
        ("md", "text/markdown"),
    ]
    private static let videos: [(StaticString, StaticString)] = [
        ("mkv", "video/x-matroska"), ("mov", "video/quicktime"), ("mp4", "video/mp4"), ("webm", "video/webm"), ("flv", "video/x-flv"),
        ("mpeg", "video/mpeg"), ("mpg", "video/mpg"), ("wmv", "video/x-ms-wmv"), ("three_gp", "video/3gpp"),
    ]
    private static let sounds: [(StaticString, StaticString)] = [
        ("mp3", "audio/mpeg"), ("wav", "audio/wav"), ("mp3", "audio/mp3"), ("flac", "audio/flac"), ("ogg", "audio/ogg"), ("aac", "audio/aac"),
        ("opus", "audio/opus"), ("webm", "audio/webm"), ("m4a", "audio/m4a"), ("mp4", "audio/mp4"), ("pcm", "audio/pcm"),
    ]

    private static func table(_ kind: Media.Kind) -> [(StaticString, StaticString)] {
        switch kind {
        case .image: images
        case .document: documents
        case .video: videos
        case .audio: sounds
        }
    }

    static func word(_ kind: Media.Kind) -> StaticString {
        switch kind {
        case .image: "image"
        case .document: "document"
        case .video: "video"
        case .audio: "audio"
        }
    }

    static func type(_ kind: Media.Kind, format: TextSlice) -> TextSlice? {
        for (word, type) in table(kind) where format.says(word) { return TextSlice(type) }
        return nil
    }

    static func format(_ kind: Media.Kind, type: TextSlice) -> StaticString? {
        for (word, known) in table(kind) where type.says(known) { return word }
        if kind == .image, type.says("image/jpg") { return "jpeg" }
        return kind == .document && type.isText ? "txt" : nil
    }

    /// Names of documents: letters, digits, single spaces, hyphens, parentheses and square brackets (Bedrock's API reference,
    /// DocumentBlock, read 2026-11). Whatever else there is becomes a hyphen.
    static func name(_ name: TextSlice?, _ place: Int, _ conversation: Conversation) -> TextSlice {
        guard let name, !name.isEmpty else { return conversation.keep("document-\(place + 1)") }
        if !name.hasEscapes, name.bytes.allSatisfy(isPlain) { return name }
        let space = UInt8(ascii: " ")
        var kept: [UInt8] = []
        for byte in name.string.utf8 where kept.count < 200 {
            let next = isPlain(byte) || byte == space ? byte : UInt8(ascii: "-")
            if kept.last == next, next == space || byte != next { continue }
            kept.append(next)
        }
        return conversation.keep(kept)
    }

    private static func isPlain(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 26 || "-()[]".utf8.contains(byte) }
}

/// Seals as Bedrock carries them: signatures as text, redacted thoughts as base64 of their bytes.
enum BedrockSeals {
    /// Anthropic's redacted data is itself base64 text; of others the bytes are not known to be text and stay as they came.
    static func redacted(_ blob: TextSlice, bare origin: Seal.Origin?, keep: (String) -> TextSlice) -> Seal? {
        guard !blob.isEmpty else { return nil }
        let bytes = Base64.decode(blob) ?? []
        let isText = !bytes.isEmpty && bytes.allSatisfy { $0 > 0x20 && $0 < 0x7f }
        guard isText else { return Seal(origin ?? .bedrock, .redacted, blob) }
        let text = keep(String(decoding: bytes, as: UTF8.self))
        guard let seal = Seal.read(text, kind: .redacted, bare: origin ?? .anthropic, keep: keep) else { return nil }
        return seal.origin == .bedrock && seal.kind == .redacted ? Seal(.bedrock, .redacted, blob) : seal
    }

    static func signature(_ text: TextSlice, bare origin: Seal.Origin?, keep: (String) -> TextSlice) -> Seal? {
        Seal.read(text, kind: .signature, bare: origin ?? .anthropic, keep: keep)
    }

    /// Whether a client of Bedrock's gets it as its issuer made it.
    /// Signatures of other models than Anthropic's could not be told from its own when they come back.
    static func isBare(_ seal: Seal) -> Bool {
        seal.origin == .anthropic && seal.kind != .thought || seal.origin == .bedrock && seal.kind == .redacted
    }

    /// The value of `redactedContent`.
    static func blob(_ seal: Seal, isBare: Bool, into writer: inout JSONWriter) {
        if isBare, seal.origin == .bedrock {
            writer.string(seal.data)
        } else {
            writer.string(Base64.encode(Array((isBare ? seal.data.string : seal.packed).utf8)))
        }
    }
}
