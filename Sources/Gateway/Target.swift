import NIOCore
import Routing
import Schema
import Settings
import Translation
import Wire

/// A deployment made ready to be called.
final class Target: Sendable {
    let provider: any Provider
    let providerName: String
    let origin: Int
    /// By `API.rawValue` of what a client asks: in which API the provider is asked for it. Nil: it cannot serve it.
    let asked: [API?]
    private let heads: [ByteBuffer]
    let model: QuotedText
    let modelName: String
    /// Tokens: for dialects that demand a limit. Nil: unknown.
    let maxOutputTokens: Int?
    /// The header lines that name provider, model and deployment in answers.
    let names: ByteBuffer
    /// Whether anybody knows what it costs.
    let isPriced: Bool
    /// Means nothing without a price. No optional: costs are asked of each request, and an optional is copied for it.
    private let tariff: Price
    private let rates: WorstCase.Rates
    let estimator: Estimators
    let estimatorNumber: Int
    let contextWindow: Int64?
    let connectTimeout: Duration
    let firstByteTimeout: Span
    let idleTimeout: Span
    /// See `UpstreamRequest.authorized`.
    let signing: Signing?
    let keeper: TokenKeeper?
    let passesHeaders: Bool
    /// Whether any of the three may have to say something in a request.
    let vouches: Bool
    /// Asking for usage in streams would be refused; it comes by itself.
    let refusesStreamOptions: Bool
    /// What a client's own chat request may have to be changed for.
    let mends: ChatQuirks
    let hasOverrides: Bool
    private let bodyOverrides: [BodyOverrides]
    private let credentials: [[UInt8]]

    init(
        _ upstream: Upstream, _ deployment: Deployment, origins: OriginNumbers, mocks: [String: Origin], tokens: TokenKeepers,
        estimators: Estimators
    ) {
        provider = upstream.provider
        providerName = upstream.providerName
        let base = provider.base ?? (Origin(tls: true, host: "unconfigured.invalid", port: 443), "/v1")
        var address = mocks[upstream.providerName] ?? base.origin
        address.offersHTTP2 = !address.tls || provider.common.http2 == .auto
        if address.tls, address.offersHTTP2 { address.pingAfter = provider.common.http2Ping }
        origin = origins.number(of: address)
        asked = API.allCases.map { upstream.provider.upstream(for: $0, model: upstream.model) }
        let needed = Set(asked.compactMap { $0 })
        heads = API.allCases.flatMap { api in
            [false, true].map { streaming in
                guard needed.contains(api) else { return ByteBuffer() }
                var head = UpstreamHead(base: base.path, path: base.path + api.path)
                upstream.provider.prepare(&head, for: api, model: upstream.model, streaming: streaming)
                return Target.write(head, authority: address.authority)
            }
        }
        model = QuotedText(upstream.model)
        modelName = upstream.model
        maxOutputTokens = deployment.maxOutput
        names = ByteBuffer(
            string: "x-swiftlet-provider: \(providerName.headerSafe)\r\nx-swiftlet-model: \(upstream.model.headerSafe)\r\n"
                + "x-swiftlet-deployment: \(deployment.name.headerSafe)\r\n")
        isPriced = upstream.price != nil
        tariff = upstream.price ?? .free
        rates = WorstCase.Rates(tariff)
        estimator = estimators
        estimatorNumber = estimators.number(of: upstream.providerName, upstream.model)
        contextWindow = deployment.contextWindow.map { Int64($0) }
        connectTimeout = upstream.connectTimeout
        firstByteTimeout = Span(upstream.firstByteTimeout ?? upstream.timeout ?? .seconds(60))
        idleTimeout = Span(upstream.idleTimeout)
        signing = provider.signer.map { [headers = provider.common.headers] signer in
            Signing(signer: signer, authority: address.authority, headers: headers.entries.map { ($0.name, $0.value.reveal()) })
        }
        keeper = provider.grant.map { tokens[$0] }
        passesHeaders = !provider.passedRequestHeaders.isEmpty
        vouches = signing != nil || keeper != nil || passesHeaders
        mends = provider.quirks.intersection(ChatMend.quirks)
        refusesStreamOptions = provider.quirks.contains(.noStreamOptions)
        bodyOverrides = API.allCases.map { upstream.provider.overrides(for: $0, model: upstream.model) }
        hasOverrides = bodyOverrides.contains { !$0.isEmpty }
        // A header of the settings may be a short word that any error repeats.
        let key = upstream.provider.common.apiKey
        credentials = provider.secrets.filter { $0 == key || $0.reveal().utf8.count >= 8 }.map { Array($0.reveal().utf8) }
    }

    /// Nil: it has no price.
    func cost(of usage: Usage) -> Nanodollars? { isPriced ? tariff.cost(of: usage) : nil }
    var price: Price? { isPriced ? tariff : nil }
    /// Whether it is known what requests of this tier cost, where it is known what any cost.
    func knows(_ tier: ServiceTier) -> Bool { tariff.knows(tier) }

    /// The most that a request may come to. Nil: nobody knows what it costs.
    func most(input: Int64, output: Int64, choices: Int64, tier: ServiceTier, ceiling: Price?) -> Nanodollars? {
        if isPriced { return rates.cost(input: input, output: output, choices: choices, tier: tier) }
        return ceiling.map { WorstCase.cost(input: input, output: output, choices: choices, at: $0) }
    }

    /// The head of a request up to and with `content-length: `; `api` is one of those in `asked`.
    func head(_ api: API, streaming: Bool) -> ByteBuffer { heads[Int(api.rawValue) * 2 + (streaming ? 1 : 0)] }

    /// What the provider itself demands of bodies in `api`.
    func overrides(_ api: API) -> BodyOverrides { bodyOverrides[Int(api.rawValue)] }

    /// Whether a credential stands in `body`. Linear in the body times the credentials: for error bodies only.
    func isRepeated(in body: ByteBuffer) -> Bool {
        credentials.contains { credential in
            body.withUnsafeReadableBytes { bytes in
                var at = 0
                while bytes.count - at >= credential.count {
                    if bytes[at] == credential[0], bytes[at..<at + credential.count].elementsEqual(credential) { return true }
                    at += 1
                }
                return false
            }
        }
    }

    private static func write(_ head: UpstreamHead, authority: String) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeString("POST \(head.path) HTTP/1.1\r\nhost: \(authority)\r\n")
        for (name, value) in head.headers { buffer.writeString("\(name): \(value)\r\n") }
        buffer.writeString("content-type: application/json\r\naccept-encoding: identity\r\nuser-agent: swiftlet\r\ncontent-length: ")
        return buffer
    }
}
