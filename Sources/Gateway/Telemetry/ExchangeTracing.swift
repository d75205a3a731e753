import NIOCore
import Routing
import Settings
import Storage
import Translation

/// What requests have to do for telemetry.
struct TelemetryPlan: Sendable {
    let traces: Bool
    let metrics: Bool
    let propagates: Bool
    let share: Double

    init?(_ settings: TelemetrySettings) {
        guard settings.endpoint != nil, settings.traces || settings.metrics || settings.propagates else { return nil }
        (traces, metrics, propagates) = (settings.traces, settings.metrics, settings.propagates)
        share = settings.traces ? settings.sampling.share : 0
    }
}

extension Exchange {
    /// The header lines that make this attempt's span the parent of what the provider does. Nil: nobody traces it.
    func traceLines(to attempt: Attempt, startedAt start: Instant) -> ByteBuffer? {
        guard let plan = live.telemetry, plan.propagates, let trace = request.trace else { return nil }
        let number = live.numbers.deployments[attempt.deployment]
        return trace.lines(for: trace.span(ofAttemptAt: number, startedMicroseconds: (start - started).microseconds))
    }

    /// The request is over: telemetry is told of it, if it is on.
    func tell(_ settlement: Settlement, lastStarted: Instant) {
        guard let plan = live.telemetry else { return }
        let trace = request.trace ?? TraceContext(of: id, share: plan.share)
        guard plan.metrics || trace.isSampled else { return }
        var entry = newEntry
        settlement.write(to: &entry)
        if request.claim != nil { entry.charges = [] }
        let isDecided = trace.isSampled && request.journey.isDecided
        loop.server.telemetry.offer(
            FinishedRequest(
                live: live, entry: entry, trace: trace, api: request.api, route: request.isOwnRoute(live) ? "router/inline" : routeName,
                key: live.keyName(request.key), project: request.entry.project, maxTokens: request.call.maxTokens, choices: request.call.choices,
                tier: request.call.tier, decision: isDecided ? request.journey.decision : nil, table: request.table(live),
                policy: request.entry.policy.map { live.blueprint.policies[$0].name },
                lastStartedMicroseconds: max(0, (lastStarted - started).microseconds), saving: shorter?.saving,
                detail: entry.state == .done ? nil : lastDetail))
    }

    private var routeName: String { live.table.routes[request.model.route].name }
}

extension Reception {
    /// Where a request stands in its caller's trace.
    func trace(_ request: ClientRequest, _ id: RequestID, share: Double) -> TraceContext {
        var parent: String?
        var states: [String] = []
        request.bytes.withUnsafeReadableBytes { head in
            request.head.forEachField(in: head) { name, value in
                if name.isSame("traceparent") {
                    // Two of them say nothing.
                    parent = parent == nil ? String(decoding: value, as: UTF8.self) : ""
                } else if name.isSame("tracestate") {
                    states.append(String(decoding: value, as: UTF8.self))
                }
            }
        }
        return TraceContext(of: id, parent: parent, state: states.isEmpty ? nil : states.joined(separator: ","), share: share)
    }
}

extension UnsafeRawBufferPointer {
    /// Whether these letters are `word`, in whatever case.
    fileprivate func isSame(_ word: StaticString) -> Bool {
        guard count == word.utf8CodeUnitCount else { return false }
        return indices.allSatisfy { (self[$0] | 0x20) == word.utf8Start[$0] }
    }
}
