/// How long the first tokens of a stream are held back, so that a slow deployment can still be left for another: once a byte has gone
/// to the client no other may answer. A value that whoever carries the stream obeys through a `Watch`.
public struct CommitGate: Hashable, Sendable {
    /// Tokens held at most; zero holds none, and only the first one's time is watched.
    public var tokens: Int
    /// The longest wait for the first token, from the attempt's start. Zero: any.
    public var firstToken: Duration
    /// The slowest stream that is let through. Zero: any.
    public var tokensPerSecond: Double
    /// The longest that tokens are held after the first, and the time over which a slow stream is judged.
    public var period: Duration

    public init(tokens: Int = 0, firstToken: Duration = .zero, tokensPerSecond: Double = 0, for period: Duration = .seconds(1)) {
        self.tokens = tokens
        self.firstToken = firstToken
        self.tokensPerSecond = tokensPerSecond
        self.period = period
    }

    /// What to do with what has come of a stream.
    public enum Verdict: Hashable, Sendable {
        /// Keep it, and ask again at the next token or at `Watch.nextLook`.
        case hold
        /// Let everything through; nothing is held from here on.
        case commit
        /// Give the attempt up as a `timeout`: nothing of it has reached the client.
        case tooSlow
    }

    /// One stream before its gate.
    public struct Watch: Hashable, Sendable {
        public let gate: CommitGate
        public let started: Instant
        private var first: Instant?
        private var count = 0
        private var verdict = Verdict.hold

        public init(_ gate: CommitGate, started: Instant) {
            self.gate = gate
            self.started = started
        }

        /// When it must be asked although no token came. Nil: never, because it is decided or waits for nothing.
        public var nextLook: Instant? {
            guard verdict == .hold else { return nil }
            if let first { return first + gate.period }
            return gate.firstToken > .zero ? started + gate.firstToken : nil
        }

        /// `tokens` more have come; chunks of the stream where nobody counts better.
        public mutating func received(tokens: Int = 1, at now: Instant) -> Verdict {
            guard verdict == .hold, tokens > 0 else { return verdict }
            if first == nil {
                if gate.firstToken > .zero, now - started > gate.firstToken { return settle(.tooSlow) }
                first = now
            }
            count += tokens
            if count >= gate.tokens, isFast(at: now) { return settle(.commit) }
            return look(at: now)
        }

        /// Time has passed.
        public mutating func look(at now: Instant) -> Verdict {
            guard verdict == .hold else { return verdict }
            guard let first else {
                return gate.firstToken > .zero && now - started >= gate.firstToken ? settle(.tooSlow) : .hold
            }
            if now - first < gate.period { return .hold }
            return settle(isFast(at: now) ? .commit : .tooSlow)
        }

        /// The stream has ended well: what is held is all there is, however slowly it came.
        public mutating func ended() -> Verdict { verdict == .hold ? settle(.commit) : verdict }

        /// Of the tokens after the first, for the first one's time is judged by itself. A gate that holds none judges no rate.
        private func isFast(at now: Instant) -> Bool {
            guard gate.tokensPerSecond > 0, gate.tokens > 0, let first else { return true }
            return Double(count - 1) * 1e9 >= gate.tokensPerSecond * Double((now - first).nanoseconds)
        }

        private mutating func settle(_ verdict: Verdict) -> Verdict {
            self.verdict = verdict
            return verdict
        }
    }
}
