import Routing
import Schema

/// Which of OpenAI's endpoints a provider is asked through.
public enum UpstreamAPI: String, SettingChoice { case auto, chat, responses }

/// Whether HTTP/2 is offered to a provider in the TLS handshake. Without TLS it is HTTP/1.1.
public enum HTTP2Use: String, SettingChoice { case auto, never }

/// What a provider costs its operator.
public enum ProviderKind: String, SettingChoice {
    case paid, free
    case selfHosted = "self_hosted"

    public var deployment: Deployment.Kind {
        switch self {
        case .paid: .paid
        case .free: .free
        case .selfHosted: .selfHosted
        }
    }
}

/// The settings that every provider has.
public struct ProviderSettings: Configurable {
    public var baseURL: BaseURL?
    public var apiKey: Secret?
    public var headers = HeaderList()
    public var timeout: Duration?
    public var connectTimeout = Duration.seconds(3)
    public var firstByteTimeout: Duration?
    public var idleTimeout = Duration.seconds(60)
    public var requestsPerMinute: Int?
    public var tokensPerMinute: Int?
    public var maxParallelRequests: Int?
    public var tags: [String] = []
    public var kind: ProviderKind?
    public var region: String?
    public var zeroDataRetention = false
    public var api = UpstreamAPI.auto
    public var http2 = HTTP2Use.auto
    public var http2Ping = Duration.seconds(10)

    public init() {}

    private static let longest = Duration.milliseconds(1)...Duration.seconds(86_400)
    private static let count = 1...1_000_000_000

    public static let fields: [Field<Self>] = [
        .setting("base_url", \.baseURL, "Address below which the provider's endpoints are, with its path, normally ending in /v1."),
        .setting("api_key", \.apiKey, "The credential, sent as a bearer token."),
        .setting("headers", \.headers, "Headers added to every request to this provider; values may be env:NAME or file:PATH."),
        .setting("timeout", \.timeout, in: longest, "Time for an attempt to begin answering; without it the route's or the router's holds."),
        .setting("connect_timeout", \.connectTimeout, in: longest, "Time for a connection, TLS included, to be made."),
        .setting(
            "first_byte_timeout", \.firstByteTimeout, in: longest, "Time from the request to the first byte of the answer; without it `timeout`."),
        .setting("idle_timeout", \.idleTimeout, in: longest, "Longest silence within an answer that has begun."),
        .setting("http2", \.http2, "Whether one connection may carry many requests by HTTP/2, where an https provider offers it."),
        .setting(
            "http2_ping", \.http2Ping, in: longest,
            "Silence on such a connection, with requests in progress, after which it is pinged; as much again without a sign of life ends it."),
        .setting("rpm", \.requestsPerMinute, in: count, "Requests per minute that its deployments are weighed by."),
        .setting("tpm", \.tokensPerMinute, in: count, "Tokens per minute that its deployments are weighed by."),
        .setting("max_parallel_requests", \.maxParallelRequests, in: count, "Requests in flight at once, for each of its deployments."),
        .setting("tags", \.tags, "Tags that all its deployments carry."),
        .setting("kind", \.kind, "Whether it is paid per use, free, or run by yourself; without it what its type usually is."),
        .setting("region", \.region, "Where its deployments are, for region rules: a region, a country such as `de`, or an area such as `eu`."),
        .setting(
            "zero_data_retention", \.zeroDataRetention,
            "It has promised to keep nothing of what it is sent: such deployments alone serve keys and projects that demand it."),
        .setting("api", \.api, "Which endpoint to use where it has both chat completions and responses; auto: the client's own."),
    ]
}

/// `http://127.0.0.1:9000/v1`: where a provider is.
public struct BaseURL: Hashable, SettingValue {
    public var origin: Origin
    /// Without a slash at its end; empty where the URL has none.
    public var path: String

    public init(origin: Origin, path: String) {
        self.origin = origin
        self.path = path
    }

    public static let shape = Shape.text("http or https URL", example: "http://127.0.0.1:9000/v1", pattern: "^https?://")
    public var written: String? { "\(origin.tls ? "https" : "http")://\(origin.authority)\(path)" }

    /// The URL is not in the message: somebody may have put a password into it.
    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> BaseURL? {
        if let url = node.scalar.flatMap({ BaseURL(written: $0) }) { return url }
        reading.problem(path, node.line, "expected an address such as https://api.example.com/v1, without user, query or fragment")
        return nil
    }

    public init?(written text: String) {
        guard let mark = text.range(of: "://"), text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else { return nil }
        switch text[..<mark.lowerBound].lowercased() {
        case "https": self.init(rest: text[mark.upperBound...], tls: true)
        case "http": self.init(rest: text[mark.upperBound...], tls: false)
        default: return nil
        }
    }

    private init?(rest: Substring, tls: Bool) {
        guard !rest.contains(where: { "?#@\\".contains($0) }) else { return nil }
        let authority = rest.prefix { $0 != "/" }
        var path = rest.dropFirst(authority.count)
        while path.hasSuffix("/") { path = path.dropLast() }
        let host: Substring
        let port: Substring
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
            host = authority[authority.index(after: authority.startIndex)..<end]
            port = authority[authority.index(after: end)...]
        } else {
            host = authority.prefix { $0 != ":" }
            port = authority.dropFirst(host.count)
        }
        let number = port.isEmpty ? (tls ? 443 : 80) : port.hasPrefix(":") ? Int(port.dropFirst()) : nil
        guard !host.isEmpty, let number, 1...65_535 ~= number else { return nil }
        self.init(origin: Origin(tls: tls, host: String(host), port: number), path: String(path))
    }
}

extension String {
    fileprivate func range(of mark: String) -> Range<Index>? {
        var at = startIndex
        while at < endIndex {
            if self[at...].hasPrefix(mark) { return at..<index(at, offsetBy: mark.count) }
            at = index(after: at)
        }
        return nil
    }
}
