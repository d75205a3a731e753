import Wire

/// Images and documents in Anthropic's dialect.
enum AnthropicMedia {
    static func write(
        _ media: Media, _ conversation: Conversation, _ path: @autoclosure () -> String, into writer: inout JSONWriter, _ loss: inout Loss
    ) {
        guard media.kind == .image || media.kind == .document else { return loss.lose(path()) }
        var text: TextSlice?
        switch media.source {
        case .location: return loss.lose(path())
        // Files of another provider are not known here.
        case .file: if conversation.api != .messages, conversation.api != .countTokens { return loss.lose(path()) }
        case .text(let plain): text = plain
        case .base64(let data):
            if media.kind == .document, let type = media.type, !type.says("application/pdf") {
                guard type.isText, let plain = data.textOfBase64(conversation) else { return loss.lose(path()) }
                text = plain
            }
        case .url: break
        }
        if media.detail != nil { loss.lose("\(path()).image_url.detail") }
        writer.beginObject()
        if media.kind == .image { writer.member("type", word: "image") } else { writer.member("type", word: "document") }
        writer.name("source")
        source(media, text, into: &writer)
        if media.kind == .document {
            writer.member("title", ifPresent: media.name)
            writer.member("context", ifPresent: media.context)
            writer.member("citations", ifPresent: media.citations)
        }
        if let cache = media.cache { writer.mark(cache) }
        writer.endObject()
    }

    private static func source(_ media: Media, _ text: TextSlice?, into writer: inout JSONWriter) {
        writer.beginObject()
        if let text {
            writer.member("type", word: "text")
            writer.member("media_type", word: "text/plain")
            writer.member("data", text)
        } else {
            switch media.source {
            case .base64(let data):
                writer.member("type", word: "base64")
                writer.member("media_type", media.type ?? (media.kind == .image ? "image/png" : "application/pdf"))
                writer.member("data", data)
            case .file(let id):
                writer.member("type", word: "file")
                writer.member("file_id", id)
            case .url(let url), .location(let url), .text(let url):
                writer.member("type", word: "url")
                writer.member("url", url)
            }
        }
        writer.endObject()
    }
}

extension TextSlice {
    /// Of a media type: its bytes are text.
    var isText: Bool {
        hasPrefix("text/") || says("application/json") || says("application/xml") || says("application/x-yaml")
    }

    /// UTF-8 that stands here in base64; nil: it is something else.
    func textOfBase64(_ conversation: Conversation) -> TextSlice? {
        guard let bytes = Base64.decode(self), String(validating: bytes, as: UTF8.self) != nil else { return nil }
        return conversation.keep(bytes)
    }
}
