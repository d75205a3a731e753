/// Something an operator or a ledger wants to know of: traffic moved, a breaker changed, a budget ended. Names, not numbers: it is
/// read when its table may be gone.
public struct RouterEvent: Hashable, Sendable {
    public enum Kind: String, CaseIterable, Sendable {
        /// Another deployment of the same route is tried after a fault.
        case failover
        /// The route is left for one of its fallbacks.
        case fallback
        /// A rule decided the way of a request.
        case rule
        case breakerOpened = "breaker_opened"
        /// Its rest is over, and one probe is on its way.
        case breakerHalfOpen = "breaker_half_open"
        case breakerClosed = "breaker_closed"
        /// The month's repeats of a policy are used up.
        case retryBudgetSpent = "retry_budget_spent"
        /// Too many attempts fail everywhere: further ones are held back. Once until the bucket has filled again.
        case retryStorm = "retry_storm"
        /// A second attempt goes out beside a slow one.
        case hedge
        /// All deployments of a route rest, and the least bad one is tried.
        case panic
    }

    public var at: Instant
    public var kind: Kind
    /// The request it belongs to, by `Journey.ticket`; 0 for none.
    public var ticket: UInt64
    /// The route left or stayed in.
    public var route: String?
    /// A deployment's name; for `fallback` the last one tried, if any was.
    public var from: String?
    /// A deployment's name; for `fallback` the route's.
    public var to: String?
    public var fault: Fault?
    public var policy: String?
    public var rule: String?
    /// Of the attempt about to begin where one is; of a breaker its rest in milliseconds, of a budget its size.
    public var number: Int

    public init(
        at: Instant, kind: Kind, ticket: UInt64 = 0, route: String? = nil, from: String? = nil, to: String? = nil, fault: Fault? = nil,
        policy: String? = nil, rule: String? = nil, number: Int = 0
    ) {
        self.at = at
        self.kind = kind
        self.ticket = ticket
        self.route = route
        self.from = from
        self.to = to
        self.fault = fault
        self.policy = policy
        self.rule = rule
        self.number = number
    }
}

/// Events on their way out: a ring that forgets the oldest when it is full, and counts what it forgot.
struct EventRing: Sendable {
    static let capacity = 1_024

    private var events: [RouterEvent] = []
    private var oldest = 0
    private(set) var dropped = 0

    mutating func add(_ event: RouterEvent) {
        if events.count < Self.capacity {
            events.append(event)
        } else {
            events[oldest] = event
            oldest = (oldest + 1) % Self.capacity
            dropped += 1
        }
    }

    /// In the order of time; the ring is empty then and keeps its room.
    mutating func take() -> [RouterEvent] {
        guard !events.isEmpty else { return [] }
        let taken = Array(events[oldest...] + events[..<oldest])
        events.removeAll(keepingCapacity: true)
        oldest = 0
        return taken
    }
}
