extension Decision {
    /// As one sentence for somebody who was woken up: who sent it where, who was chosen and why, and who was left out.
    public func text(_ names: DecisionNames) -> String {
        let stays = warm.map { $0.instead == nil ? "its provider \(Self.remembers($0))" : "" } ?? ""
        let parts = [way(names), choice(names), stays, excluded(names)]
        return parts.filter { !$0.isEmpty }.joined(separator: "; ")
    }

    /// The policy, its rules and the route.
    private func way(_ names: DecisionNames) -> String {
        var text = ""
        if let policy { text = "policy \(names.policy(policy))" }
        for hit in hits {
            text += text.isEmpty ? "" : ", "
            text += "rule `\(names.rule(hit))`"
            let seen = hit.observed.map { "\($0.field) = \($0.value)" }.joined(separator: ", ")
            if !seen.isEmpty { text += " (\(seen))" }
        }
        text += text.isEmpty ? "it went to route \(names.route(entry))" : " sent it to route \(names.route(entry))"
        if route != entry {
            let why = leftBecause.map { ", where the nearest to serving \($0)," } ?? ""
            text += "\(why) and from there to its fallback \(names.route(route))"
        }
        return text
    }

    /// Why nobody or who.
    func choice(_ names: DecisionNames) -> String {
        guard let chosen else {
            guard reason == .noneEligible, let nearest = candidates.compactMap(\.excludedBecause).min(by: { $0.distance < $1.distance })
            else { return reason.text }
            return "no deployment may serve: the nearest to it \(nearest)"
        }
        if let warm, let instead = warm.instead {
            var plain = self
            (plain.chosen, plain.warm) = (instead, nil)
            return plain.choice(names) + ", but \(names.deployment(chosen)) was preferred: its provider \(Self.remembers(warm))"
        }
        let name = names.deployment(chosen)
        let eligible = candidates.count(where: \.isEligible)
        switch reason {
        case .panic: return "all deployments rest, and \(name) is the least bad"
        case .probe: return "\(name) has rested and is probed"
        default:
            let among = "\(eligible) eligible of \(candidates.count)"
            guard let strategy = names.strategies(of: self).last else { return "\(name) is the route's only deployment" }
            if let mode { return "mode \(mode.rawValue) chose \(name) because it is \(Self.why("auto"))\(clearly)\(weighed) (\(among))" }
            if strategy == Intelligent.name, eligible > 1, let complexity, complexity.tiers > 0 {
                return "intelligent chose \(name) because it is \(Self.why(complexity)) (\(among))"
            }
            let why = eligible == 1 ? "the only one that may serve" : Self.why(strategy) + (terms == nil ? "" : clearly + weighed)
            return "\(strategy) chose \(name) because it is \(why)\(terms == nil ? clearly : "") (\(among))"
        }
    }

    private static func remembers(_ warm: Warm) -> String {
        let saves = warm.saving.map { $0.amount > 0 ? ", which is expected to save $\($0.dollars)" : "" } ?? ""
        return "is believed to remember \(warm.tokens) tokens of the prompt\(saves)"
    }

    private var clearly: String { confidence.map { ", \(Int(($0 * 100).rounded())) % surely" } ?? "" }

    /// What the chosen is worth by each measure.
    private var weighed: String {
        guard let terms else { return "" }
        func written(_ term: Float) -> String { Self.hundredths(term) }
        let asked = complexity.map { $0.trouble == .none ? ", complexity \(Self.hundredths($0.inContext))" : "" } ?? ""
        return ": cost \(written(terms.cost)), quality \(written(terms.quality)), latency \(written(terms.latency))\(asked)"
    }

    private static func why(_ complexity: Complexity) -> String {
        guard let chance = complexity.chance else { return "the most capable, for \(complexity.trouble.text) to judge by" }
        let place = "tier \(complexity.tier) of \(complexity.tiers)"
        let asked = "complexity \(hundredths(complexity.score)), adjusted \(hundredths(complexity.adjusted ?? complexity.score))"
        if complexity.tier == complexity.tiers { return "the cheapest of the most capable, \(place), which \(asked) asks for" }
        return "the cheapest likely to answer well enough, \(Int((chance * 100).rounded())) % at \(asked), \(place)"
    }

    /// 0.07, 0.5, 1.
    private static func hundredths(_ number: Float) -> String {
        guard number.isFinite else { return "?" }
        let whole = Int((min(max(number, 0), 1) * 100).rounded())
        if whole % 100 == 0 { return "\(whole / 100)" }
        return whole % 10 == 0 ? "0.\(whole / 10)" : whole < 10 ? "0.0\(whole)" : "0.\(whole)"
    }

    private static func why(_ strategy: String) -> String {
        switch strategy {
        case "fallback": "the first in order that may serve"
        case "single": "the only one"
        case "percentage", "shuffle": "the one drawn by weight"
        case "round_robin": "the next in turn"
        case "least_busy": "the one with the fewest requests in flight"
        case "usage", "usage_v2": "the least used this minute"
        case "latency": "among the fastest of late"
        case "cost": "the cheapest for this request"
        case "success_rate": "the one that fails least"
        case "throughput": "the one with the most tokens a second"
        case "geographic": "the nearest to the caller"
        case "conditional": "what its conditions lead to"
        case "auto": "the best by the weights of its mode"
        case "intelligent": "what fits the request's complexity"
        default: "its choice"
        }
    }

    private func excluded(_ names: DecisionNames) -> String {
        let left = candidates.filter { !$0.isEligible && $0.deployment != chosen }
        guard let first = left.first else { return "" }
        // Long lists are for machines: the record has them all.
        let shown = left.count > 8 ? left.prefix(7) : left.prefix(8)
        var text = "excluded: \(says(first, names))"
        for candidate in shown.dropFirst() { text += ", \(says(candidate, names))" }
        if left.count > shown.count { text += " and \(left.count - shown.count) others" }
        return text
    }

    private func says(_ candidate: Candidate, _ names: DecisionNames) -> String {
        let name = names.deployment(candidate.deployment)
        guard let why = candidate.excludedBecause else { return name }
        guard case .resting(let until) = why else { return "\(name) \(why)" }
        let faults = candidate.recentFaults
        let after = faults == 0 ? "" : faults == 1 ? " after a fault" : " after \(faults) faults"
        if until == .distantFuture { return "\(name) rests\(after) until an operator resets it" }
        return "\(name) rests\(after) for another \(Self.seconds(until - at))"
    }

    /// With one digit behind the point below ten seconds.
    static func seconds(_ duration: Duration) -> String {
        let tenths = max(0, (duration.nanoseconds + 50_000_000) / 100_000_000)
        return tenths < 100 && tenths % 10 != 0 ? "\(tenths / 10).\(tenths % 10) s" : "\((tenths + 5) / 10) s"
    }
}

extension Decision.Reason {
    /// Why nothing is attempted; of an attempt nothing beside what is said of the choice.
    var text: String {
        switch self {
        case .strategy, .probe, .panic: ""
        case .wait: "everything that may be tried has failed; it is tried again after a wait"
        case .callersFault: "the fault is the request's own, and others would answer alike"
        case .noneEligible: "no deployment may serve"
        case .attempts: "all attempts failed"
        case .deadline: "the deadline has passed"
        case .noBranch: "no branch's condition holds, and there is no default"
        case .denied: "it is refused by a rule or a branch"
        case .cancelled: "the client went away"
        case .tableGone: "the table of this request was replaced"
        case .retryStorm: "its attempts failed, and too many other requests fail as well to go on"
        }
    }
}
