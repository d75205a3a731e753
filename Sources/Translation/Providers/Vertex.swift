import Schema

/// Google's Vertex AI: models of Google, Anthropic's on Google's ground, and others through its OpenAI endpoint.
///
/// Hosts: google-genai, `_api_client.py`, which knows `global`, the multi-regions `us` and `eu`, and regions. Anthropic's models:
/// anthropic-sdk-python, `lib/vertex/_client.py`. Others: Vertex AI, "Call open models with the OpenAI library". Read 2026-11.
public struct Vertex: Provider {
    public static let name = "vertex"

    public var common = ProviderSettings()
    public var project: String?
    public var location: String?
    public var credentials: Secret?
    public var accessToken: Secret?
    private var account: ServiceAccount?

    public init() {}

    public static let fields: [Field<Self>] = settings([
        .setting("project", \.project, "The Google Cloud project.").required,
        .setting("location", \.location, "Its location, such as europe-west4 or global.").required,
        .setting("credentials", \.credentials, "The JSON of a service account, normally file:PATH."),
        .setting("access_token", \.accessToken, "A token that somebody else keeps fresh, instead of `credentials`."),
    ])

    public var base: (origin: Origin, path: String)? {
        if let url = common.baseURL { return (url.origin, url.path) }
        return (Origin(tls: true, host: host, port: 443), "")
    }

    private var host: String {
        switch location ?? "global" {
        case "global": "aiplatform.googleapis.com"
        case let wide where wide == "us" || wide == "eu": "aiplatform.\(wide).rep.googleapis.com"
        case let region: "\(region)-aiplatform.googleapis.com"
        }
    }

    /// Who publishes a model: `anthropic/NAME` and the like say it, of the others the name does.
    private static func publisher(of model: String) -> (publisher: String, name: String) {
        if let slash = model.firstIndex(of: "/") { return (String(model[..<slash]), String(model[model.index(after: slash)...])) }
        return (model.hasPrefix("claude") ? "anthropic" : "google", model)
    }

    public func upstream(for api: API, model: String) -> API? {
        switch (Self.publisher(of: model).publisher, api.family) {
        case ("google", .chat): .generateContent
        case ("google", .count): .generateContentTokens
        case ("google", .embedding): .embedContent
        case ("anthropic", .chat): .messages
        case ("anthropic", .count): .countTokens
        case ("google", .completion), ("anthropic", _), (_, .count), (_, .completion), (_, .embedding), (_, .passThrough): nil
        case (_, .chat): .chatCompletions
        }
    }

    public func prepare(_ head: inout UpstreamHead, for api: API, model: String, streaming: Bool) {
        let version = head.base.hasSuffix("/v1beta1") || head.base.hasSuffix("/v1") ? "" : "/v1"
        let place = "\(head.base)\(version)/projects/\(PercentEncoding.encode(project ?? ""))/locations/\(PercentEncoding.encode(location ?? ""))"
        let (publisher, name) = Self.publisher(of: model)
        switch api {
        case .chatCompletions: head.path = "\(place)/endpoints/openapi/chat/completions"
        case .countTokens: head.path = "\(place)/publishers/anthropic/models/count-tokens:rawPredict"
        case .messages:
            let method = !streaming ? "rawPredict" : "streamRawPredict"
            head.path = "\(place)/publishers/anthropic/models/\(PercentEncoding.encode(name, keeping: "@")):\(method)"
        default:
            head.path =
                "\(place)/publishers/\(publisher)/models/\(PercentEncoding.encode(name, keeping: "@")):\(GoogleMethod.name(of: api, streaming))"
        }
        if let accessToken, account == nil { head.headers.append(("authorization", "Bearer \(accessToken.reveal())")) }
        head.prepare(common, key: "x-goog-api-key", scheme: "")
    }

    /// The version stands in the body and not in a header, the model in the path alone, where `count-tokens` excepts itself.
    public func overrides(for api: API, model: String) -> BodyOverrides {
        switch api {
        case .messages: BodyOverrides(setting: "anthropic_version", to: "vertex-2023-10-16", removing: ["model"])
        case .countTokens: BodyOverrides(setting: "anthropic_version", to: "vertex-2023-10-16")
        default: .none
        }
    }

    public func sealOrigin(of model: String) -> Seal.Origin? {
        switch Self.publisher(of: model).publisher {
        case "google": .gemini
        case "anthropic": .anthropic
        default: nil
        }
    }

    public var quirks: ChatQuirks { [.maxTokens, .systemRole] }
    public var passedRequestHeaders: [String] { ["anthropic-beta"] }
    public var secrets: [Secret] { [common.apiKey, credentials, accessToken].compactMap { $0 } + common.headers.entries.map(\.value) }
    public var modelsPath: String? { nil }

    public var grant: TokenGrant? {
        guard let account, let url = BaseURL(written: account.tokenURL) else { return nil }
        return TokenGrant(url: url, account: account)
    }

    public mutating func complete(_ reading: inout Reading) {
        account = credentials.flatMap { try? ServiceAccount(json: $0.reveal()) }  // `check` says what is wrong with it
    }

    public func check(_ node: Node, at path: String, _ reading: inout Reading) {
        func isMissing(_ name: String) -> Bool { node[name]?.isNull ?? true }
        if isMissing("credentials"), isMissing("access_token"), isMissing("api_key") {
            reading.problem(path.setting("credentials"), node.line, "is missing: say it or `access_token`")
        }
        guard let credentials else { return }
        let line = node.entry("credentials")?.line ?? node.line
        do throws(ServiceAccount.Unreadable) {
            let account = try ServiceAccount(json: credentials.reveal())
            if BaseURL(written: account.tokenURL) == nil { reading.problem(path.setting("credentials"), line, "its token_uri is no address") }
        } catch {
            reading.problem(path.setting("credentials"), line, "the service account \(error.reason)")
        }
    }
}
