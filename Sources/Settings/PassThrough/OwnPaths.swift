/// Paths of the clients' listener that are taken: no pass-through endpoint can have one of these. The data plane looks at its own table
/// before it looks at endpoints; a test holds the two together.
public enum OwnPaths {
    public static let exact: [String] = [
        "/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/messages", "/v1/messages/count_tokens", "/v1/responses", "/v1/models",
        "/v1/conversations", "/healthz", "/readyz",
    ]

    /// One segment behind these is an id.
    private static let stems = ["/v1/models/", "/v1/responses/", "/v1/conversations/"]
    private static let modelMethods = [
        ":generateContent", ":streamGenerateContent", ":countTokens", ":embedContent", ":batchEmbedContents",
    ]

    public static func isOwn(_ path: String) -> Bool {
        if exact.contains(path) { return true }
        if path.hasPrefix("/v1/models/"), path.utf8.count > 11 { return true }
        for stem in stems where path.hasPrefix(stem) {
            let rest = path.dropFirst(stem.count)
            let id = rest.prefix { $0 != "/" }
            let behind = rest.dropFirst(id.count)
            if !id.isEmpty, behind.isEmpty || stem == "/v1/responses/" && ["/input_items", "/cancel"].contains(behind) { return true }
        }
        if path.hasPrefix("/v1beta/models/"), modelMethods.contains(where: { path.hasSuffix($0) }) { return true }
        return path.hasPrefix("/model/") && (path.hasSuffix("/converse") || path.hasSuffix("/converse-stream"))
    }
}
