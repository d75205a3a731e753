import Routing
import Schema

/// Where a provider's connections go. Two deployments with equal origins share pooled connections.
public struct Origin: Hashable, Sendable {
    public var tls: Bool
    /// Host name or address literal without brackets.
    public var host: String
    public var port: Int
    /// HTTP/2 may be chosen in the TLS handshake.
    public var offersHTTP2 = true
    /// Silence on a shared connection with requests in progress after which it is asked whether it lives.
    public var pingAfter = Duration.seconds(10)

    public init(tls: Bool, host: String, port: Int) {
        self.tls = tls
        self.host = host
        self.port = port
    }

    /// As the `host` header wants it: brackets around IPv6, no port where it is the scheme's own.
    public var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (tls ? 443 : 80) ? name : "\(name):\(port)"
    }
}

/// The head of a request to a provider, prepared once per deployment and API, not per request.
public struct UpstreamHead: Sendable {
    /// The path of the provider's base URL, without a slash at its end.
    public let base: String
    /// Absolute path with query, e.g. `/v1/chat/completions`.
    public var path: String
    /// Lower-case names. `host`, `content-length`, `content-type` and `accept-encoding` are the carrier's own.
    public var headers: [(name: String, value: String)] = []

    public init(base: String, path: String) { (self.base, self.path) = (base, path) }

    /// The base, with `version` behind it where the URL in the settings left it out.
    func base(with version: String) -> String { base.hasSuffix(version) ? base : base + version }
}

/// A dialect plus address, credential and quirks. A value, read from settings; all it says is asked when settings are
/// compiled, except `fault`, which is asked when an attempt fails.
public protocol Provider: Configurable, Sendable {
    /// The `type` in settings.
    static var name: String { get }
    /// Settings every provider has.
    var common: ProviderSettings { get set }
    /// The base URL's origin and path, e.g. `/v1`. Nil where `base_url` is missing and the type has no own address.
    var base: (origin: Origin, path: String)? { get }
    /// The API in which it is asked for what a client asks in `api`: the same where it serves that unread, another of the family
    /// where it is translated, nil where it cannot serve it.
    func upstream(for api: API, model: String) -> API?
    /// Path and headers of requests in `api`, which is one that `upstream` named. Where model or streaming are in the path, it
    /// sets `head.path`.
    func prepare(_ head: inout UpstreamHead, for api: API, model: String, streaming: Bool)
    /// Vouches for each request anew, beside what `prepare` put into the head.
    var signer: (any RequestSigner)? { get }
    /// Is exchanged for the bearer token of each request.
    var grant: TokenGrant? { get }
    /// What every request's body gets or loses whatever the client said.
    func overrides(for api: API, model: String) -> BodyOverrides
    /// How its chat completions differ from OpenAI's.
    var quirks: ChatQuirks { get }
    /// Who issues, and takes back, what is opaque in the model's answers. Nil: nobody does.
    func sealOrigin(of model: String) -> Seal.Origin?
    /// How it remembers prompts. Nil: it does not, or nobody knows.
    func promptCache(of model: String) -> PromptCacheTerms?
    /// Headers of clients that go on to it where they speak its dialect, in lower case.
    var passedRequestHeaders: [String] { get }
    /// All that must never be shown.
    var secrets: [Secret] { get }
    /// Where its models are listed, below the base URL, for a look whether it is there. Nil: it has no such list.
    var modelsPath: String? { get }
    func fault(of reply: FaultyReply) -> Fault
    /// Fills in what the settings leave to the environment, and what follows from them.
    mutating func complete(_ reading: inout Reading)
    /// What only all settings together show: notes what is missing. `node` is the provider's section.
    func check(_ node: Node, at path: String, _ reading: inout Reading)
}

extension Provider {
    public var base: (origin: Origin, path: String)? { common.baseURL.map { ($0.origin, $0.path) } }
    public var signer: (any RequestSigner)? { nil }
    public var grant: TokenGrant? { nil }
    public var passedRequestHeaders: [String] { [] }
    public var secrets: [Secret] { [common.apiKey].compactMap { $0 } + common.headers.entries.map(\.value) }
    public var modelsPath: String? { "/models" }

    public func upstream(for api: API, model: String) -> API? { openAI(for: api, hasResponses: false) }
    public func prepare(_ head: inout UpstreamHead, for api: API, model: String, streaming: Bool) { head.prepare(common) }
    public func overrides(for api: API, model: String) -> BodyOverrides { .none }
    public var quirks: ChatQuirks { [] }
    public func sealOrigin(of model: String) -> Seal.Origin? { nil }
    public func promptCache(of model: String) -> PromptCacheTerms? { PromptCaches.terms(of: sealOrigin(of: model)) }
    public func fault(of reply: FaultyReply) -> Fault { reply.usualFault }
    public mutating func complete(_ reading: inout Reading) {}

    public func check(_ node: Node, at path: String, _ reading: inout Reading) {
        // A value that could not be read has its problem already.
        if base == nil, node["base_url"]?.isNull ?? true {
            reading.problem(path.setting("base_url"), node.line, "is missing: a provider of type `\(Self.name)` has no address of its own")
        }
    }

    /// Whether clients' requests of that kind go to it unread.
    public func serves(_ api: API, model: String) -> Bool { upstream(for: api, model: model) == api }

    /// Fields of its own, and those that every provider has.
    public static func settings(_ own: [Field<Self>] = []) -> [Field<Self>] { own + ProviderSettings.fields.map { $0.within(\Self.common) } }

    /// Which of OpenAI's endpoints, by the setting `api`: the client's own where the provider has it, else chat completions.
    func openAI(for api: API, hasResponses: Bool) -> API? {
        switch api.family {
        case .chat:
            switch common.api {
            case .auto: api == .responses && hasResponses ? .responses : .chatCompletions
            case .chat: .chatCompletions
            case .responses: .responses
            }
        case .completion: .completions
        case .embedding: .embeddings
        case .count, .passThrough: nil
        }
    }
}

extension UpstreamHead {
    /// The credential, a bearer token unless said otherwise, and the headers of the settings, which win where they say the same.
    mutating func prepare(_ common: ProviderSettings, key name: String = "authorization", scheme: String = "Bearer ") {
        if let key = common.apiKey { headers.append((name, scheme + key.reveal())) }
        add(common.headers)
    }

    mutating func add(_ list: HeaderList) {
        headers.removeAll { own in list.entries.contains { $0.name == own.name } }
        headers += list.entries.map { ($0.name, $0.value.reveal()) }
    }
}
