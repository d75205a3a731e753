import Schema

/// What may stand as `type` of a provider.
public struct ProviderType: Sendable {
    public var name: String
    public var kind: ProviderKind
    /// Where its key usually stands.
    public var keyVariable: String?
    public var fields: [FieldDescription]
    private let provider: @Sendable (Node, String, inout Reading) -> (any Provider)?

    init<P: Provider>(_ type: P.Type, key: String? = nil) {
        name = P.name
        kind = P().common.kind ?? .paid
        keyVariable = key
        fields = P.descriptions
        provider = { node, path, reading in
            guard var provider = P.read(node, at: path, &reading, besides: ["type"]) else { return nil }
            provider.complete(&reading)
            return provider
        }
    }

    init(_ preset: Preset) {
        name = preset.name
        kind = preset.kind
        keyVariable = preset.keyVariable
        fields = OpenAICompatible.descriptions
        provider = { node, path, reading in
            guard var provider = OpenAICompatible.read(node, at: path, &reading, besides: ["type"]) else { return nil }
            provider.preset = preset
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
            ProviderType(Anthropic.self, key: "ANTHROPIC_API_KEY"),
            ProviderType(Gemini.self, key: "GEMINI_API_KEY"),
            ProviderType(Bedrock.self),
            ProviderType(Vertex.self),
            ProviderType(Cohere.self, key: "COHERE_API_KEY"),
            ProviderType(Azure.self),
        ] + Preset.all.map { ProviderType($0) }

    /// The type for those who have none of their own.
    public static let anybody = OpenAICompatible.name

    public static func type(named name: String) -> ProviderType? { types.first { $0.name == name } }
}
