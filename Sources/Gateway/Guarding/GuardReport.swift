import Guarding
import Routing
import Storage
import Translation

/// Whose request it is, for counts and events of what was found in it.
struct GuardReport {
    let loop: Loop
    let live: Live
    let key: Int?
    let project: String?
    let api: API
    /// As it was asked for; of a pass-through endpoint its path.
    let model: String
    let id: RequestID
    /// Who was asked; empty: nobody yet.
    var provider = ""

    /// Counts what was found, and tells who wants to know. Called once for a reply.
    func tell(_ outcome: GuardOutcome, _ direction: GuardEvent.Direction) {
        count(outcome, direction)
        if !outcome.findings.isEmpty { loop.server.guardEvents.offer(events(outcome, direction)) }
    }

    /// The same once for a prompt. Who wants to know hears of it when it is known who was asked, or that nobody is.
    func tellPrompt(_ guarded: GuardedRequest) {
        count(guarded.outcome, .prompt)
        guard !guarded.outcome.findings.isEmpty else { return }
        guarded.untold = PromptFindings(events: events(guarded.outcome, .prompt), to: loop.server.guardEvents)
    }

    private func count(_ outcome: GuardOutcome, _ direction: GuardEvent.Direction) {
        loop.counters.guarding.read(outcome.scannedBytes, of: api, reply: direction == .reply)
        if !outcome.findings.isEmpty { loop.counters.guarding.count(outcome) }
    }

    private func events(_ outcome: GuardOutcome, _ direction: GuardEvent.Direction) -> [GuardEvent] {
        var events: [GuardEvent] = []
        for finding in outcome.findings where finding.action != .off || finding.kind == .firewall {
            let known = events.firstIndex { event in
                event.trigger == GuardEvent.Trigger(finding.kind) && event.name == finding.detail && event.action == finding.action
                    && event.role == finding.role.name && event.isShadow == finding.isShadow
            }
            if let known {
                events[known].count += 1
                events[known].score = max(events[known].score, finding.score)
            } else {
                events.append(event(finding, direction))
            }
        }
        return events
    }

    private func event(_ finding: GuardFinding, _ direction: GuardEvent.Direction) -> GuardEvent {
        GuardEvent(
            trigger: .init(finding.kind), name: finding.detail, action: finding.action, isShadow: finding.isShadow, direction: direction,
            role: finding.role.name, score: finding.score, count: 1, evidence: finding.evidence, key: key.map { live.keyName($0) } ?? "",
            owner: key.flatMap { live.owner(of: $0) } ?? "", project: project, api: api.name, model: model, provider: provider, request: id,
            unixMilliseconds: id.unixMilliseconds)
    }
}

/// What was found in a prompt and is told once it is known who was asked: at the end of the request, whichever it comes to.
final class PromptFindings {
    private var events: [GuardEvent]
    private let sink: GuardEvents

    init(events: [GuardEvent], to sink: GuardEvents) { (self.events, self.sink) = (events, sink) }

    deinit { sink.offer(events) }

    func asked(_ provider: String) {
        for index in events.indices { events[index].provider = provider }
    }
}

extension GuardCounts {
    mutating func count(_ outcome: GuardOutcome) {
        var told = [Int](repeating: 0, count: GuardPolicy.Kind.allCases.count)
        var last: [GuardFinding?] = Array(repeating: nil, count: told.count)
        for finding in outcome.findings {
            found(finding.kind, finding.action, isShadow: finding.isShadow)
            told[Int(finding.kind.rawValue)] += 1
            last[Int(finding.kind.rawValue)] = finding
        }
        // Beyond those that are told one by one they are as the last of them.
        for (kind, count) in outcome.counts.enumerated() where count > told[kind] {
            if let finding = last[kind] { found(finding.kind, finding.action, isShadow: finding.isShadow, count - told[kind]) }
        }
        if outcome.blocking != nil { blocked += 1 }
        if outcome.blocking == nil, outcome.findings.contains(where: { $0.isShadow && $0.action == .block }) { shadowBlocks += 1 }
    }
}
