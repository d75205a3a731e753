import Routing
import Storage

/// What rows of the ledger say beyond what is summed up of them.
struct InsightSample: Sendable {
    struct Part: Sendable {
        /// Microseconds.
        var durations: [Int64] = []
        var firstBytes: [Int64] = []
        /// Of answers that were streamed: tokens, and the microseconds from the first byte to the end.
        var tokens: Int64 = 0
        var streaming: Int64 = 0
        private static let leastStreaming: Int64 = 20_000

        mutating func add(_ row: LedgerEntry) {
            durations.append(row.durationMicroseconds)
            guard let first = row.firstByteMicroseconds else { return }
            firstBytes.append(first)
            // What comes in one piece says nothing of a speed.
            guard row.streamed, row.durationMicroseconds - first >= Self.leastStreaming else { return }
            tokens &+= row.usage.totalOutput
            streaming &+= row.durationMicroseconds - first
        }
    }

    /// Failures that are alike.
    struct Kind: Hashable, Sendable {
        var fault: Fault?
        var status: Int
        var deployment: NameID
        var model: NameID
    }

    struct Cluster: Sendable {
        var kind: Kind
        var count = 0
        /// Of these, attempts whose request another attempt served.
        var rescued = 0
        var first: Int64
        var last: Int64
        var example: RequestID
    }

    private static let mostClusters = 20

    var rows = 0
    /// All rows of the time were read.
    var isWhole = true
    var oldest: Int64?
    var all = Part()
    var parts: [UsageDimension: [NameID: Part]] = [.model: [:], .deployment: [:], .provider: [:]]
    /// Routes that requests went to, whatever they had named.
    var routes: Set<NameID> = []
    private var failures: [Kind: Cluster] = [:]

    /// Rows come the newest first.
    mutating func add(_ row: LedgerEntry) {
        rows += 1
        oldest = row.startedUnixMilliseconds
        routes.insert(row.route)
        if row.state == .done {
            all.add(row)
            parts[.model]?[row.model, default: Part()].add(row)
            if row.deployment != .none { parts[.deployment]?[row.deployment, default: Part()].add(row) }
            if row.provider != .none { parts[.provider]?[row.provider, default: Part()].add(row) }
        }
        let isServed = row.state == .done
        if row.attempts == 0 {
            if !isServed, row.state != .cancelled { fail(Kind(fault: row.fault, status: Int(row.status), deployment: .none, model: row.model), row) }
            return
        }
        for attempt in row.history where attempt.state == .failed {
            fail(Kind(fault: attempt.fault, status: Int(attempt.status), deployment: attempt.deployment, model: row.model), row, rescued: isServed)
        }
    }

    private mutating func fail(_ kind: Kind, _ row: LedgerEntry, rescued: Bool = false) {
        var cluster =
            failures[kind] ?? Cluster(kind: kind, first: row.startedUnixMilliseconds, last: row.startedUnixMilliseconds, example: row.id)
        cluster.count += 1
        if rescued { cluster.rescued += 1 }
        cluster.first = min(cluster.first, row.startedUnixMilliseconds)
        cluster.last = max(cluster.last, row.startedUnixMilliseconds)
        failures[kind] = cluster
    }

    /// The most frequent first.
    var clusters: [Cluster] {
        Array(failures.values.sorted { ($1.count, $0.example) < ($0.count, $1.example) }.prefix(Self.mostClusters))
    }
}

extension [Int64] {
    /// The least value that `share` of all are not above; nil of none.
    func quantile(_ share: Double) -> Int64? {
        guard !isEmpty else { return nil }
        let place = Int((share * Double(count)).rounded(.up)) - 1
        return sorted()[Swift.min(Swift.max(place, 0), count - 1)]
    }
}

/// Sums over a time, by what insights tell apart.
struct UsageSums: Sendable {
    struct HourOfWeek: Sendable {
        /// Monday is 0.
        var weekday: Int
        /// UTC.
        var hour: Int
        var requests: Int64 = 0
        var failed: Int64 = 0
        var cost = Nanodollars.zero
    }

    var total = LedgerTotals()
    var parts: [UsageDimension: [UsageRow]] = [:]
    /// Those that had a request, in the order of the week.
    var hours: [HourOfWeek] = []

    private static let mostRows = 500
    private static let mostHours = 1_000

    init(_ query: UsageQuery, _ store: any Store) throws {
        var query = query
        total = try store.usage(query).first?.totals ?? total
        query.limit = Self.mostRows
        for dimension in [UsageDimension.model, .deployment, .provider, .key] {
            query.groupBy = [dimension]
            parts[dimension] = try store.usage(query)
        }
        (query.groupBy, query.limit) = ([.hour], Self.mostHours)
        var week: [Int: HourOfWeek] = [:]
        for row in try store.usage(query) {
            let place = Self.hourOfWeek(row.group[0])
            var hour = week[place] ?? HourOfWeek(weekday: place / 24, hour: place % 24)
            hour.requests += row.totals.requests
            hour.failed += row.totals.failed
            hour.cost = Nanodollars(hour.cost.amount &+ row.totals.cost.amount)
            week[place] = hour
        }
        hours = week.sorted { $0.key < $1.key }.map(\.value)
    }

    /// 0 ... 167, of UTC.
    static func hourOfWeek(_ unixMilliseconds: Int64) -> Int {
        // 1 January 1970 was a Thursday.
        Int((unixMilliseconds / 3_600_000 + 3 * 24) % 168)
    }
}

/// What to do about failures of a kind.
enum InsightAdvice {
    static func text(_ kind: InsightSample.Kind) -> String {
        switch kind.fault {
        case .rateLimit: "The provider's rate limit is reached: spread the load over more deployments, or set rpm and tpm of this one"
        case .quotaExceeded: "The account at the provider has no quota left: raise it there, or take the deployment out of its routes"
        case .serverError: "The provider fails: a fallback serves meanwhile, and a breaker keeps requests away from it"
        case .timeout: "It takes longer than `timeout`: raise that, or ask a faster model first"
        case .unavailable: "Nothing answers at the provider's address: test the provider, and look at its base_url"
        case .auth: "The provider does not take the credential: set a good one, and test the provider"
        case .notFound: "The provider does not know this model: look at its name there"
        case .contextWindow: "Prompts are longer than the model takes: add a context window fallback, or switch compression on"
        case .contentPolicy: "The provider refuses the content: a content policy fallback may serve it"
        case .badRequest: "The provider finds requests invalid: look at an example; parameters may have to be dropped or mapped"
        case .malformedReply: "The provider sends what cannot be read: look at an example, and at the provider's type"
        case .cancelled: "Clients leave before the answer: it may be too slow for them"
        case nil: refused(kind.status)
        }
    }

    private static func refused(_ status: Int) -> String {
        switch status {
        case 401: "The key is not known: its application has an old one, or none"
        case 402: "A hard budget is used up: raise it, or wait for its next period"
        case 403: "The key is paused or may not do this, or a guardrail blocks it: see the breaches"
        case 404: "Nothing of this name is served: add the model, or an alias of it"
        case 413: "The request is larger than what is taken"
        case 422: "The firewall blocks it, or it has a field that nobody knows: see the breaches"
        case 429: "A limit of the key or its project is reached: raise it, or have the application send less at once"
        default: "Look at an example: it says why the request was refused"
        }
    }
}
