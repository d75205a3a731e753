import Routing

/// What a policy would have made of logged requests, beside what was made of them.
public struct ReplayReport: Sendable {
    public struct Difference: Sendable {
        public var id: UInt64
        /// Who answered, or was tried last; nil: nobody.
        public var was: String?
        public var would: ReplayedRequest
        public var costWas: Nanodollars?
    }

    /// What a deployment has to do, then and with the policy.
    public struct Row: Hashable, Sendable {
        public var deployment: String
        public var was = 0
        public var would = 0
        public var costWas = 0.0
        public var costWould = 0.0
    }

    public struct Assumption: Hashable, Sendable {
        public var text: String
        /// Requests that it concerns.
        public var requests: Int
    }

    public private(set) var requests = 0
    public private(set) var changed = 0
    public private(set) var unansweredThen = 0
    public private(set) var refused = 0
    public private(set) var failed = 0
    /// In US dollars; of requests whose costs are known both times.
    public private(set) var cost = PairedSums()
    /// In seconds; of requests that are answered both times and whose times are known.
    public private(set) var latency = PairedSums()
    public private(set) var rows: [Row] = []
    /// The first of them.
    public private(set) var differences: [Difference] = []
    public var assumptions: [Assumption] = []
    /// Requests at which the settings in force, replayed, choose who was chosen then. Nil: they were not replayed.
    public var agreed: Int?
    private var timesThen: [Double] = []
    private var timesWould: [Double] = []

    /// - Parameter most: Differences that are kept.
    public init(_ log: [LoggedRequest], _ results: [ReplayedRequest], most: Int) {
        var byName: [String: Row] = [:]
        var (unpriced, untimed, guessed, usageGuessed, cancelled) = (0, 0, 0, 0, 0)
        for (request, result) in zip(log, results) {
            requests += 1
            let wasAnswered = request.end != .failed
            if !wasAnswered { unansweredThen += 1 }
            if request.end == .cancelled { cancelled += 1 }
            switch result.end {
            case .answered: break
            case .refused: refused += 1
            case .failed: failed += 1
            }
            if let was = request.deployment { byName[was, default: Row(deployment: was)].was += 1 }
            if let would = result.deployment { byName[would, default: Row(deployment: would)].would += 1 }
            if result.isGuessed { guessed += 1 }
            if result.isUsageGuessed { usageGuessed += 1 }
            if let was = request.cost?.inDollars, let would = result.cost?.inDollars {
                cost.add(before: was, after: would)
                if let name = request.deployment { byName[name]?.costWas += was }
                if let name = result.deployment { byName[name]?.costWould += would }
            } else {
                unpriced += 1
            }
            if request.end == .answered, result.end == .answered {
                if let would = result.took {
                    let (was, would) = (request.took.inSeconds, would.inSeconds)
                    latency.add(before: was, after: would)
                    timesThen.append(was)
                    timesWould.append(would)
                } else {
                    untimed += 1
                }
            }
            guard Self.differs(request, result) else { continue }
            changed += 1
            if differences.count < most {
                differences.append(Difference(id: request.id, was: request.deployment, would: result, costWas: request.cost))
            }
        }
        timesThen.sort()
        timesWould.sort()
        rows = byName.values.sorted { ($1.was + $1.would, $0.deployment) < ($0.was + $0.would, $1.deployment) }
        assume("are asked of a deployment that they did not ask then: how that ends is told from its 16 attempts next in time", guessed)
        assume("were not answered then: they would use as many tokens as others of their route", usageGuessed)
        assume("go to a deployment of which nothing is logged: they count as answered, and not for latency", untimed)
        assume("have no price then or with the policy, and do not count for cost", unpriced)
        assume("were given up by their clients: they are taken as answered then, and not for latency", cancelled)
    }

    /// Puts an assumption among those that are told, where it concerns any.
    public mutating func assume(_ text: String, _ requests: Int) {
        if requests > 0 { assumptions.append(Assumption(text: text, requests: requests)) }
    }

    /// Who answers is another, or nobody is where somebody was, or the other way round.
    public static func differs(_ request: LoggedRequest, _ result: ReplayedRequest) -> Bool {
        if (request.end == .failed) != (result.end != .answered) { return true }
        return request.deployment != result.deployment
    }

    public var changedShare: Interval? { .share(changed, of: requests) }
    public var refusedShare: Interval? { .share(refused, of: requests) }
    public var failedShare: Interval? { .share(failed, of: requests) }
    public var agreedShare: Interval? { agreed.flatMap { .share($0, of: requests) } }

    /// In seconds: then, and with the policy.
    public func percentile(_ part: Double) -> (was: Interval, would: Interval)? {
        guard let was = Interval.percentile(part, of: timesThen), let would = Interval.percentile(part, of: timesWould) else { return nil }
        return (was, would)
    }
}

extension Nanodollars {
    var inDollars: Double { Double(amount) / 1e9 }
}
