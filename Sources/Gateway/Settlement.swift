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
        cost = usage == Usage() ? .zero : exchange.target.flatMap { $0.price?.cost(of: usage) }
        var entry = LedgerEntry(id: exchange.id, startedUnixMilliseconds: exchange.id.unixMilliseconds)
        entry.durationMicroseconds = duration.microseconds
        entry.firstByteMicroseconds = self.firstByte?.microseconds
        let names = exchange.live.numbers
        entry.key = names.keys[exchange.request.key]
        entry.route = names.routes[exchange.request.model.route]
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
        self.entry = entry
    }

    func count(in counters: inout Counters) {
        counters.inFlight -= 1
        counters.request(exchange.request.api, status: Int(entry.status))
        counters.duration.add(duration)
        if let firstByte { counters.firstByte.add(firstByte) }
        if let deployment = exchange.deployment, entry.usage != Usage() {
            counters.charge(entry.usage, cost: cost, deployment: deployment)
        }
    }

    /// Always the same keys. Never a prompt, a reply or a key.
    func log(to lane: AccessLog.Lane) {
        guard lane.enabled else { return }
        var json = LogLine()
        json.text("time", Timestamp.now())
        json.text("level", entry.state == .done ? "info" : "notice")
        json.text("message", "request")
        json.text("request_id", exchange.id.description)
        json.text("key", exchange.live.keyName(exchange.request.key))
        json.text("api", exchange.request.api.name)
        json.text("route", exchange.live.routeName(exchange.request.model.route))
        json.text("deployment", exchange.deployment.map { exchange.live.deploymentName($0) } ?? "")
        json.number("status", Int64(entry.status))
        json.text("outcome", entry.state.name)
        json.text("fault", entry.fault?.name ?? "")
        json.text("detail", entry.state == .done ? "" : exchange.lastDetail ?? "")
        json.number("attempts", Int64(entry.attempts))
        json.flag("stream", entry.streamed)
        json.number("input_tokens", entry.usage.totalInput)
        json.number("output_tokens", entry.usage.totalOutput)
        json.number("cost_nanodollars", entry.cost.amount)
        json.number("duration_us", entry.durationMicroseconds)
        json.number("first_byte_us", entry.firstByteMicroseconds ?? 0)
        json.end()
        lane.add(json)
    }
}

extension Duration {
    var microseconds: Int64 { nanoseconds / 1_000 }
}
