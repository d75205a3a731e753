import Routing
import Settings
import Storage
import Translation

/// The end of an exchange in numbers: its row for the ledger, its counts, its line in the access log.
struct Settlement {
    let entry: LedgerEntry
    private let exchange: Exchange
    private let duration: Duration
    private let firstByte: Duration?
    private let cost: Nanodollars?

    init(
        _ exchange: Exchange, _ state: LedgerState, fault: Fault?, status: Int, usage: Usage, firstByte: Instant?, at now: Instant
    ) {
        self.exchange = exchange
        duration = now - exchange.started
        self.firstByte = firstByte.map { $0 - exchange.started }
        // Nothing was produced: nothing is owed, whatever the price.
        cost = usage == Usage() ? exchange.lost : exchange.target.flatMap { $0.price?.cost(of: usage) }.map { $0 + exchange.lost }
        var entry = LedgerEntry(id: exchange.id, startedUnixMilliseconds: exchange.id.unixMilliseconds)
        entry.durationMicroseconds = duration.microseconds
        entry.firstByteMicroseconds = self.firstByte?.microseconds
        let names = exchange.live.numbers
        entry.key = names.keys[exchange.request.key]
        entry.route = exchange.request.isOwnRoute(exchange.live) ? names.inline : names.routes[exchange.request.model.route]
        entry.model = entry.route
        if let deployment = exchange.deployment { entry.deployment = names.deployments[deployment] }
        entry.usage = usage
        entry.cost = cost ?? .zero
        entry.priced = cost != nil
        entry.api = exchange.request.api.rawValue
        entry.status = UInt16(clamping: status)
        entry.attempts = UInt8(clamping: exchange.attemptCount)
        entry.state = state
        entry.fault = fault
        entry.streamed = exchange.request.call.stream
        entry.attemptLog = exchange.attempts
        if let policy = exchange.request.entry.policy { entry.policy = names.policies[policy] }
        if let decision = exchange.request.journey.decision, exchange.loop.server.keepsDecisions {
            entry.decision = decision.encoded
            entry.decisionNames = names.decisionNames
            if let hit = decision.hits.first, names.rules.indices.contains(hit.policy), names.rules[hit.policy].indices.contains(hit.rule) {
                entry.rule = names.rules[hit.policy][hit.rule]
            }
        }
        self.entry = entry
    }

    func count(in counters: inout Counters) {
        counters.inFlight -= 1
        counters.request(exchange.request.api, status: Int(entry.status))
        counters.duration.add(duration)
        if let firstByte { counters.firstByte.add(firstByte) }
        exchange.loop.server.limiters.add(exchange.request.ruling.charges, entry.usage, cost: cost)
        if let deployment = exchange.deployment, entry.usage != Usage() {
            counters.charge(entry.usage, cost: cost, deployment: deployment)
        }
    }

    func log(to lane: AccessLog.Lane) {
        guard lane.enabled else { return }
        var line = RequestLine(id: exchange.id, status: Int(entry.status), outcome: entry.state.outcome)
        let names = exchange.live.quotedNames
        line.key = names.keys[exchange.request.key]
        line.route = exchange.request.isOwnRoute(exchange.live) ? names.inline : names.routes[exchange.request.model.route]
        if let deployment = exchange.deployment { line.deployment = names.deployments[deployment] }
        line.api = exchange.request.api.word
        line.fault = entry.fault?.word ?? ""
        line.detail = entry.state == .done ? "" : exchange.lastDetail ?? ""
        line.entry = entry
        lane.add(line)
    }
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
