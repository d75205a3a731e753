import Routing

/// What a request may be sent to, and what its strategy must choose among that, worked out a second time.
extension Invariants {
    static let rests = "rests"
    static let isProbed = "is being probed"
    /// A share that is further off is no chance any more: one run in a million.
    static let deviations = 5.0

    /// Why a deployment may not serve; nil: it may.
    func exclusion(
        _ id: Deployment.ID, _ book: TableBook, _ course: borrowing Course, _ facts: borrowing Facts, at now: Instant
    ) -> String? {
        let terms = book.terms[id]
        if terms.paused { return "is paused" }
        if !facts.needs.isDisjoint(with: terms.needsLacked) { return "lacks what is needed" }
        if facts.inputTokens + facts.outputTokens > terms.contextWindow { return "is too small" }
        if !facts.regions.isEmpty, !(terms.region.map { Self.mayMean($0, facts.regions) } ?? false) { return "is in another region" }
        if let region = terms.region, facts.deniedRegions.contains(region) { return "is in a denied region" }
        if let provider = facts.provider, provider != terms.provider { return "is another provider's" }
        if let allowed = facts.allowed, !allowed.contains(id) { return "is not allowed" }
        if book.table.tagFiltering != .off, !hasTags(id, book, course, facts.tags) { return "has other tags" }
        if let most = course.envelope.maxCost, let price = terms.price {
            if SpendBook.cost(price, input: facts.inputTokens, output: facts.outputTokens) > most.amount { return "is too dear" }
        }
        let life = lives[terms.life]
        if life.minute == now.nanoseconds / 60_000_000_000 {
            if life.requests >= terms.requestsPerMinute { return "has no requests left in its minute" }
            if life.tokens > terms.tokensPerMinute - facts.inputTokens { return "has no tokens left in its minute" }
        }
        if life.inFlight >= terms.parallel { return "has no place left" }
        if life.breaker.isResting(at: now) { return Self.rests }
        if life.breaker.probes > 0, life.breaker.restsUntil != nil { return Self.isProbed }
        return nil
    }

    /// Words of two letters mean themselves; longer names may lie in one another, which is not looked into here.
    private static func mayMean(_ region: String, _ allowed: [String]) -> Bool {
        allowed.contains { $0 == region || $0.utf8.count > 2 || region.utf8.count > 2 }
    }

    /// Only plain tags are made up here, so a deployment has any or all of them; where none has, those for everybody serve.
    private func hasTags(_ id: Deployment.ID, _ book: TableBook, _ course: borrowing Course, _ wanted: [String]) -> Bool {
        func carries(_ id: Deployment.ID) -> Bool {
            let carried = Set(book.terms[id].tags)
            return book.table.tagFiltering == .all ? carried.isSuperset(of: wanted) : !carried.isDisjoint(with: wanted)
        }
        let pool = book.routes[course.lastRoute]
        if !wanted.isEmpty, pool.contains(where: carries) { return carries(id) }
        if pool.contains(where: { book.terms[$0].tags.contains("default") }) { return book.terms[id].tags.contains("default") }
        return wanted.isEmpty
    }

    /// The first attempt of a request, before it counts as in flight.
    mutating func checkChoice(_ attempt: Attempt, _ course: borrowing Course, _ book: TableBook, _ facts: borrowing Facts, at now: Instant) {
        guard attempt.route == course.route, !attempt.isPanic, let flat = book.flat[course.route] else { return }
        var eligible: [Int] = []
        for (index, child) in flat.children.enumerated() where exclusion(child, book, course, facts, at: now) == nil {
            eligible.append(index)
        }
        guard let picked = flat.children.firstIndex(of: attempt.deployment) else {
            return found.expect(false, course.number, at: now, "is sent outside its route")
        }
        let name = lives[book.terms[attempt.deployment].life].name
        switch flat.kind {
        case .ordered: found.expect(eligible.first == picked, course.number, at: now, "is sent to \(name), which is not the first that may serve")
        case .conditional(let conditions):
            let values = RuleWatch(book.table, facts)
            let open = eligible.filter { conditions[$0].holds { values.value(of: $0) } }
            let isRight = values.isUnsure || open.first == picked
            found.expect(isRight, course.number, at: now, "is sent to \(name), which is not the first whose condition holds")
        case .cheapest:
            func cost(_ id: Deployment.ID) -> Int64 {
                book.terms[id].price.map { SpendBook.cost($0, input: facts.inputTokens, output: facts.outputTokens) } ?? .max
            }
            let least = eligible.map { cost(flat.children[$0]) }.min() ?? 0
            found.expect(cost(attempt.deployment) <= least, course.number, at: now, "is sent to \(name), which is not the cheapest")
        case .idlest:
            let flights = eligible.map { lives[book.terms[flat.children[$0]].life].inFlight }
            let own = lives[book.terms[attempt.deployment].life].inFlight
            found.expect(own == flights.min(), course.number, at: now, "is sent to \(name), which is not the idlest")
        case .clever(let axis): checkSkill(axis, attempt, flat, eligible, book, facts, at: now, number: course.number)
        case .sticky(let by): checkHome(by, attempt, course, flat, eligible, book, facts, at: now)
        case .weighted, .even: break
        }
        if eligible.count == flat.children.count { book.flat[course.route]?.picks[picked] += 1 }
    }

    /// What is clearly complex, or not known, goes to the more capable; without a session what is clearly simple to the cheaper.
    private mutating func checkSkill(
        _ axis: Intelligent.Axis, _ attempt: Attempt, _ flat: TableBook.Flat, _ eligible: [Int], _ book: TableBook, _ facts: borrowing Facts,
        at now: Instant, number: Int
    ) {
        guard eligible.count == 2 else { return }
        let dearest = flat.children.max { (book.terms[$0].price?.input ?? 0) < (book.terms[$1].price?.input ?? 0) }
        let isCapable = attempt.deployment == dearest
        let adjusted = facts.complexity.map { Intelligent.adjusted($0, axis) }
        let name = lives[book.terms[attempt.deployment].life].name
        if adjusted ?? 1 > 0.6 { found.expect(isCapable, number, at: now, "is complex and sent to \(name)") }
        if let adjusted, adjusted < 0.39, facts.session == 0 { found.expect(!isCapable, number, at: now, "is simple and sent to \(name)") }
    }

    /// A caller's side is where it went when all could serve; it goes nowhere else while that may serve.
    private mutating func checkHome(
        _ by: Percentage.Sticky, _ attempt: Attempt, _ course: borrowing Course, _ flat: TableBook.Flat, _ eligible: [Int],
        _ book: TableBook, _ facts: borrowing Facts, at now: Instant
    ) {
        let caller: UInt64 =
            switch by {
            case .session: facts.session
            case .user: facts.user
            case .key: facts.key
            }
        guard caller != 0 else { return }
        let key = Home(version: book.table.version, route: course.route, caller: caller)
        if let home = homes[key] {
            let mayServe = eligible.contains { flat.children[$0] == home }
            found.expect(!mayServe || home == attempt.deployment, course.number, at: now, "leaves its side although that may serve")
        } else if eligible.count == flat.children.count {
            homes[key] = attempt.deployment
        }
    }

    /// At the end: percentages are what they say.
    mutating func checkShares(_ book: TableBook, _ version: Int, at now: Instant) {
        for (route, flat) in book.flat.enumerated() {
            guard let flat else { continue }
            switch flat.kind {
            case .weighted, .even: break
            // A few callers are no statistics, and the order has none.
            case .clever, .sticky, .ordered, .idlest, .cheapest, .conditional: continue
            }
            let count = Double(flat.picks.reduce(0, +))
            for (child, share) in flat.shares.enumerated() {
                let off = abs(Double(flat.picks[child]) - count * share)
                let bound = Self.deviations * (count * share * (1 - share)).squareRoot() + 2
                found.expect(
                    off <= bound, -1, at: now,
                    "route \(book.table.routes[route].name) chose \(book.table.deployments[flat.children[child]].name) \(flat.picks[child]) times of"
                        + " \(Int(count)) for a share of \(share)")
            }
        }
    }
}
