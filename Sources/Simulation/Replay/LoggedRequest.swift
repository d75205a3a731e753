import Routing

/// What is known of a request that was served, and of what came of it.
public struct LoggedRequest: Hashable, Sendable {
    /// An attempt: at whom, and how it ended.
    public struct Try: Hashable, Sendable {
        public var deployment: String
        /// Nil: it answered.
        public var fault: Fault?
        public var firstByte: Duration?
        public var took: Duration

        public init(deployment: String, fault: Fault?, firstByte: Duration?, took: Duration) {
            self.deployment = deployment
            self.fault = fault
            self.firstByte = firstByte
            self.took = took
        }
    }

    public enum End: Hashable, Sendable { case answered, failed, cancelled }

    public var id: UInt64
    public var at: Instant
    /// The route it was sent to: those of one route are alike.
    public var route: String
    public var tries: [Try]
    public var end: End
    public var isStreamed = false
    public var took = Duration.zero
    public var usage = Usage()
    /// Nil: nobody knows.
    public var cost: Nanodollars?

    public init(id: UInt64, at: Instant, route: String, tries: [Try], end: End) {
        self.id = id
        self.at = at
        self.route = route
        self.tries = tries
        self.end = end
    }

    /// That answered, or was tried last.
    public var deployment: String? { tries.last?.deployment }

    /// Its fault was its own: whoever is asked says the same.
    var callersFault: Fault? { tries.lazy.compactMap(\.fault).first { $0 == .badRequest } }
}

/// How a table takes a request up.
public struct ReplayEntry: Sendable {
    public var route: Route.ID
    public var facts: Facts
    public var policy: RoutingPolicy.ID?
    public var mode: AutoMode?
    /// The chance it had. Nil: it gets one of the replay's.
    public var seed: UInt64?
    public var timeout = Duration.seconds(600)
    /// A rule's route does not replace its own.
    public var isOwn = false
    /// Nobody would take it up at all, and why.
    public var refusal: String?

    public init(route: Route.ID, facts: Facts) {
        self.route = route
        self.facts = facts
    }

    public static func refused(_ why: String) -> ReplayEntry {
        var entry = ReplayEntry(route: 0, facts: Facts())
        entry.refusal = why
        return entry
    }
}

/// What a table makes of a logged request.
public struct ReplayedRequest: Hashable, Sendable {
    public enum End: Hashable, Sendable {
        case answered
        /// Nobody may serve it, or a rule says no.
        case refused
        /// All that was tried failed.
        case failed
    }

    public var end = End.refused
    /// That answers, or is tried last.
    public var deployment: String?
    /// Asked first.
    public var first: String?
    public var attempts = 0
    public var route = ""
    public var rule: String?
    /// Why it goes where it goes.
    public var why = ""
    /// Nil: of one of those that were asked nothing is logged.
    public var took: Duration?
    /// Nil: without a price.
    public var cost: Nanodollars?
    /// What it uses is that of others of its route.
    public var isUsageGuessed = false
    /// Some attempt was not made then: how it would have ended is told from others at that deployment.
    public var isGuessed = false
}
