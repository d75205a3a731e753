import Routing
import Schema

/// Where a provider's connections go. Two deployments with equal origins share pooled connections.
public struct Origin: Hashable, Sendable {
    public var tls: Bool
    /// Host name or address literal without brackets.
    public var host: String
    public var port: Int

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
    /// Absolute path with query, e.g. `/v1/chat/completions`.
    public var path: String
    /// Lower-case names. `host`, `content-length`, `content-type` and `accept-encoding` are the carrier's own.
    public var headers: [(name: String, value: String)] = []

    public init(path: String) { self.path = path }

    public mutating func authorize(bearer token: String) { headers.append(("authorization", "Bearer \(token)")) }
}

/// What is known of a reply that is not a success.
public struct FaultyReply: Sendable {
    public var status: Int
    /// The `code`, `type` and `message` members of the provider's error object, where it had one.
    public var code: String?
    public var type: String?
    public var message: String?

    public init(status: Int, code: String? = nil, type: String? = nil, message: String? = nil) {
        self.status = status
        self.code = code
        self.type = type
        self.message = message
    }
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
    /// Which client APIs it serves unread.
    func serves(_ api: API) -> Bool
    /// The API in which it is asked for what a client asks in `api`: the same where it serves that unread, another of the family
    /// where it is translated, nil where it cannot serve it.
    func upstream(for api: API) -> API?
    /// How its chat dialect differs from OpenAI's.
    var quirks: ChatQuirks { get }
    /// Who issues the seals in its replies.
    var sealOrigin: Seal.Origin? { get }
    /// `api` is one that it serves itself. Where the dialect has model or streaming in the path, it sets `head.path`.
    func prepare(_ head: inout UpstreamHead, for api: API, model: String, streaming: Bool)
    func fault(of reply: FaultyReply) -> Fault
    /// What only all settings together show: notes what is missing. `node` is the provider's section.
    func check(_ node: Node, at path: String, _ reading: inout Reading)
}

extension Provider {
    public var base: (origin: Origin, path: String)? { common.baseURL.map { ($0.origin, $0.path) } }
    public func serves(_ api: API) -> Bool { api.isOpenAI }
    public var quirks: ChatQuirks { [] }
    public var sealOrigin: Seal.Origin? { nil }
    public func prepare(_ head: inout UpstreamHead, for api: API, model: String, streaming: Bool) { head.prepare(common) }

    public func upstream(for api: API) -> API? {
        if serves(api) { return api }
        let others: [API] =
            switch api.family {
            case .chat: [.chatCompletions, .messages, .generateContent, .converse, .cohereChat, .responses]
            case .embedding: [.embeddings, .batchEmbedContents, .embedContent, .cohereEmbed, .bedrockInvoke]
            case .completion, .count: []
            }
        return others.first { serves($0) }
    }
    public func fault(of reply: FaultyReply) -> Fault { reply.usualFault }

    public func check(_ node: Node, at path: String, _ reading: inout Reading) {
        // A value that could not be read has its problem already.
        if base == nil, node["base_url"]?.isNull ?? true {
            reading.problem(path.setting("base_url"), node.line, "is missing: a provider of type `\(Self.name)` has no address of its own")
        }
    }

    /// Fields of its own, and those that every provider has.
    public static func settings(_ own: [Field<Self>] = []) -> [Field<Self>] { own + ProviderSettings.fields.map { $0.within(\Self.common) } }
}

extension UpstreamHead {
    /// The credential as a bearer token, and the headers of the settings, which win where they say the same.
    mutating func prepare(_ common: ProviderSettings) {
        let own = common.headers.entries
        if let key = common.apiKey, !own.contains(where: { $0.name == "authorization" }) { authorize(bearer: key.reveal()) }
        headers += own.map { ($0.name, $0.value.reveal()) }
    }
}
