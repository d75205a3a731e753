import NIOCore
import Routing
import Settings
import Translation
import Wire

extension Entrance {
    /// The policy that serves in place of `policy`, for the sessions of its canary.
    func tried(_ policy: Int?, asked: Bool, at now: Instant, _ mark: inout TrialMark) -> Int? {
        guard let policy, !asked, let canary = blueprint.policies[policy].canary, canary.stopped == nil else { return policy }
        let candidate = blueprint.policies[canary.candidate]
        if let expires = candidate.expires, expires.seconds <= unixMilliseconds / 1000 { return policy }
        mark.policy = Int32(policy)
        mark.isCandidate = canary.serves(session(at: now))
        return mark.isCandidate ? canary.candidate : policy
    }

    /// What the request says of its session, else of its user. One that says neither is a session of its own.
    private func session(at now: Instant) -> UInt64 {
        guard let text = view.call.stickyText else { return Random.mix(UInt64(bitPattern: now.nanoseconds)) }
        return Random.hash(bytes: text.range.of(view.body))
    }
}

extension Admission {
    /// A rule of either side says no: that is an answer that its session does not get.
    func noteDenied(_ entry: Entry) {
        guard !isDry, entry.trial.policy >= 0, let canary = live.blueprint.policies[Int(entry.trial.policy)].canary else { return }
        server.trials.note(canary.id, isCandidate: entry.trial.isCandidate, isAnswered: false, milliseconds: 0, dollars: nil)
    }
}
