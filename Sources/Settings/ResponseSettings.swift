import Schema

/// What is kept of the Responses API, and for how long.
public struct ResponseSettings: Configurable {
    public var enabled = true
    public var retention = Duration.seconds(30 * 86_400)
    public var most = 100_000
    public var maxBytes = 4 << 30
    public var chain = 512
    public var background = 64

    public init() {}

    public static let fields: [Field<Self>] = [
        .setting("enabled", \.enabled, "Whether answers of `/v1/responses` are kept, unless a request says `store: false`."),
        .setting("retention", \.retention, in: .seconds(60) ... .seconds(3_650 * 86_400), "How long an answer is kept."),
        .setting("max_count", \.most, in: 1...1_000_000_000, "The most answers kept; the oldest go first."),
        .setting("max_bytes", \.maxBytes.size, in: ByteCount(1 << 20)...ByteCount(1 << 40), "The most bytes of all answers kept."),
        .setting("max_chain", \.chain, in: 1...100_000, "How many answers a request may follow on, one behind the other."),
        .setting("max_background", \.background, in: 1...100_000, "Background responses at work at once; more are refused."),
    ]
}
