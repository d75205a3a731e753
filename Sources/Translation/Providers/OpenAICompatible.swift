import Schema

/// Anybody who speaks OpenAI's chat completions at an address of their own. `Presets` are types of this with an address.
public struct OpenAICompatible: Provider {
    public static let name = "openai_compatible"

    public var common = ProviderSettings()

    public init() {}

    public static let fields: [Field<Self>] = settings()
}
