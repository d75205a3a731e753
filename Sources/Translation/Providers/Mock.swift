import Schema

/// The built-in provider: made-up answers and made-up failures on a real socket. See `MockBehaviour`.
public struct Mock: Provider {
    public static let name = "mock"

    public var common = ProviderSettings()
    public var behaviour = MockBehaviour()

    public init() { common.kind = .free }

    public static let fields: [Field<Self>] = settings(MockBehaviour.fields.map { $0.within(\Self.behaviour) })

    /// The gateway starts its server and knows where it is.
    public var base: (origin: Origin, path: String)? { (Origin(tls: false, host: "127.0.0.1", port: 1), "/v1") }
    public var modelsPath: String? { nil }
}

extension MockBehaviour: Configurable {
    private static let long = Duration.zero...Duration.seconds(3600)

    public static let fields: [Field<Self>] = [
        .setting("latency", \.latency, in: long, "From a request to the head of its reply."),
        .setting("first_token", \.firstToken, in: long, "From the head of a reply to its first token."),
        .setting("tokens", \.tokens, in: 0...1_000_000, "Tokens of an answer; without it as many as the text has words."),
        .setting("token_interval", \.tokenInterval, in: long, "Between the tokens of a stream."),
        .setting("text", \.text, "What it answers; an answer longer than the text begins again."),
        .setting("dimensions", \.dimensions, in: 1...100_000, "Of an embedding, where the request does not say."),
        .setting("models", \.models, "The models it lists."),
        .setting("seed", \.seed, "Which of the possible runs this is: the same seed fails at the same requests."),
        .setting("faults", \.faults, "What goes wrong; the first that strikes is the one a request meets."),
    ]
}

extension MockFault: Configurable {
    public init() { self.init(.status) }

    public static let fields: [Field<Self>] = [
        .setting("kind", \.kind, "What goes wrong.").required,
        .setting("status", \.status, in: 200...599, "HTTP status of the kinds `status` and `html`."),
        .setting("code", \.code, "The `code` of the error object."),
        .setting("retry_after", \.retryAfter, "Sent as retry-after."),
        .setting("probability", \.probability, in: 0...1, "How likely it strikes a request."),
        .setting("after_tokens", \.afterTokens, in: 0...1_000_000, "Where in a stream it strikes."),
        .setting("delay", \.delay, in: .zero ... .seconds(3600), "Of the kinds that are slow."),
        .setting("after_requests", \.afterRequests, in: 0...1_000_000_000, "Requests that pass before it strikes at all."),
        .setting("requests", \.requests, in: 0...1_000_000_000, "Requests from there on that it may strike; without it all."),
    ]
}

extension MockFault.Kind: SettingChoice {
    /// Words that mean one of the kinds.
    private static let others: [String: MockFault.Kind] = [
        "timeout": .hang, "slow": .slowFirstByte, "slow_body": .slowLoris, "truncated": .truncate, "truncated_json": .malformedJSON,
        "wrong_content_type": .wrongType, "error_in_stream": .errorEvent, "error_body_with_200": .errorEvent, "huge": .hugeEvent,
        "absurd_usage": .hugeUsage,
    ]

    public static var shape: Shape { .choice(allCases.map(\.rawValue) + others.keys.sorted()) }

    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> MockFault.Kind? {
        node.scalar.flatMap { others[$0] } ?? readChoice(node, at: path, &reading)
    }
}
