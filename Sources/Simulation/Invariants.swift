import Routing

/// What must hold at every moment of every run. It keeps books of its own, from the scenario's tables and not from the router, and
/// compares the router's doings with them.
struct Invariants {
    /// A deployment from its first table to its last, as long as it is the same thing to call.
    struct Life {
        var name: String
        var breaker: BreakerModel
        var inFlight = 0
        /// Of this minute: attempts as they begin, tokens as they end.
        var minute = Int64.min
        var requests = 0
        var tokens = 0

        mutating func turn(at now: Instant) {
            let number = now.nanoseconds / 60_000_000_000
            if number == minute { return }
            minute = number
            requests = 0
            tokens = 0
        }
    }

    var found = Findings()
    private(set) var books: [Int: TableBook] = [:]
    private(set) var newest: TableBook
    var lives: [Life] = []
    /// The side of each sticky caller.
    var homes: [Home: Deployment.ID] = [:]
    var ledger = SpendBook()
    private var openRequests = 0
    private var firstAttempts = 0
    private var hedges: [Route.ID: (requests: Int, hedges: Int)] = [:]

    struct Home: Hashable {
        var version: Int
        var route: Route.ID
        var caller: UInt64
    }

    init(_ table: RoutingTable, _ deployments: [String: ImaginaryDeployment]) {
        newest = TableBook(table)
        open(newest, after: nil, deployments)
    }

    // MARK: Tables

    mutating func replaced(by table: RoutingTable, _ deployments: [String: ImaginaryDeployment]) {
        let book = TableBook(table)
        open(book, after: newest, deployments)
        newest = book
    }

    /// Who stays the same thing to call goes on with the life it has.
    private mutating func open(_ book: TableBook, after old: TableBook?, _ deployments: [String: ImaginaryDeployment]) {
        for deployment in book.table.deployments {
            var life = lives.count
            let former = old?.table.deployment(named: deployment.name)
            if let old, let former, Self.isSame(old.table.deployments[former], deployment) {
                life = old.terms[former].life
                lives[life].breaker.adopt(deployment.breaker)
            } else {
                lives.append(Life(name: deployment.name, breaker: BreakerModel(deployment.breaker)))
            }
            book.terms.append(
                TableBook.Terms(
                    needsLacked: deployment.lacks, paused: deployment.paused, contextWindow: deployment.contextWindow ?? .max,
                    parallel: deployment.maxParallelRequests ?? .max,
                    requestsPerMinute: deployment.requestsPerMinute ?? .max, tokensPerMinute: deployment.tokensPerMinute ?? .max,
                    price: deployment.price, region: deployment.region,
                    tags: deployment.tags, provider: deployment.provider, life: life, neverFails: deployments[deployment.name]?.neverFails ?? false))
        }
        books[book.table.version] = book
    }

    private static func isSame(_ left: Deployment, _ right: Deployment) -> Bool {
        left.name == right.name && left.provider == right.provider && left.model == right.model && left.region == right.region
            && left.fingerprint == right.fingerprint
    }

    mutating func reset(_ id: Deployment.ID) { lives[newest.terms[id].life].breaker.reset() }

    // MARK: A request's way

    mutating func arrived() { openRequests += 1 }

    mutating func attempt(_ attempt: Attempt, of course: inout Course, facts: borrowing Facts, at now: Instant) {
        let request = course.number
        guard let book = books[attempt.tableVersion] else { return found.expect(false, request, at: now, "is attempted on an unknown table") }
        let terms = book.terms[attempt.deployment]
        course.attempts += 1
        lives[terms.life].turn(at: now)
        checkEnvelope(attempt, course, terms, facts, at: now)
        if let reason = exclusion(attempt.deployment, book, course, facts, at: now) {
            let rests = reason == Self.rests || reason == Self.isProbed
            found.expect(rests && attempt.isPanic, request, at: now, "is sent to \(lives[terms.life].name), which \(reason)")
        }
        let breaker = lives[terms.life].breaker
        if breaker.isExact, breaker.restsUntil == nil {
            found.expect(!attempt.isPanic && !attempt.isProbe, request, at: now, "probes \(lives[terms.life].name), which is well")
        }
        if breaker.wantsProbe(at: now) {
            found.expect(attempt.isPanic || attempt.isProbe, request, at: now, "is sent to half-open \(lives[terms.life].name) beside the probe")
        }
        if attempt.number == 1, !course.isWeighed { checkChoice(attempt, course, book, facts, at: now) }
        checkRepeat(attempt, course, terms, book, at: now)
        lives[terms.life].breaker.begins(probe: attempt.isProbe)
        let probes = lives[terms.life].breaker.probes
        found.expect(probes <= 1, request, at: now, "is probe number \(probes) of \(lives[terms.life].name) at once")
        lives[terms.life].inFlight += 1
        lives[terms.life].requests += 1
        course.open += 1
        course.lastRoute = attempt.route
        course.waitedSinceLast = false
        countHedges(attempt, course, book, at: now)
    }

    private mutating func checkEnvelope(
        _ attempt: Attempt, _ course: borrowing Course, _ terms: borrowing TableBook.Terms, _ facts: borrowing Facts, at now: Instant
    ) {
        let request = course.number
        let most = course.envelope.maxAttempts
        found.expect(!course.ended, request, at: now, "is attempted after its end")
        found.expect(course.open == (attempt.isHedge ? 1 : 0), request, at: now, "has two attempts at once")
        found.expect(course.attempts <= most, request, at: now, "has \(course.attempts) attempts, more than \(most)")
        found.expect(attempt.number == course.attempts, request, at: now, "numbers attempt \(course.attempts) as \(attempt.number)")
        found.expect(now < course.deadline && attempt.deadline <= course.deadline, request, at: now, "is attempted past its deadline")
        found.expect(course.lastFault != .badRequest, request, at: now, "goes on after the caller's own mistake")
        if let most = course.envelope.maxCost, let price = terms.price {
            let worst = SpendBook.cost(price, input: facts.inputTokens, output: facts.outputTokens)
            found.expect(worst <= most.amount, request, at: now, "may cost \(worst) nano-dollars, more than \(most.amount)")
        }
    }

    private mutating func checkRepeat(
        _ attempt: Attempt, _ course: borrowing Course, _ terms: borrowing TableBook.Terms, _ book: TableBook, at now: Instant
    ) {
        guard let fault = course.fault(of: terms.life) else { return }
        let name = lives[terms.life].name
        // A route that a fallback leads to begins anew, but not with who has failed already.
        found.expect(course.waitedSinceLast, course.number, at: now, "tries \(name) again without a wait")
        let retry = book.table.routes[attempt.route].retry
        let isWanted = retry.on.contains(fault) || (retry.limit(after: fault) ?? 0) > 0
        found.expect(isWanted, course.number, at: now, "tries \(name) again after \(fault.name)")
    }

    private mutating func countHedges(_ attempt: Attempt, _ course: borrowing Course, _ book: TableBook, at now: Instant) {
        guard let policy = book.table.routes[attempt.route].hedge else {
            return found.expect(!attempt.isHedge, course.number, at: now, "is hedged on a route without hedges")
        }
        var known = hedges[attempt.route] ?? (0, 0)
        if attempt.isHedge { known.hedges += 1 } else if attempt.number == 1 { known.requests += 1 }
        hedges[attempt.route] = known
        let most = Double(policy.burst) + policy.maxShare * Double(known.requests)
        found.expect(Double(known.hedges) <= most + 0.001, course.number, at: now, "is hedge \(known.hedges) of \(known.requests) requests")
    }

    mutating func recorded(_ outcome: Outcome, _ attempt: Attempt, of course: inout Course, at now: Instant) {
        guard let book = books[attempt.tableVersion] else { return }
        let life = book.terms[attempt.deployment].life
        course.open -= 1
        lives[life].inFlight -= 1
        if case .success(_, _, let output, _, let input) = outcome {
            lives[life].turn(at: now)
            lives[life].tokens += input + output
        }
        found.expect(lives[life].inFlight >= 0, course.number, at: now, "\(lives[life].name) has fewer than none in flight")
        lives[life].breaker.ended(
            outcome, probe: attempt.isProbe, panic: attempt.isPanic, hasSiblings: book.hasSiblings(attempt.route), at: now)
        if case .fault(let fault, _) = outcome, fault != .cancelled { course.failed(life, fault) }
    }

    mutating func waits(until: Instant, _ course: inout Course, at now: Instant) {
        found.expect(until > now, course.number, at: now, "waits for the past")
        found.expect(until < course.deadline, course.number, at: now, "waits beyond its deadline")
        found.expect(course.open == 0, course.number, at: now, "waits while an attempt is open")
        course.waited += until - now
        found.expect(course.waited <= course.envelope.maxWaiting, course.number, at: now, "waits longer than it may")
        course.waitedSinceLast = true
    }

    /// `why` is nil after a success, or when the client is gone.
    mutating func ended(_ course: inout Course, _ why: Exhaustion?, facts: borrowing Facts, version: Int, at now: Instant) {
        let request = course.number
        found.expect(!course.ended, request, at: now, "ends twice")
        found.expect(course.open == 0, request, at: now, "ends with an attempt open")
        found.expect(course.reserved == 0, request, at: now, "ends with \(course.reserved) nano-dollars held back")
        course.ended = true
        openRequests -= 1
        guard let why else { return }
        switch why.reason {
        case .attempts, .noneEligible: checkGivingUp(why, course, facts, version, at: now)
        case .deadline: found.expect(now >= course.deadline, request, at: now, "ends for its deadline too early")
        case .callersFault(let fault):
            let isItsOwn = course.lastFault == fault || course.attempts == 0
            found.expect(isItsOwn, request, at: now, "ends for a fault that it did not meet")
        case .tableGone: found.expect(false, request, at: now, "lost its table")
        default: break
        }
    }

    /// Nobody gives up while a deployment of the route that never fails could serve.
    private mutating func checkGivingUp(
        _ why: Exhaustion, _ course: borrowing Course, _ facts: borrowing Facts, _ version: Int, at now: Instant
    ) {
        guard let book = books[version] else { return }
        // Those two faults bar the way to siblings, which would answer alike.
        let isBarred = course.tried.contains { $0.fault == .contextWindow || $0.fault == .contentPolicy }
        guard course.attempts < course.envelope.maxAttempts, !isBarred, !book.isConditional else { return }
        // What failed before may have used up what a request may cost.
        guard course.envelope.maxCost == nil || course.attempts == 0 else { return }
        for id in book.routes[course.lastRoute] where book.terms[id].neverFails && course.fault(of: book.terms[id].life) == nil {
            if exclusion(id, book, course, facts, at: now) != nil { continue }
            // A probe's place may be taken, and a rest by a share of faults is not known here.
            guard lives[book.terms[id].life].breaker.isExact else { continue }
            found.expect(false, course.number, at: now, "fails (\(why.reason)) although \(lives[book.terms[id].life].name) would have served")
        }
    }

    // MARK: The router's books against ours

    mutating func compare(_ router: some Deciding, _ id: Deployment.ID, request: Int, at now: Instant) {
        let life = newest.terms[id].life
        let held = router.inFlight(at: id)
        let counted = lives[life].inFlight
        found.expect(held == counted, request, at: now, "\(lives[life].name): \(held) in flight, \(counted) by our books")
        let breaker = lives[life].breaker
        guard breaker.isExact else { return }
        let state = router.state(of: id, at: now)
        let wanted = breaker.state(at: now)
        found.expect(state == wanted, request, at: now, "\(lives[life].name) is \(state.rawValue), \(wanted.rawValue) by our books")
    }

    mutating func compareAll(_ router: some Deciding, request: Int = -1, at now: Instant) {
        for id in newest.terms.indices { compare(router, id, request: request, at: now) }
    }

    mutating func over(_ router: some Deciding, at now: Instant) {
        found.expect(openRequests == 0, -1, at: now, "\(openRequests) requests never ended")
        for id in newest.terms.indices {
            let held = router.inFlight(at: id)
            found.expect(held == 0, -1, at: now, "\(lives[newest.terms[id].life].name) has \(held) in flight at the end")
        }
        for (version, book) in books.sorted(by: { $0.key < $1.key }) { checkShares(book, version, at: now) }
        if let problem = ledger.problemAtTheEnd { found.expect(false, -1, at: now, problem) }
    }
}
