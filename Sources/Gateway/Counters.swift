import Routing
import Storage
import Translation

/// One loop's counts: plain integers, summed over the loops when somebody looks.
struct Counters: Sendable {
    static let apis = API.allCases.count

    var clientConnections = 0
    var acceptedConnections = 0
    var refusedConnections = 0
    var clientErrors = 0
    var badRequests = 0
    var inFlight = 0
    /// Open connections to providers that are used by one request at a time.
    var upstreamConnections = 0
    /// Open connections that are shared, and the streams on them.
    var upstreamShared = 0
    var upstreamStreams = 0
    var connectFailures = 0
    var staleConnections = 0
    /// Attempts that broke off in the middle and were carried on by another.
    var continuedStreams = 0
    var compression = CompressionCounts()
    var abandonedRequests = 0
    /// Requests that had to wait for the store of limits, and those that hold or held something of it.
    var parked = 0
    var reservations = 0
    /// Requests that came to more than they held.
    var overruns = 0
    /// Answers whose provider reported what no request can come to.
    var doubtedUsage = 0
    /// By scope and unit of the limit.
    var refusals = Array(repeating: 0, count: LimitScope.allCases.count * LimitUnit.allCases.count)
    /// Output tokens that a provider made for a client that had gone.
    var wastedTokens: Int64 = 0
    /// Requests by API and class of the answer's status: 2xx, 4xx, 5xx, and those whose client left.
    var requests = Array(repeating: 0, count: Counters.apis * 4)
    /// By deployment: successes, then faults by class.
    var attempts: [Int] = []
    var usage: [Usage] = []
    var cost: [Nanodollars] = []
    /// By deployment: attempts that were answered, from their start to the reply's first byte and to its end.
    var firstBytes = Histograms()
    var durations = Histograms()
    /// By deployment: attempts that followed one at another deployment, and those that another one followed.
    var takenOver: [Int] = []
    var handedOver: [Int] = []
    var cache = CacheCounts()
    var unpriced = 0
    var estimated = 0
    /// Of pass-through endpoints, by the ledger's numbers for their paths.
    var passes: [NameID: PassCounts] = [:]
    var duration = Histogram()
    var firstByte = Histogram()

    /// By the names that clients send, and by project.
    var models = NamedCounts()
    var projects = NamedCounts()
    var overhead = Overhead()
    var decisions = DecisionCounts()

    /// What guardrails found: see `GuardCounts`.
    var guarding = GuardCounts()
    var moderation = ModerationCounts()

    static let outcomes = 1 + Fault.allCases.count

    mutating func fit(deployments: Int) {
        if usage.count < deployments {
            attempts += Array(repeating: 0, count: deployments * Self.outcomes - attempts.count)
            usage += Array(repeating: Usage(), count: deployments - usage.count)
            let more = deployments - cost.count
            cost += Array(repeating: .zero, count: more)
            firstBytes.fit(deployments)
            durations.fit(deployments)
            takenOver += Array(repeating: 0, count: more)
            handedOver += Array(repeating: 0, count: more)
        }
    }

    mutating func attempt(_ outcome: Outcome, deployment: Int) {
        let column =
            switch outcome {
            case .success: 0
            case .fault(let fault, _): 1 + Int(fault.rawValue)
            case .cancelled: 1 + Int(Fault.cancelled.rawValue)
            }
        attempts[deployment * Self.outcomes + column] += 1
    }

    /// An attempt was answered. `firstByte`: nil where its reply had no body.
    mutating func answered(deployment: Int, firstByte: Duration?, duration: Duration) {
        if let firstByte { firstBytes.add(firstByte, at: deployment) }
        durations.add(duration, at: deployment)
    }

    /// A request went on at another deployment.
    mutating func moved(from: Int, to: Int) {
        handedOver[from] += 1
        takenOver[to] += 1
    }

    mutating func refused(_ scope: LimitScope, _ unit: LimitUnit) {
        refusals[Int(scope.rawValue) * LimitUnit.allCases.count + Int(unit.rawValue)] += 1
    }

    mutating func request(_ api: API, status: Int) {
        requests[Int(api.rawValue) * 4 + Self.column(status)] += 1
    }

    static func column(_ status: Int) -> Int { status == 499 ? 3 : status >= 500 ? 2 : status >= 400 ? 1 : 0 }

    mutating func charge(_ usage: Usage, cost: Nanodollars?, isPriced: Bool, deployment: Int) {
        self.usage[deployment] += usage
        if let cost { self.cost[deployment] = self.cost[deployment] + cost }
        if !isPriced { unpriced += 1 }
        if usage.estimated { estimated += 1 }
    }

    static func += (left: inout Counters, right: Counters) {
        left.fit(deployments: right.usage.count)
        left.clientConnections += right.clientConnections
        left.acceptedConnections += right.acceptedConnections
        left.refusedConnections += right.refusedConnections
        left.clientErrors += right.clientErrors
        left.badRequests += right.badRequests
        left.inFlight += right.inFlight
        left.upstreamConnections += right.upstreamConnections
        left.upstreamShared += right.upstreamShared
        left.upstreamStreams += right.upstreamStreams
        left.connectFailures += right.connectFailures
        left.staleConnections += right.staleConnections
        left.continuedStreams += right.continuedStreams
        left.compression.add(right.compression)
        left.abandonedRequests += right.abandonedRequests
        left.parked += right.parked
        left.reservations += right.reservations
        left.overruns += right.overruns
        left.doubtedUsage += right.doubtedUsage
        for at in right.refusals.indices { left.refusals[at] += right.refusals[at] }
        left.wastedTokens += right.wastedTokens
        left.cache += right.cache
        left.unpriced += right.unpriced
        left.estimated += right.estimated
        for at in right.requests.indices { left.requests[at] += right.requests[at] }
        for at in right.attempts.indices { left.attempts[at] += right.attempts[at] }
        for at in right.usage.indices {
            left.usage[at] += right.usage[at]
            left.cost[at] = left.cost[at] + right.cost[at]
            left.takenOver[at] += right.takenOver[at]
            left.handedOver[at] += right.handedOver[at]
        }
        left.firstBytes += right.firstBytes
        left.durations += right.durations
        for (route, counts) in right.passes { left.passes[route, default: PassCounts()] += counts }
        left.duration += right.duration
        left.firstByte += right.firstByte
        left.models += right.models
        left.projects += right.projects
        left.overhead += right.overhead
        left.decisions += right.decisions
        left.guarding += right.guarding
        left.moderation += right.moderation
    }
}

/// Requests whose answers may be kept.
struct CacheCounts: Sendable {
    var memoryHits = 0
    var storeHits = 0
    var missed = 0
    var bypassed = 0
    /// What hits had cost.
    var saved = Nanodollars.zero

    static func += (left: inout CacheCounts, right: CacheCounts) {
        left.memoryHits += right.memoryHits
        left.storeHits += right.storeHits
        left.missed += right.missed
        left.bypassed += right.bypassed
        left.saved = left.saved + right.saved
    }
}

/// Durations in buckets whose bounds double from 1 ms to about 17 minutes.
struct Histogram: Sendable {
    static let buckets = 21
    private(set) var counts = Array(repeating: 0, count: Histogram.buckets + 1)
    private(set) var sum = Duration.zero

    init() {}

    init(counts: some Collection<Int>, sum: Duration) { (self.counts, self.sum) = (Array(counts), sum) }

    /// The upper bound of a bucket in seconds.
    static func bound(_ bucket: Int) -> Double { Double(1 << bucket) / 1000 }

    @inline(__always) static func bucket(ofNanoseconds nanoseconds: Int64) -> Int {
        let milliseconds = (UInt64(max(0, nanoseconds)) + 999_999) / 1_000_000
        return min(milliseconds <= 1 ? 0 : UInt64.bitWidth - (milliseconds - 1).leadingZeroBitCount, buckets)
    }

    mutating func add(_ duration: Duration) {
        counts[Self.bucket(ofNanoseconds: duration.nanoseconds)] += 1
        sum += duration
    }

    static func += (left: inout Histogram, right: Histogram) {
        for at in right.counts.indices { left.counts[at] += right.counts[at] }
        left.sum += right.sum
    }
}

/// A histogram for each deployment, in one piece: adding to it is two additions in an array.
struct Histograms: Sendable {
    /// Buckets, then the sum in nanoseconds.
    private static let width = Histogram.buckets + 2
    private var cells: [Int] = []

    mutating func fit(_ count: Int) {
        if cells.count < count * Self.width { cells += Array(repeating: 0, count: count * Self.width - cells.count) }
    }

    mutating func add(_ duration: Duration, at: Int) {
        let nanoseconds = duration.nanoseconds
        cells[at * Self.width + Histogram.bucket(ofNanoseconds: nanoseconds)] += 1
        cells[(at + 1) * Self.width - 1] &+= Int(nanoseconds)
    }

    subscript(at: Int) -> Histogram {
        let (first, last) = (at * Self.width, (at + 1) * Self.width - 1)
        return Histogram(counts: cells[first..<last], sum: .nanoseconds(cells[last]))
    }

    static func += (left: inout Histograms, right: Histograms) {
        for at in right.cells.indices { left.cells[at] += right.cells[at] }
    }
}
