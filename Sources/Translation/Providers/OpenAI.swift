import Schema

/// OpenAI itself.
public struct OpenAI: Provider {
    public static let name = "openai"

    public var common = ProviderSettings()
    public var organization: HeaderText?
    public var project: HeaderText?

    /// API reference, read 2026-11.
    public init() { common.baseURL = BaseURL(written: "https://api.openai.com/v1") }

    public static let fields: [Field<Self>] = settings([
        .setting("organization", \.organization, "The organisation that is charged, where the key belongs to several."),
        .setting("project", \.project, "The project that is charged, where the key belongs to several."),
    ])

    public func upstream(for api: API, model: String) -> API? { openAI(for: api, hasResponses: true) }

    public func prepare(_ head: inout UpstreamHead, for api: API, model: String, streaming: Bool) {
        if let organization { head.headers.append(("openai-organization", organization.text)) }
        if let project { head.headers.append(("openai-project", project.text)) }
        head.prepare(common)
    }

    public func sealOrigin(of model: String) -> Seal.Origin? { .openai }
}
