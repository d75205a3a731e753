import Routing
import Settings
import Storage
import Translation

/// The end of an exchange in numbers: its row for the ledger, its counts, its line in the access log.
struct Settlement {
    let exchange: Exchange
    let state: LedgerState
    private let fault: Fault?
    private let status: Int
    /// Of all that the client got, whoever said it.
    private let usage: Usage
    private let duration: Duration
    private let firstByte: Duration?
    private let cost: Nanodollars?
    private let usedNothing: Bool

    init(
        _ exchange: Exchange, _ state: LedgerState, fault: Fault?, status: Int, usage: Usage, firstByte: Instant?, at now: Instant
    ) {
        self.exchange = exchange
        self.state = state
        self.fault = fault
        self.status = status
        self.usage = exchange.continuation.map { $0.spent + usage } ?? usage
        usedNothing = self.usage == Usage()
        duration = now - exchange.started
        self.firstByte = firstByte.map { $0 - exchange.started }
        // Nothing was produced: nothing is owed, whatever the price.
        let isEmpty = exchange.continuation == nil ? usedNothing : usage == Usage()
        let own = isEmpty ? .zero : exchange.target.flatMap { exchange.live.cost(of: usage, at: $0) }
        cost = own.map { $0 + exchange.lost } ?? exchange.paidElsewhere
    }

    /// The row, written where it is to stay: it is large.
    func write(to entry: inout LedgerEntry) {
        let request = exchange.request
        entry.durationMicroseconds = duration.microseconds
        entry.firstByteMicroseconds = firstByte?.microseconds
        let live = exchange.live
        entry.key = live.numbers.keys[request.key]
        entry.route = request.isOwnRoute(live) ? live.numbers.inline : live.numbers.routes[request.entry.model.route]
        entry.model = entry.route
        if let deployment = exchange.deployment { entry.deployment = live.numbers.deployments[deployment] }
        entry.usage = usage
        entry.cost = cost ?? .zero
        entry.priced = cost != nil && exchange.target?.isPriced == true
        if usage.tier != .standard, let target = exchange.target { entry.tierUnpriced = target.isPriced && !target.knows(usage.tier) }
        if let claim = request.claim { entry.charges = claim.charges }
        if let saving = exchange.shorter?.saving, !usedNothing { writeSaving(saving, to: &entry) }
        writeParties(to: &entry, request, live)
        if let cache = request.cache, cache.isHit {
            (entry.cached, entry.priced) = (true, true)
            entry.baseline = cache.worth.map(Nanodollars.init)
        }
        entry.api = request.api.rawValue
        entry.status = UInt16(clamping: status)
        entry.attempts = UInt8(clamping: exchange.attemptCount)
        entry.state = state
        entry.fault = fault
        entry.streamed = request.call.stream
        if !exchange.attempts.isEmpty { entry.attemptLog = exchange.pricedAttempts(cost) }
        if let policy = request.entry.policy { entry.policy = live.numbers.policies[policy] }
        if exchange.loop.server.keepsDecisions { writeDecision(to: &entry, request, live) }
    }

    /// Who it was for and what it would have cost elsewhere: what usage is summed up by.
    private func writeParties(to entry: inout LedgerEntry, _ request: Admitted, _ live: Live) {
        if let project = request.entry.project { entry.project = live.number(ofProject: project, key: request.key) }
        if let customer = request.entry.customer { entry.customer = live.numbers.customers[customer] }
        if let deployment = exchange.deployment { entry.provider = live.numbers.providers[deployment] }
        // What it cost is known, or there is nothing to compare.
        if !usedNothing, cost != nil, exchange.target?.isPriced == true {
            let isWhole = exchange.lost == .zero && exchange.continuation == nil
            entry.baseline = live.baseline(of: usage, route: request.baselineRoute, cost: isWhole ? cost : nil)
        }
        if live.numbers.hasTags { entry.tags = live.numbers.tags(request.key) }
        if !request.tags.isEmpty { entry.ownTags = request.tags }
    }

    /// At the price of input that nobody had cached.
    private func writeSaving(_ saving: PromptSaving, to entry: inout LedgerEntry) {
        entry.savedTokens = saving.tokens
        var usage = Usage()
        usage.input = saving.tokens
        usage.tier = self.usage.tier
        if let cost = exchange.target?.cost(of: usage) { entry.savedCost = cost }
    }

    /// What is held of budgets ends with what the request came to.
    func settle(_ claim: Claim) {
        // A kept answer counts as a request and costs nothing.
        guard exchange.attemptCount > 0 || exchange.request.cache?.isHit == true else { return claim.end(nil) }
        let tokens = usage.totalInput &+ usage.totalOutput &+ (exchange.continuation == nil ? claim.lostTokens : 0)
        claim.end(Spent(nanodollars: cost?.amount ?? 0, tokens: tokens))
    }

    private func writeDecision(to entry: inout LedgerEntry, _ request: Admitted, _ live: Live) {
        guard request.journey.isDecided else { return }
        request.journey.withEncodedDecision { entry.decision = DecisionBytes($0) }
        entry.decisionNames = live.numbers.decisionNames
        guard let hit = request.journey.decidingRule else { return }
        let rules = live.numbers.rules
        if rules.indices.contains(hit.policy), rules[hit.policy].indices.contains(hit.rule) { entry.rule = rules[hit.policy][hit.rule] }
    }

    func count(in counters: inout Counters) {
        counters.inFlight -= 1
        counters.request(exchange.request.api, status: status)
        counters.duration.add(duration)
        if let firstByte { counters.firstByte.add(firstByte) }
        if let saving = exchange.shorter?.saving, !usedNothing { counters.compression.add(saving) }
        if let ruling = exchange.request.ruling { exchange.loop.server.limiters.add(ruling.charges, usage, cost: cost) }
        countDecision(in: &counters)
        countNames(in: &counters, status: status, usage, cost: usedNothing ? nil : cost, of: exchange)
        if let deployment = exchange.deployment, !usedNothing {
            counters.charge(usage, cost: cost, isPriced: exchange.target?.isPriced == true, deployment: deployment)
        }
    }

    /// Why it went where it went.
    func countDecision(in counters: inout Counters) {
        let request = exchange.request
        request.journey.countDecision { reason, _ in
            counters.decisions.reasons[Int(reason.rawValue)] &+= 1
        } excluded: {
            counters.decisions.excluded[$0] &+= 1
        }
        if request.journey.decidingRule != nil { counters.decisions.byRule &+= 1 }
    }

    /// What it adds to a canary, and to what a shadow would have done.
    func note(in trials: Trials) {
        let (live, request) = (exchange.live, exchange.request)
        let policy = Int(request.entry.trial.policy)
        // What a client gave up itself says nothing of who was asked.
        if policy >= 0, state != .cancelled, let canary = live.blueprint.policies[policy].canary {
            trials.note(
                canary.id, isCandidate: request.entry.trial.isCandidate, isAnswered: state == .done,
                milliseconds: Double(duration.microseconds) / 1000,
                dollars: cost.map { Double($0.amount) / 1e9 })
        }
        if let one = live.shadowCase(of: request, chosen: exchange.deployment, usage: usage, cost: cost) { trials.offer(one) }
    }

    func log(to lane: AccessLog.Lane) {
        guard lane.enabled else { return }
        var line = RequestLine(id: exchange.id, status: status, outcome: state.outcome)
        let names = exchange.live.quotedNames
        line.key = names.keys[exchange.request.key]
        line.route = exchange.request.isOwnRoute(exchange.live) ? names.inline : names.routes[exchange.request.model.route]
        if let deployment = exchange.deployment { line.deployment = names.deployments[deployment] }
        line.api = exchange.request.api.word
        line.fault = fault?.word ?? ""
        line.detail = state == .done ? "" : exchange.lastDetail ?? ""
        var entry = exchange.newEntry
        write(to: &entry)
        line.entry = entry
        lane.add(line)
    }
}

extension Exchange {
    /// Its row with nothing in it yet.
    var newEntry: LedgerEntry { LedgerEntry(id: id, startedUnixMilliseconds: id.unixMilliseconds) }
}

extension LedgerState {
    var outcome: StaticString {
        switch self {
        case .done: "done"
        case .failed: "failed"
        case .cancelled: "cancelled"
        case .unknown: "unknown"
        }
    }
}

extension Duration {
    var microseconds: Int64 { nanoseconds / 1_000 }
}
