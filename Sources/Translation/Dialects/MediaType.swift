import Wire

/// Types of media where nobody said one.
enum MediaType {
    private static let endings: [(ending: String, type: StaticString)] = [
        ("png", "image/png"), ("jpg", "image/jpeg"), ("jpeg", "image/jpeg"), ("webp", "image/webp"), ("gif", "image/gif"),
        ("heic", "image/heic"), ("heif", "image/heif"), ("svg", "image/svg+xml"), ("bmp", "image/bmp"), ("tiff", "image/tiff"),
        ("pdf", "application/pdf"), ("txt", "text/plain"), ("md", "text/markdown"), ("html", "text/html"), ("htm", "text/html"),
        ("csv", "text/csv"), ("json", "application/json"), ("xml", "text/xml"),
        ("mp3", "audio/mpeg"), ("wav", "audio/wav"), ("ogg", "audio/ogg"), ("flac", "audio/flac"), ("aac", "audio/aac"), ("m4a", "audio/mp4"),
        ("mp4", "video/mp4"), ("mov", "video/quicktime"), ("webm", "video/webm"), ("mpeg", "video/mpeg"), ("mpg", "video/mpeg"),
    ]

    /// By what the path of an address or the name of a file ends in.
    static func guess(_ address: TextSlice) -> StaticString? {
        let text = address.string
        if text.contains("youtube.com/") || text.contains("youtu.be/") { return "video/mp4" }
        let path = text.prefix { $0 != "?" && $0 != "#" }
        guard let dot = path.lastIndex(of: "."), !path[dot...].contains("/") else { return nil }
        let ending = path[dot...].dropFirst().lowercased()
        return endings.first { $0.ending == ending }?.type
    }

    static func usual(_ kind: Media.Kind) -> StaticString {
        switch kind {
        case .image: "image/jpeg"
        case .document: "application/pdf"
        case .audio: "audio/mpeg"
        case .video: "video/mp4"
        }
    }

    static func kind(_ type: TextSlice?) -> Media.Kind {
        guard let type else { return .document }
        if type.starts(with: "image/") { return .image }
        if type.starts(with: "audio/") { return .audio }
        return type.starts(with: "video/") ? .video : .document
    }
}
