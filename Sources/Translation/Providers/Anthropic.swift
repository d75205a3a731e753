import Routing
import Schema

/// The Anthropic API. Headers and paths: API overview and "Beta headers", read 2026-11; recorded exchanges.
public struct Anthropic: Provider {
    public static let name = "anthropic"

    public var common = ProviderSettings()
    public var version = HeaderText("2023-06-01")
    public var beta: HeaderText?

    public init() { common.baseURL = BaseURL(written: "https://api.anthropic.com") }

    public static let fields: [Field<Self>] = settings([
        .setting("version", \.version, "Sent as anthropic-version."),
        .setting("beta", \.beta, "Sent as anthropic-beta with every request, beside what its client sends there."),
    ])

    public func upstream(for api: API, model: String) -> API? {
        switch api.family {
        case .chat: .messages
        case .count: .countTokens
        case .completion, .embedding, .passThrough: nil
        }
    }

    public func prepare(_ head: inout UpstreamHead, for api: API, model: String, streaming: Bool) {
        head.path = head.base(with: "/v1") + api.path
        head.headers.append(("anthropic-version", version.text))
        if let beta { head.headers.append(("anthropic-beta", beta.text)) }
        head.prepare(common, key: "x-api-key", scheme: "")
    }

    public var passedRequestHeaders: [String] { ["anthropic-beta"] }
    public func sealOrigin(of model: String) -> Seal.Origin? { .anthropic }
    public var modelsPath: String? { (base?.path.hasSuffix("/v1") ?? false) ? "/models" : "/v1/models" }
}
