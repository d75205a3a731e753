import Routing
import Storage
import Translation

/// The end of a passage in numbers: its row for the ledger, its counts, its line in the access log.
struct PassSettlement {
    let entry: LedgerEntry
    private let passage: Passage
    private let status: Int
    let detail: String

    init(_ passage: Passage, _ state: LedgerState, fault: Fault?, status: Int, isStream: Bool, detail: String) {
        self.passage = passage
        self.status = status
        self.detail = detail
        let now = passage.loop.time
        var entry = LedgerEntry(id: passage.id, startedUnixMilliseconds: passage.id.unixMilliseconds)
        entry.durationMicroseconds = (now - passage.started).microseconds
        entry.firstByteMicroseconds = passage.firstByte.map { ($0 - passage.started).microseconds }
        if let key = passage.key { entry.key = passage.live.numbers.keys[key] }
        entry.route = passage.endpoint.route
        entry.model = passage.endpoint.route
        entry.deployment = passage.endpoint.deployment
        // Answered, and not with an error: then it has cost what it costs.
        entry.cost = passage.firstByte != nil && passage.status < 400 ? passage.endpoint.cost : .zero
        entry.priced = true
        if let claim = passage.claim {
            claim.end(passage.attempts == 0 ? nil : Spent(nanodollars: entry.cost.amount, tokens: 0))
            entry.charges = claim.charges
        }
        if let key = passage.key, let project = passage.live.standing(of: key).project {
            entry.project = passage.live.numbers.projects[project] ?? .none
        }
        if let key = passage.key {
            entry.tags = passage.live.numbers.tags(key)
            if let customer = passage.live.standing(of: key).customer { entry.customer = passage.live.numbers.customers[customer] }
        }
        entry.receivedBytes = Int64(passage.received)
        entry.sentBytes = Int64(passage.sent)
        entry.api = API.passThrough.rawValue
        entry.status = UInt16(clamping: status)
        entry.attempts = UInt8(clamping: passage.attempts)
        entry.state = state
        entry.fault = fault
        entry.streamed = isStream
        if let fault {
            var attempt = AttemptRecord(deployment: passage.endpoint.deployment)
            attempt.firstByteMicroseconds = entry.firstByteMicroseconds
            attempt.endedMicroseconds = entry.durationMicroseconds
            attempt.state = state
            attempt.fault = fault
            attempt.status = UInt16(clamping: passage.status)
            entry.attemptLog = [attempt]
        }
        self.entry = entry
    }

    func count(in counters: inout Counters) {
        counters.inFlight -= 1
        counters.request(.passThrough, status: status)
        counters.duration.add(.microseconds(entry.durationMicroseconds))
        if let firstByte = entry.firstByteMicroseconds { counters.firstByte.add(.microseconds(firstByte)) }
        counters.change(passage.endpoint) { counts in
            counts.requests[Counters.column(status)] += 1
            counts.received += passage.received
            counts.sent += passage.sent
            counts.cost = counts.cost + entry.cost
            if passage.isTunnel { counts.tunnels -= 1 }
        }
    }

    func log(to lane: AccessLog.Lane) {
        guard lane.enabled else { return }
        var line = RequestLine(id: passage.id, status: status, outcome: entry.state.outcome)
        if let key = passage.key { line.key = passage.live.quotedNames.keys[key] }
        line.route = passage.endpoint.quotedRoute
        line.deployment = passage.endpoint.quotedTarget
        line.api = API.passThrough.word
        line.fault = entry.fault?.word ?? ""
        line.detail = detail
        line.entry = entry
        lane.add(line)
    }
}

extension Counters {
    mutating func change(_ endpoint: PassEndpoint, _ change: (inout PassCounts) -> Void) {
        change(&passes[endpoint.route, default: PassCounts(path: endpoint.pathText)])
    }
}

/// What has been counted of one pass-through endpoint.
struct PassCounts: Sendable {
    var path = ""
    /// By class of the answer's status: see `Counters.requests`.
    var requests = [0, 0, 0, 0]
    var received = 0
    var sent = 0
    var cost = Nanodollars.zero
    /// Bytes of texts that guards read.
    var scannedPrompts = 0
    var scannedReplies = 0
    /// WebSockets that are open.
    var tunnels = 0

    static func += (left: inout PassCounts, right: PassCounts) {
        left.path = right.path
        for at in right.requests.indices { left.requests[at] += right.requests[at] }
        left.received += right.received
        left.sent += right.sent
        left.cost = left.cost + right.cost
        left.tunnels += right.tunnels
        left.scannedPrompts += right.scannedPrompts
        left.scannedReplies += right.scannedReplies
    }
}
