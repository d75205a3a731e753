/// What a request asks of every deployment of a route, worked out once per decision.
struct Screen {
    /// Which deployments the request's tags leave, where tag filtering is on.
    enum Tags {
        case everything
        /// Those with the request's tags.
        case matching
        /// None carries the request's tags, so those tagged `default`.
        case tagged
        /// The request has tags that no deployment carries, and there is no default.
        case nothing
    }

    static let defaultTag = "default"

    let tags: Tags
    /// That have to fit into a window.
    let tokens: Int
    /// Something beyond abilities and sizes is asked: most requests ask nothing.
    let isParticular: Bool
    /// Nil: any region will do.
    let regions: RegionRule?
    /// Those of the project.
    let projectRegions: RegionRule?

    init(_ journey: borrowing Journey, _ plan: Plan, _ leaves: Range<Int>) {
        tokens = journey.windows == .yielded ? 0 : journey.facts.inputTokens + journey.facts.outputTokens
        let choosy = plan.tagFiltering != .off
        isParticular =
            choosy || journey.facts.needsPrice || journey.envelope.maxCost != nil
            || !journey.facts.isPlain
                && (journey.facts.provider != nil || journey.facts.allowed != nil || !journey.facts.regions.isEmpty
                    || !journey.facts.deniedRegions.isEmpty || journey.facts.residency != nil)
        regions = isParticular ? RegionRule(allowed: journey.facts.regions, denied: journey.facts.deniedRegions) : nil
        projectRegions = isParticular ? journey.facts.residency.flatMap { RegionRule(allowed: $0.regions, denied: $0.deniedRegions) } : nil
        tags = choosy ? Self.tags(journey.facts.tags, plan, leaves) : .everything
    }

    private static func tags(_ wanted: [String], _ plan: Plan, _ leaves: Range<Int>) -> Tags {
        var anyDefault = false
        for leaf in leaves {
            let carried = plan.deployments[plan.leaves[leaf].deployment].tags
            if !wanted.isEmpty, matches(wanted, carried, plan.tagFiltering) { return .matching }
            anyDefault = anyDefault || carried.contains(defaultTag)
        }
        return anyDefault ? .tagged : wanted.isEmpty ? .everything : .nothing
    }

    /// `!tag` excludes and `&tag` requires; of the plain ones any or all must be carried. Only exclusions match by themselves.
    static func matches(_ wanted: [String], _ carried: [String], _ filtering: TagFiltering) -> Bool {
        var plain = 0
        var common = 0
        for tag in wanted {
            if tag.utf8.first == UInt8(ascii: "!") {
                if carried.contains(String(tag.dropFirst())) { return false }
            } else if tag.utf8.first == UInt8(ascii: "&") {
                if !carried.contains(String(tag.dropFirst())) { return false }
            } else {
                plain += 1
                if carried.contains(tag) { common += 1 }
            }
        }
        return plain == 0 || (filtering == .all ? common == plain : common > 0)
    }

    func permits(_ carried: [String], _ wanted: [String], _ filtering: TagFiltering) -> Bool {
        switch tags {
        case .everything: true
        case .matching: Self.matches(wanted, carried, filtering)
        case .tagged: carried.contains(Self.defaultTag)
        case .nothing: false
        }
    }
}

extension Router {
    /// Why a deployment may not serve the request now; nil when it may. What time mends by itself is asked last, so a deployment
    /// that `resting` or `probing` names lacks nothing else.
    @inline(__always)
    func verdict(
        on id: Deployment.ID, _ screen: borrowing Screen, _ journey: borrowing Journey, _ plan: Plan, _ generation: Int, at now: Instant
    ) -> Ineligibility? {
        let traits = plan.traits[id]
        if traits.paused { return .paused }
        let lacking = journey.facts.needs.intersection(traits.lacks)
        if !lacking.isEmpty { return .lacks(lacking) }
        if screen.tokens > traits.contextWindow { return .contextTooSmall(traits.contextWindow) }
        if screen.isParticular, let reason = particular(id, screen, journey, plan, generation) { return reason }
        if let tried = journey.index(ofTried: id), !journey.tried[tried].again || now < journey.tried[tried].notBefore { return .tried }
        if let reason = journey.told(of: id) { return reason }
        let slot = generations[generation].slots[id]
        if let until = overLimit(slot, traits, inputTokens: journey.facts.inputTokens, at: now) { return .rateLimit(until: until) }
        if health[slot].inFlight >= traits.parallelLimit { return .parallelLimit(traits.parallelLimit) }
        if health[slot].breaker.state == .closed { return nil }
        if health[slot].breaker.isResting(at: now) { return .resting(until: health[slot].breaker.restsUntil) }
        return health[slot].breaker.probing ? .probing : nil
    }

    private func particular(
        _ id: Deployment.ID, _ screen: borrowing Screen, _ journey: borrowing Journey, _ plan: Plan, _ generation: Int
    ) -> Ineligibility? {
        if let allowed = journey.facts.allowed, !allowed.contains(id) { return .notAllowed }
        if let residency = journey.facts.residency, let reason = residency.verdict(on: plan.deployments[id]) { return reason }
        let price = plan.prices[id]
        if journey.facts.needsPrice, price == nil { return .unpriced }
        if let cap = journey.envelope.maxCost, let price, journey.spent + price.cost(ofTokens: journey.facts) > cap { return .tooDear }
        if let wanted = journey.facts.provider, wanted != plan.deployments[id].provider { return .provider }
        if let rule = screen.regions, !rule.permits(plan.profiles[id].place) { return .region }
        if let rule = screen.projectRegions, !rule.permits(plan.profiles[id].place) { return .region }
        let filtering = plan.tagFiltering
        if !screen.permits(plan.deployments[id].tags, journey.facts.tags, filtering) { return .tags }
        return nil
    }
}

extension Price {
    /// The worst case of a request that is not sent yet.
    func cost(ofTokens facts: borrowing Facts) -> Nanodollars {
        var usage = Usage()
        usage.input = Int64(facts.inputTokens)
        usage.output = Int64(facts.outputTokens)
        return cost(of: usage)
    }
}
