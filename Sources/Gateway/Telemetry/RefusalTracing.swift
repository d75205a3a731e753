import Routing
import Settings
import Storage
import Translation

// Spans of what never became an exchange: requests that were refused at the door, and passages.
extension Reception {
    func tellRefusal(_ refusal: Refusal, _ request: ClientRequest, _ api: API, _ id: RequestID) {
        guard let plan = live.telemetry else { return }
        let trace = trace(request, id, share: plan.share)
        guard plan.metrics || trace.isSampled else { return }
        let verdict = request.bytes.withUnsafeReadableBytes { raw in loop.verifiedKeys.find(request.head.presentedKey(in: raw), in: live.keys) }
        var entry = LedgerEntry(id: id, startedUnixMilliseconds: id.unixMilliseconds)
        entry.status = UInt16(clamping: refusal.status)
        entry.state = .failed
        entry.durationMicroseconds = (Instant.now() - loop.time).microseconds
        loop.server.telemetry.offer(
            FinishedRequest(
                live: live, entry: entry, trace: trace, api: api, route: "", key: verdict.index.map { live.keyName($0) } ?? "",
                project: verdict.index.flatMap { live.standing(of: $0).project }, maxTokens: nil, choices: 1, decision: nil, table: live.table,
                policy: nil, lastStartedMicroseconds: 0, saving: nil, detail: nil, refusal: refusal.code.rawValue))
    }
}

extension Passage {
    /// The passage is over: telemetry is told of it, if it is on.
    func tell(_ settlement: PassSettlement) {
        guard let plan = live.telemetry else { return }
        let trace = trace ?? TraceContext(of: id, share: plan.share)
        guard trace.isSampled else { return }
        var entry = settlement.entry
        entry.charges = []
        loop.server.telemetry.offer(
            FinishedRequest(
                live: live, entry: entry, trace: trace, api: .passThrough, route: endpoint.pathText, key: key.map { live.keyName($0) } ?? "",
                project: key.flatMap { live.standing(of: $0).project }, maxTokens: nil, choices: 1, decision: nil, table: live.table, policy: nil,
                lastStartedMicroseconds: 0, saving: nil, detail: entry.state == .done ? nil : settlement.detail, passedTo: endpoint.authority))
    }
}
