import Schema

/// The Cohere API, version 2 (docs.cohere.com/v2/reference, read 2026-11; recorded exchanges).
public struct Cohere: Provider {
    public static let name = "cohere"

    public var common = ProviderSettings()

    public init() { common.baseURL = BaseURL(written: "https://api.cohere.com") }

    public static let fields: [Field<Self>] = settings()

    public func upstream(for api: API, model: String) -> API? {
        switch api.family {
        case .chat: .cohereChat
        case .embedding: .cohereEmbed
        case .completion, .count, .passThrough: nil
        }
    }

    public func prepare(_ head: inout UpstreamHead, for api: API, model: String, streaming: Bool) {
        head.path = head.base(with: "/v2") + api.path
        head.prepare(common)
    }

    /// The list is of version 1 only.
    public var modelsPath: String? { base.map { $0.path.isEmpty ? "/v1/models" : $0.path.hasSuffix("/v2") ? nil : "/v1/models" } ?? nil }
}
