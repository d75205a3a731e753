import Schema

/// What may stand as `type` of a provider.
public struct ProviderType: Sendable {
    public var name: String
    /// Its settings are read, but nothing is carried to it so far.
    public var isNotYet: Bool
    public var kind: ProviderKind
    /// Where its key usually stands.
    public var keyVariable: String?
    public var fields: [FieldDescription]
    private let provider: @Sendable (Node, String, inout Reading) -> (any Provider)?

    init<P: Provider>(_ type: P.Type, key: String? = nil, notYet: Bool = false) {
        name = P.name
        isNotYet = notYet
        kind = P().common.kind ?? .paid
        keyVariable = key
        fields = P.descriptions
        provider = { node, path, reading in P.read(node, at: path, &reading, besides: ["type"]) }
    }

    init(_ preset: Preset) {
        name = preset.name
        isNotYet = false
        kind = preset.kind
        keyVariable = preset.keyVariable
        fields = OpenAICompatible.descriptions
        provider = { node, path, reading in
            guard var provider = OpenAICompatible.read(node, at: path, &reading, besides: ["type"]) else { return nil }
            if provider.common.baseURL == nil { provider.common.baseURL = BaseURL(written: preset.baseURL) }
            if provider.common.kind == nil { provider.common.kind = preset.kind }
            return provider
        }
    }

    public func read(_ node: Node, at path: String, _ reading: inout Reading) -> (any Provider)? { provider(node, path, &reading) }
}

/// The list of provider types. A new one is a file and a line here, or a row in `Preset.all`.
public enum Catalog {
    public static let types: [ProviderType] =
        [
            ProviderType(OpenAI.self, key: "OPENAI_API_KEY"),
            ProviderType(OpenAICompatible.self),
            ProviderType(Mock.self),
            ProviderType(Anthropic.self, key: "ANTHROPIC_API_KEY", notYet: true),
            ProviderType(Gemini.self, key: "GEMINI_API_KEY", notYet: true),
            ProviderType(Bedrock.self, notYet: true),
            ProviderType(Vertex.self, notYet: true),
            ProviderType(Cohere.self, key: "COHERE_API_KEY", notYet: true),
            ProviderType(Azure.self, notYet: true),
        ] + Preset.all.map { ProviderType($0) }

    /// The type for those who have none of their own.
    public static let anybody = OpenAICompatible.name

    public static func type(named name: String) -> ProviderType? { types.first { $0.name == name } }
}
