import Routing
import Schema

/// One stream of requests.
public struct TrafficDocument: Configurable {
    public enum Shape: String, SettingChoice { case steady, ramp, burst, wave }

    public var model: String?
    public var policy: String?
    public var rate = Traffic().requestsPerSecond
    public var from = Duration.zero
    public var duration = Traffic().duration
    public var requests: Int?
    public var shape = Shape.steady
    public var to = 0.0
    public var every = Duration.seconds(60)
    public var lasting = Duration.seconds(10)
    public var times = 10.0
    public var depth = 0.5
    public var inputTokens = TokenRange(Traffic().inputTokens)
    public var outputTokens = TokenRange(Traffic().outputTokens)
    public var streaming = Traffic().streaming
    public var hasSideEffects = 0.0
    public var sessions = Traffic().sessions
    public var users = Traffic().users
    public var keys = Traffic().keys
    public var tags = Named<Double>()
    public var callers = Named<Double>()
    public var regions: [String] = []
    public var values = Named<Named<Double>>()
    public var patience = Traffic().patience
    public var leaving = 0.0
    public var maxAttempts = Traffic().maxAttempts
    public var maxCost: Double?
    public var complexity: ShareRange?

    public init() {}

    private static let most = 1_000_000_000

    public static let fields: [Field<Self>] = [
        .setting("model", \.model, "The model that requests name. Without one, the first of the settings."),
        .setting("policy", \.policy, "The policy whose rules are asked. Without one, none are."),
        .setting("rate", \.rate, in: 0...1_000_000, "Requests a second on average; they come independently of each other."),
        .setting("from", \.from, "When it begins."),
        .setting("for", \.duration, "How long it lasts."),
        .setting("requests", \.requests, in: 0...most, "How many at most."),
        .setting(
            "shape", \.shape, "steady; ramp: evenly from rate to `to`; burst: times the rate for lasting in every; wave: a day of the length every."),
        .setting("to", \.to, in: 0...1_000_000, "The rate at the end of a ramp."),
        .setting("every", \.every, "The period of bursts or of a wave."),
        .setting("lasting", \.lasting, "How long a burst is."),
        .setting("times", \.times, in: 0...100_000, "How many times the rate a burst has."),
        .setting("depth", \.depth, in: 0...1, "How far a wave goes up and down, as a share of the rate."),
        .setting("input_tokens", \.inputTokens, "Tokens of a prompt, evenly between two numbers."),
        .setting("output_tokens", \.outputTokens, "Tokens of an answer, evenly between two numbers; requests allow the larger."),
        .setting("streaming", \.streaming, in: 0...1, "The share of requests that stream."),
        .setting("side_effects", \.hasSideEffects, in: 0...1, "The share of requests that must not be asked twice at once."),
        .setting("sessions", \.sessions, in: 0...most, "How many different sessions there are; 0: requests do not say."),
        .setting("users", \.users, in: 0...most, "How many different users there are."),
        .setting("keys", \.keys, in: 0...most, "How many different keys there are."),
        .setting("tags", \.tags, "Tags with the share of requests that carry each."),
        .setting("callers", \.callers, "Regions that requests come from, with their shares."),
        .setting("regions", \.regions, "Regions that may serve; without any, all."),
        .setting("values", \.values, "What conditions may ask for, by field: its values with their shares, like user.tier: {gold: 1, free: 9}."),
        .setting("patience", \.patience, "How long a client waits for an answer."),
        .setting("leaving", \.leaving, in: 0...1, "The share of clients that go away before the answer, within a tenth of their patience."),
        .setting("max_attempts", \.maxAttempts, in: 1...1000, "Attempts that a request may make."),
        .setting("complexity", \.complexity, "How hard requests are, evenly between two numbers from 0 to 1; without it nobody knows."),
        .setting("max_cost", \.maxCost, in: 0...1_000_000, "Dollars that a request may cost."),
    ]

    var traffic: Traffic {
        var traffic = Traffic(
            requestsPerSecond: rate, duration: duration, patience: patience, leaving: leaving, maxAttempts: maxAttempts)
        traffic.route = model
        traffic.policy = policy
        traffic.from = from
        traffic.atMost = requests ?? .max
        switch shape {
        case .steady: traffic.shape = .steady
        case .ramp: traffic.shape = .ramp(to: to)
        case .burst: traffic.shape = .burst(every: every, lasting: lasting, times: times)
        case .wave: traffic.shape = .wave(period: every, depth: depth)
        }
        traffic.inputTokens = inputTokens.range
        traffic.outputTokens = outputTokens.range
        traffic.streaming = streaming
        traffic.hasSideEffects = hasSideEffects
        traffic.sessions = sessions
        traffic.users = users
        traffic.keys = keys
        traffic.tags = tags.entries.map { Traffic.Part($0.name, $0.value) }
        traffic.callers = callers.entries.map { Traffic.Part($0.name, $0.value) }
        traffic.allowedRegions = regions
        traffic.values = values.entries.map { entry in
            (entry.name, entry.value.entries.map { (Value(written: $0.name), $0.value) })
        }
        traffic.complexity = complexity?.range
        traffic.maxCost = maxCost.map { Nanodollars(Int64(($0 * 1e9).rounded())) }
        return traffic
    }
}

/// `100-4000`, or one number.
public struct TokenRange: SettingValue {
    public var range: ClosedRange<Int>

    public init(_ range: ClosedRange<Int>) { self.range = range }

    public static let shape = Shape.text("tokens", example: "100-4000", pattern: "^[0-9]+(-[0-9]+)?$")
    public var written: String? { range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound)-\(range.upperBound)" }

    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> TokenRange? {
        readWord(node, at: path, &reading, expected: "a number of tokens, or two such as 100-4000") { text in
            let parts = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
            guard let low = parts.first ?? nil, let high = parts.last ?? nil, parts.count <= 2, 0 <= low, low <= high, high < 1_000_000_000 else {
                return nil
            }
            return TokenRange(low...high)
        }
    }
}
