import Routing

/// A request's way through the router, from its arrival to its one end.
extension Simulator {
    mutating func advance(_ place: Int) {
        let hits = clients[place].journey.ruleHits.count
        let step = brain.next(&clients[place].journey, at: now)
        for hit in clients[place].journey.ruleHits.dropFirst(hits) {
            invariants.checkRuleAfter(hit, clients[place].course, clients[place].journey, at: now)
            report.hit(hit)
        }
        switch step {
        case .attempt(let attempt): begin(attempt, of: place)
        case .wait(let until):
            report.waited(at: now)
            invariants.waits(until: until, &clients[place].course, at: now)
            schedule(.wake, place, at: until)
        case .exhausted(let why):
            report.failed(why, route: clients[place].course.route, at: now)
            finish(place, why)
        }
    }

    private mutating func begin(_ attempt: Attempt, of place: Int) {
        invariants.attempt(attempt, of: &clients[place].course, facts: clients[place].journey.facts, at: now)
        let flight = takeOff(attempt, of: place)
        clients[place].flight = flight
        if attempt.tableVersion == brain.table.version {
            invariants.compare(brain, attempt.deployment, request: clients[place].course.number, at: now)
        }
        if let time = brain.hedgeTime(of: attempt, in: clients[place].journey, at: now), time < attempt.deadline {
            schedule(.hedge, place, attempt: attempt.number, at: time)
        }
    }

    /// What the deployment will answer, and when; the clock of the attempt ends what takes longer.
    private mutating func takeOff(_ attempt: Attempt, of place: Int) -> Flight {
        let book = invariants.books[attempt.tableVersion]
        let name = book?.table.deployments[attempt.deployment].name ?? ""
        let price = book?.terms[attempt.deployment].price
        let tokens = clients[place].tokens
        var answer =
            deployments[name]?.call(clients[place].journey.facts, tokens: tokens, at: now, random: &random)
            ?? ImaginaryDeployment.Answer(outcome: .fault(.unavailable, retryAfter: nil), after: .zero)
        if now + answer.after > attempt.deadline {
            answer.outcome = .fault(.timeout, retryAfter: nil)
            answer.after = attempt.deadline - now
            answer.isCut = false
        }
        var reserved: Int64 = 0
        if let price {
            let facts = clients[place].journey.facts
            reserved = SpendBook.cost(price, input: facts.inputTokens, output: max(facts.outputTokens, tokens))
            invariants.ledger.reserve(reserved)
            clients[place].course.reserved += reserved
        }
        report.began(attempt, name, at: now)
        schedule(.ended, place, attempt: attempt.number, at: now + answer.after)
        return Flight(attempt: attempt, answer: answer, name: name, tokens: tokens, reserved: reserved)
    }

    /// A second attempt beside the first, unless that has ended meanwhile.
    mutating func hedge(_ place: Int, _ number: Int16) {
        guard let flight = clients[place].flight, flight.attempt.number == Int(number), clients[place].hedge == nil else { return }
        if let firstByte = flight.answer.firstByte, clients[place].journey.facts.needs.contains(.streaming) {
            // It has begun to answer.
            if flight.attempt.started + firstByte <= now { return }
        }
        guard let attempt = brain.hedge(&clients[place].journey, beside: flight.attempt, at: now) else { return }
        invariants.attempt(attempt, of: &clients[place].course, facts: clients[place].journey.facts, at: now)
        clients[place].hedge = takeOff(attempt, of: place)
    }

    mutating func end(_ place: Int, _ number: Int16) {
        let flight: Flight
        if let first = clients[place].flight, first.attempt.number == Int(number) {
            flight = first
            clients[place].flight = nil
        } else if let second = clients[place].hedge, second.attempt.number == Int(number) {
            flight = second
            clients[place].hedge = nil
        } else {
            return
        }
        if case .success = flight.answer.outcome {
            land(flight, place, flight.answer.outcome)
            giveUpOther(place)
            report.answered(
                flight.attempt, flight.name, after: now - clients[place].arrived, flight.answer, route: clients[place].course.route, at: now)
            finish(place, nil)
        } else if let other = clients[place].flight ?? clients[place].hedge, !flight.answer.isCut {
            // The other one goes on alone.
            clients[place].flight = other
            clients[place].hedge = nil
            land(flight, place, flight.answer.outcome)
        } else {
            land(flight, place, flight.answer.outcome)
            giveUpOther(place)
            if flight.answer.isCut {
                report.cut(route: clients[place].course.route, at: now)
                finish(place, nil)
            } else {
                advance(place)
            }
        }
    }

    /// A rule said no before the first attempt.
    mutating func refuse(_ place: Int) {
        report.refused(route: clients[place].course.route, at: now)
        finish(place, nil)
    }

    mutating func leave(_ place: Int) {
        report.left(route: clients[place].course.route, at: now)
        for flight in [clients[place].flight, clients[place].hedge] {
            if let flight { land(flight, place, .cancelled) }
        }
        clients[place].flight = nil
        clients[place].hedge = nil
        finish(place, nil)
    }

    /// Whoever is still on the way has lost the race.
    private mutating func giveUpOther(_ place: Int) {
        guard let other = clients[place].flight ?? clients[place].hedge else { return }
        clients[place].flight = nil
        clients[place].hedge = nil
        land(other, place, .cancelled)
    }

    /// Tells everybody how an attempt ended, and settles what it used.
    private mutating func land(_ flight: Flight, _ place: Int, _ outcome: Outcome) {
        let attempt = flight.attempt
        deployments[flight.name]?.ended()
        brain.record(outcome, of: attempt, in: &clients[place].journey, at: now)
        invariants.recorded(outcome, attempt, of: &clients[place].course, at: now)
        let cost = settle(flight, place, outcome)
        report.ended(outcome, flight.name, cost: cost, at: now)
        if attempt.tableVersion == brain.table.version {
            invariants.compare(brain, attempt.deployment, request: clients[place].course.number, at: now)
        }
    }

    /// What came is paid for: all of an answer, and of a stream that ended early what its client has seen.
    private mutating func settle(_ flight: Flight, _ place: Int, _ outcome: Outcome) -> Nanodollars {
        clients[place].course.reserved -= flight.reserved
        guard let price = invariants.books[flight.attempt.tableVersion]?.terms[flight.attempt.deployment].price else { return .zero }
        var tokens = 0
        if case .success = outcome {
            tokens = flight.tokens
        } else {
            guard let firstByte = flight.answer.firstByte, flight.attempt.started + firstByte <= now else {
                invariants.ledger.release(flight.reserved)
                return .zero
            }
            let whole = flight.answer.after - firstByte
            let part = whole > .zero ? (now - flight.attempt.started - firstByte).inSeconds / whole.inSeconds : 1
            tokens = Int(Double(flight.tokens) * min(1, part))
        }
        var usage = Usage()
        usage.input = Int64(clients[place].journey.facts.inputTokens)
        usage.output = Int64(tokens)
        let cost = price.cost(of: usage)
        clients[place].course.cost += cost.amount
        invariants.ledger.settle(cost, price, input: Int(usage.input), output: tokens, reserved: flight.reserved)
        return cost
    }

    private mutating func finish(_ place: Int, _ why: Exhaustion?) {
        report.finished(why == nil, at: now)
        invariants.checkCost(clients[place].course, at: now)
        let version = clients[place].journey.tableVersion
        invariants.ended(&clients[place].course, why, facts: clients[place].journey.facts, version: version, at: now)
        free(place)
    }
}
