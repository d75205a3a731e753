import Routing

/// Who asks, how often, for what and how patiently. A scenario has one or several of them.
public struct Traffic: Sendable {
    /// How the rate moves over the time of this traffic.
    public enum Shape: Hashable, Sendable {
        case steady
        /// From the rate to this one, evenly.
        case ramp(to: Double)
        /// `times` the rate for `lasting` at the start of every `every`.
        case burst(every: Duration, lasting: Duration, times: Double)
        /// Up and down around the rate, by `depth` (0 ... 1) of it; a period of 24 h is a day that begins at its mean and rises.
        case wave(period: Duration, depth: Double)
    }

    /// A part of the requests that has something in common.
    public struct Part: Hashable, Sendable {
        public var name: String
        public var share: Double

        public init(_ name: String, _ share: Double) {
            self.name = name
            self.share = share
        }
    }

    /// The route asked for. Nil: the table's first.
    public var route: String?
    /// The name of the policy whose rules are asked. Nil: none are.
    public var policy: String?
    /// On average; arrivals are independent of each other.
    public var requestsPerSecond: Double
    public var shape = Shape.steady
    /// When it begins and how long it lasts, in the scenario's time.
    public var from = Duration.zero
    public var duration: Duration
    /// It ends after so many requests too.
    public var atMost = Int.max
    /// Tokens of prompt and answer, evenly between these. The answer's upper bound is what the request allows (`max_tokens`).
    public var inputTokens = 0...4000
    public var outputTokens = 1...500
    /// Shares of all requests.
    public var streaming = 0.5
    public var hasSideEffects = 0.0
    /// How many different callers there are of each kind; 0: requests do not say.
    public var sessions = 200
    public var users = 50
    public var keys = 5
    /// Each request carries each tag with its share, independently.
    public var tags: [Part] = []
    /// Each request comes from one of these, by share. Empty: it does not say.
    public var callers: [Part] = []
    /// What conditions may ask for, by the field's name: values with their shares.
    public var values: [(field: String, parts: [(value: Value, share: Double)])] = []
    /// Where it may be served. Empty: anywhere.
    public var allowedRegions: [String] = []
    /// From a request's arrival to its deadline.
    public var patience: Duration
    /// The share of clients that go away before the answer, at a random moment within `patience` divided by ten.
    public var leaving: Double
    public var maxAttempts: Int
    public var maxWaiting = Duration.seconds(30)
    public var maxCost: Nanodollars?
    /// How hard requests are, evenly between these. Nil: nobody knows.
    public var complexity: ClosedRange<Double>?

    public init(
        requestsPerSecond: Double = 20, duration: Duration = .seconds(120), patience: Duration = .seconds(60), leaving: Double = 0,
        maxAttempts: Int = 10
    ) {
        self.requestsPerSecond = requestsPerSecond
        self.duration = duration
        self.patience = patience
        self.leaving = leaving
        self.maxAttempts = maxAttempts
    }

    /// As many per second `after` its begin.
    func rate(after: Double) -> Double {
        switch shape {
        case .steady: return requestsPerSecond
        case .ramp(let to): return requestsPerSecond + (to - requestsPerSecond) * min(1, after / duration.inSeconds)
        case .burst(let every, let lasting, let times):
            let phase = after - (after / every.inSeconds).rounded(.down) * every.inSeconds
            return phase < lasting.inSeconds ? requestsPerSecond * times : requestsPerSecond
        case .wave(let period, let depth):
            let turns = after / period.inSeconds
            return requestsPerSecond * (1 + depth * Self.sine(turns - turns.rounded(.down)))
        }
    }

    private var highestRate: Double {
        switch shape {
        case .steady: requestsPerSecond
        case .ramp(let to): max(requestsPerSecond, to)
        case .burst(_, _, let times): requestsPerSecond * max(1, times)
        case .wave(_, let depth): requestsPerSecond * (1 + depth)
        }
    }

    /// Of a whole turn, to a tenth: two parabolas, which are the same on every platform.
    private static func sine(_ turn: Double) -> Double { turn < 0.5 ? 16 * turn * (0.5 - turn) : -16 * (turn - 0.5) * (1 - turn) }

    /// The next arrival after `now`; nil when it is over. Candidates come at the highest rate and are taken in proportion to the
    /// rate of their time, which makes arrivals independent at every rate.
    func arrival(after now: Instant, _ random: inout Random) -> Instant? {
        let highest = highestRate
        guard highest > 0 else { return nil }
        let begin = Instant.zero + from
        let end = begin + duration
        var time = max(now, begin)
        while true {
            time = time + .nanoseconds(Int64(random.exponential() / highest * 1e9))
            if time >= end { return nil }
            if shape == .steady || random.unit() * highest < rate(after: Double((time - begin).nanoseconds) * 1e-9) { return time }
        }
    }

    func facts(_ random: inout Random) -> Facts {
        var facts = Facts(
            inputTokens: inputTokens.drawn(&random), outputTokens: outputTokens.upperBound, session: Self.caller(sessions, 1, &random),
            user: Self.caller(users, 2, &random), key: Self.caller(keys, 3, &random), regions: allowedRegions)
        if random.unit() < streaming { facts.needs.insert(.streaming) }
        if hasSideEffects > 0 { facts.hasSideEffects = random.unit() < hasSideEffects }
        if let complexity {
            let score = complexity.lowerBound + (complexity.upperBound - complexity.lowerBound) * random.unit()
            facts.appraisal = Appraisal(score: Float(score), conversation: facts.session)
        }
        for tag in tags where random.unit() < tag.share { facts.tags.append(tag.name) }
        if !callers.isEmpty { facts.region = Self.pick(callers.map { ($0.name, $0.share) }, &random) }
        return facts
    }

    /// The values of this traffic's own fields, in their order.
    func drawValues(_ random: inout Random) -> [Value] { values.map { Self.pick($0.parts.map { ($0.value, $0.share) }, &random) ?? .missing } }

    private static func pick<Choice>(_ parts: [(Choice, Double)], _ random: inout Random) -> Choice? {
        var mark = random.unit() * parts.reduce(0) { $0 + $1.1 }
        for (choice, share) in parts {
            mark -= share
            if mark < 0 { return choice }
        }
        return parts.last?.0
    }

    private static func caller(_ count: Int, _ kind: UInt64, _ random: inout Random) -> UInt64 {
        count == 0 ? 0 : Random.mix(UInt64(random.below(count)) &* 4 &+ kind)
    }

    /// When the client goes away; nil: it stays.
    func departure(_ random: inout Random) -> Duration? {
        guard leaving > 0, random.unit() < leaving else { return nil }
        return .nanoseconds(Int64(random.unit() * Double(patience.nanoseconds) / 10))
    }
}

extension ClosedRange<Int> {
    func drawn(_ random: inout Random) -> Int { lowerBound + random.below(upperBound - lowerBound + 1) }
}

extension Duration {
    var inSeconds: Double { Double(nanoseconds) * 1e-9 }
}
