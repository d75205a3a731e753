import Schema

/// OpenAI's models on Azure, and others of Azure's Foundry. Three forms, told apart by the address: below `/v1` the model stands in
/// the body, else the deployment in the path; Foundry's `/models` has its own version ("Azure OpenAI REST API reference", "API version
/// lifecycle", "Azure AI Model Inference", read 2026-11; recorded exchanges).
public struct Azure: Provider {
    public static let name = "azure"

    public var common = ProviderSettings()
    public var apiVersion: HeaderText?
    public var accessToken: Secret?

    public init() {}

    public static let fields: [Field<Self>] = settings([
        .setting("api_version", \.apiVersion, "Sent as the parameter api-version; `v1` is Azure's form without deployments in the path."),
        .setting("access_token", \.accessToken, "A token of Entra ID that somebody else keeps fresh, instead of `api_key`."),
    ])

    private enum Form { case deployments, inference, versionless }

    private func form(_ base: String) -> Form {
        if base.hasSuffix("/v1") || ["v1", "latest", "preview"].contains(apiVersion?.text) { return .versionless }
        return base.hasSuffix("/models") ? .inference : .deployments
    }

    public func upstream(for api: API, model: String) -> API? { openAI(for: api, hasResponses: form(base?.path ?? "") != .inference) }

    public func prepare(_ head: inout UpstreamHead, for api: API, model: String, streaming: Bool) {
        let form = form(head.base)
        // The Responses API is not below deployments.
        if form == .versionless || api == .responses {
            let base = head.base.hasSuffix("/v1") ? head.base : Self.openAIBase(head.base) + "/v1"
            let query = apiVersion.map { ["latest", "preview"].contains($0.text) ? "?api-version=preview" : "" } ?? ""
            head.path = base + api.path + query
        } else if form == .inference {
            head.path = "\(head.base)\(api.path)?api-version=\(PercentEncoding.encode(apiVersion?.text ?? "2024-05-01-preview"))"
        } else {
            let deployment = PercentEncoding.encode(model)
            let version = PercentEncoding.encode(apiVersion?.text ?? "2024-10-21")
            head.path = "\(Self.openAIBase(head.base))/deployments/\(deployment)\(api.path)?api-version=\(version)"
        }
        if let accessToken { head.headers.append(("authorization", "Bearer \(accessToken.reveal())")) }
        head.prepare(common, key: "api-key", scheme: "")
    }

    private static func openAIBase(_ base: String) -> String { base.hasSuffix("/openai") ? base : base + "/openai" }

    public func sealOrigin(of model: String) -> Seal.Origin? { .openai }
    public var secrets: [Secret] { [common.apiKey, accessToken].compactMap { $0 } + common.headers.entries.map(\.value) }
    /// The models that could be deployed, whatever the form.
    public var modelsPath: String? {
        guard let path = base?.path else { return nil }
        if path.hasSuffix("/v1") { return "/models" }
        return path.hasSuffix("/openai") ? "/models?api-version=2024-10-21" : path.isEmpty ? "/openai/models?api-version=2024-10-21" : nil
    }
}
