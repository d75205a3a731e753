import Routing
import Schema

/// Anybody who speaks OpenAI's chat completions at an address of their own. `Preset`s are types of this with an address.
public struct OpenAICompatible: Provider {
    public static let name = "openai_compatible"

    public var common = ProviderSettings()
    /// What is known of who stands behind it.
    var preset = Preset(name: OpenAICompatible.name, baseURL: "", quirks: [.maxTokens, .systemRole])

    public init() {}

    public static let fields: [Field<Self>] = settings()

    public func upstream(for api: API, model: String) -> API? { openAI(for: api, hasResponses: preset.hasResponses) }
    public var quirks: ChatQuirks { preset.quirks }
    public func sealOrigin(of model: String) -> Seal.Origin? { preset.sealOrigin }
    public func promptCache(of model: String) -> PromptCacheTerms? { preset.promptCache ?? PromptCaches.terms(of: preset.sealOrigin) }
}
