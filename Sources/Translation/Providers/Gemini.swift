import Schema

/// Google's Gemini API (ai.google.dev/api, read 2026-11; specification "generativelanguage v1beta"; recorded exchanges).
public struct Gemini: Provider {
    public static let name = "gemini"

    public var common = ProviderSettings()

    public init() { common.baseURL = BaseURL(written: "https://generativelanguage.googleapis.com") }

    public static let fields: [Field<Self>] = settings()

    public func upstream(for api: API, model: String) -> API? {
        switch api.family {
        case .chat: .generateContent
        case .count: .generateContentTokens
        case .embedding: api == .embedContent ? .embedContent : .batchEmbedContents
        case .completion, .passThrough: nil
        }
    }

    public func prepare(_ head: inout UpstreamHead, for api: API, model: String, streaming: Bool) {
        let base = head.base.hasSuffix("/v1beta") || head.base.hasSuffix("/v1") ? head.base : head.base + "/v1beta"
        // Tuned models are `tunedModels/NAME`.
        let place = model.contains("/") ? model : "models/\(model)"
        head.path = "\(base)/\(PercentEncoding.encode(place, keeping: "/")):\(GoogleMethod.name(of: api, streaming))"
        head.prepare(common, key: "x-goog-api-key", scheme: "")
    }

    public func sealOrigin(of model: String) -> Seal.Origin? { .gemini }
    public var modelsPath: String? { base.map { $0.path.hasSuffix("/v1beta") || $0.path.hasSuffix("/v1") ? "/models" : "/v1beta/models" } }
}

/// The word behind the colon, the same at Gemini's API and at Vertex.
enum GoogleMethod {
    static func name(of api: API, _ streaming: Bool) -> String {
        switch api {
        case .generateContentTokens: "countTokens"
        case .embedContent: "embedContent"
        case .batchEmbedContents: "batchEmbedContents"
        default: streaming ? "streamGenerateContent?alt=sse" : "generateContent"
        }
    }
}
