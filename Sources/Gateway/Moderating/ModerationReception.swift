import NIOCore
import Routing
import Storage
import Translation

// Moderation stands behind the guards of our own and before anything is reserved or chosen.
extension Reception {
    /// Asks the moderation endpoint of a request, where there is one. False: nobody has to be asked.
    func moderate(_ admitted: Admitted, _ id: RequestID, then proceed: @escaping () -> Void) -> Bool {
        guard let moderator = live.moderator(of: admitted) else { return false }
        let report = ModerationReport(loop: loop, live: live, moderator: moderator, request: admitted, id: id)
        let request: UpstreamRequest
        switch moderator.question(of: admitted.body, admitted.api) {
        case .nothing: return false
        case .tooLarge:
            // Its own rule says what becomes of what cannot be asked.
            guard let refusal = report.tell(.failed("the prompt has more text than may be sent to it")) else { return false }
            refuseModerated(refusal, admitted.api, id)
            return true
        case .request(let asked): request = asked
        }
        ModerationStep(
            moderator, request, client: client, loop: loop, refuse: { refuseModerated($0, admitted.api, id) },
            ended: { verdict in
                loop.time = .now()
                if let refusal = report.tell(verdict) { refuseModerated(refusal, admitted.api, id) } else { proceed() }
            }
        ).begin()
        return true
    }

    private func refuseModerated(_ refusal: Refusal, _ api: API, _ id: RequestID) {
        loop.counters.request(api, status: refusal.status)
        refuse(refusal, id: id, api: api)
    }
}

/// Counts a verdict and tells what follows of it.
struct ModerationReport {
    let loop: Loop
    let live: Live
    let moderator: Moderator
    let request: Admitted
    let id: RequestID

    /// Nil: the request goes on.
    func tell(_ verdict: ModerationVerdict) -> Refusal? {
        switch verdict {
        case .pass:
            loop.counters.moderation.passed += 1
            return nil
        case .flagged(let hits):
            loop.counters.moderation.flagged += 1
            note(hits)
            let names = hits.map(\.category).joined(separator: ", ")
            if moderator.blocks {
                return Refusal(.guardrailBlocked, "the guardrail `moderation` blocks this request: \(names)", param: "moderation")
            }
            if !moderator.isShadow { request.moderation = ByteBuffer(string: "x-swiftlet-moderation: \(names.headerSafe)\r\n") }
            return nil
        case .failed(let why):
            loop.counters.moderation.failed += 1
            loop.server.log.debug("the moderation endpoint said nothing of a request", metadata: ["problem": "\(why)", "request_id": "\(id)"])
            guard moderator.isClosed, !moderator.isShadow else { return nil }
            return Refusal(.moderationUnavailable, "the moderation endpoint gave no verdict on this request; try again", retryAfter: .seconds(1))
        }
    }

    private func note(_ hits: [ModerationVerdict.Hit]) {
        var place = live.breachPlace(key: request.key, api: request.api, id: id, model: request.model.name)
        if let project = request.entry.project { place.project = project }
        let action: BreachAction = moderator.isShadow ? .noted : moderator.blocks ? .blocked : .warned
        loop.server.breaches.report(
            BreachIncident(
                unixMilliseconds: id.unixMilliseconds, key: live.keyName(request.key), trigger: BreachTrigger(.moderation), action: action,
                score: UInt16(min(1, max(0, hits.first?.score ?? 0)) * 1000), place: place, evidence: ModerationVerdict.text(of: hits)))
    }
}

/// What moderation endpoints said.
struct ModerationCounts {
    var passed = 0
    var flagged = 0
    var failed = 0

    static func += (left: inout Self, right: Self) {
        left.passed += right.passed
        left.flagged += right.flagged
        left.failed += right.failed
    }
}

extension Live {
    /// Nil: nobody is asked about the request.
    func moderator(of request: Admitted) -> Moderator? {
        if moderators.isEmpty { return nil }
        let named = standing(of: request.key).project == nil ? request.entry.project.flatMap { blueprint.project(named: $0) } : nil
        return blueprint.moderation.moderation(of: request.key, naming: named).map { moderators[$0] }
    }
}
