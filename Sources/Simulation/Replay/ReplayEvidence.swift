import Routing

/// What a log says of each deployment: what an attempt that was not made would have come to.
struct ReplayEvidence {
    struct Sample {
        var at: Instant
        var fault: Fault?
        var firstByte: Duration?
        var took: Duration
        var isStreamed: Bool
        var tokens: Int64
    }

    /// What an attempt comes to. Without a time where nothing is known.
    struct Outcome {
        var fault: Fault?
        var firstByte: Duration?
        var took: Duration?
        var isGuessed: Bool
    }

    /// By deployment, in the order of time.
    private var samples: [String: [Sample]] = [:]
    private var usage: [String: (sum: Usage, count: Int64)] = [:]

    /// So many attempts next in time are looked at: few enough to see an outage, enough to see a rate.
    private static let neighbours = 16

    init(_ log: [LoggedRequest]) {
        for request in log {
            var start = request.at
            for (number, one) in request.tries.enumerated() {
                defer { start = start + one.took }
                if let fault = one.fault, !Self.isDeployments(fault) { continue }
                let answered = one.fault == nil && number == request.tries.count - 1
                samples[one.deployment, default: []].append(
                    Sample(
                        at: start, fault: one.fault, firstByte: one.firstByte, took: one.took, isStreamed: request.isStreamed,
                        tokens: answered ? request.usage.totalOutput : 0))
            }
            guard request.end == .answered, request.usage.countsSomething else { continue }
            usage[request.route, default: (Usage(), 0)].sum += request.usage
            usage[request.route, default: (Usage(), 0)].count += 1
        }
        // Requests overlap, so their later attempts are out of order.
        for name in samples.keys { samples[name]?.sort { $0.at < $1.at } }
    }

    /// The caller's own say nothing of who was asked.
    private static func isDeployments(_ fault: Fault) -> Bool {
        switch fault {
        case .rateLimit, .quotaExceeded, .serverError, .timeout, .unavailable, .auth, .notFound, .malformedReply: true
        case .contextWindow, .contentPolicy, .badRequest, .cancelled: false
        }
    }

    /// What requests of a route use on average. Nil: none was answered.
    func usualUsage(of route: String) -> Usage? {
        guard let (sum, count) = usage[route] else { return nil }
        var usual = Usage()
        usual.input = sum.totalInput / count
        usual.output = sum.totalOutput / count
        usual.estimated = true
        return usual
    }

    /// - Parameter turn: How often this request asked this deployment before.
    func outcome(of request: LoggedRequest, at deployment: String, turn: Int, now: Instant, random: inout Random) -> Outcome {
        let own = request.tries.filter { $0.deployment == deployment }
        if turn < own.count {
            return Outcome(fault: own[turn].fault, firstByte: own[turn].firstByte, took: own[turn].took, isGuessed: false)
        }
        if let fault = request.callersFault {
            return Outcome(fault: fault, firstByte: nil, took: request.tries.last?.took, isGuessed: true)
        }
        let near = neighbours(of: deployment, at: now)
        guard !near.isEmpty else { return Outcome(fault: nil, firstByte: nil, took: nil, isGuessed: true) }
        let failed = near.filter { $0.fault != nil }
        if random.below(near.count) < failed.count {
            let like = failed[random.below(failed.count)]
            return Outcome(fault: like.fault, firstByte: like.firstByte, took: like.took, isGuessed: true)
        }
        let answered = near.filter { $0.fault == nil }
        let alike = answered.filter { $0.isStreamed == request.isStreamed }
        // The longer an answer, the longer it takes: of those, the one most like this in length.
        let wanted = request.usage.totalOutput
        let like = (alike.isEmpty ? answered : alike).min { abs($0.tokens - wanted) < abs($1.tokens - wanted) }
        return Outcome(fault: nil, firstByte: like?.firstByte, took: like?.took, isGuessed: true)
    }

    private func neighbours(of deployment: String, at now: Instant) -> ArraySlice<Sample> {
        guard let all = samples[deployment] else { return [] }
        var (low, high) = (0, all.count)
        while low < high {
            let middle = (low + high) / 2
            if all[middle].at < now { low = middle + 1 } else { high = middle }
        }
        let start = max(0, min(low - Self.neighbours / 2, all.count - Self.neighbours))
        return all[start..<min(all.count, start + Self.neighbours)]
    }
}
