import NIOCore
import Routing
import Storage
import Translation

/// What an exchange holds of limits and budgets: each attempt asks before it begins, and what it cost is said when it ends.
extension Exchange: Parked {
    /// Reserves for an attempt. False: it waits, or its deployment's budget is used up and another is asked, or none is left.
    func mayBegin(_ attempt: Attempt) -> Bool {
        guard let claim = request.claim else { return true }
        switch claim.begin(at: attempt.deployment, unixMilliseconds: storeTime) {
        case .granted(let stake):
            self.stake = stake
            claim.note { openRequest(at: attempt.deployment) }
            return true
        case .wait:
            parkedAttempt = attempt
            park()
            return false
        case .withdrawn(let why):
            withdraw(attempt, why)
            advance()
            return false
        }
    }

    /// As `mayBegin`, for one beside another, which need not be: it never waits.
    func mayBegin(beside attempt: Attempt) -> Bool {
        guard let claim = request.claim else { return true }
        if case .granted(let stake) = claim.begin(at: attempt.deployment, unixMilliseconds: storeTime) {
            self.stake = stake
            claim.note { openRequest(at: attempt.deployment) }
            return true
        }
        withdraw(attempt, nil)
        return false
    }

    /// A request that holds nothing is noted too, once: what a kill leaves of it was asked for all the same.
    func noteOpen(at deployment: Deployment.ID) {
        guard let region = loop.region, request.openSlot < 0 else { return }
        var open = openRequest(at: deployment)
        let target = live.targets[deployment]
        if target.isPriced {
            var usage = Usage()
            usage.input = open.input
            usage.output = RequestBounds.mostOutput(of: request.call, target)
            usage.tier = request.call.tier
            open.cost = target.cost(of: usage) ?? .zero
        }
        request.openSlot = region.note(open, charges: [])
    }

    private func openRequest(at deployment: Deployment.ID) -> OpenRequest {
        var open = OpenRequest(id: id, startedUnixMilliseconds: id.unixMilliseconds)
        let live = live
        open.key = live.numbers.keys[request.key]
        open.route = request.isOwnRoute(live) ? live.numbers.inline : live.numbers.routes[request.entry.model.route]
        open.model = open.route
        open.deployment = live.numbers.deployments[deployment]
        open.provider = live.numbers.providers[deployment]
        if let policy = request.entry.policy { open.policy = live.numbers.policies[policy] }
        if let project = request.entry.project { open.project = live.number(ofProject: project, key: request.key) }
        if let customer = request.entry.customer { open.customer = live.numbers.customers[customer] }
        open.input = request.call.estimatedInput
        open.api = request.api.rawValue
        open.streamed = request.call.stream
        open.priced = live.targets[deployment].isPriced
        return open
    }

    private func withdraw(_ attempt: Attempt, _ why: LimitExceeded?) {
        // Where nobody knows how long, the next request asks again.
        let wait = why?.resetsAt.map { Duration.milliseconds(max(0, $0 - storeTime)) } ?? .seconds(1)
        let until = loop.time + min(wait, .seconds(366 * 86_400))
        let reason: Ineligibility =
            switch (why?.unit, why?.period) {
            case (.parallel?, _): .parallelLimit(Int(clamping: why?.limit ?? 0))
            case (_, .minute?): .rateLimit(until: until)
            default: .budget(until: until)
            }
        loop.server.router.withdraw(attempt, from: &request.journey, because: reason, at: loop.time)
    }

    private var storeTime: Int64 { loop.server.accounts.unixMilliseconds(at: loop.time) }

    /// The attempt in progress cost this; said once.
    func paid(_ usage: Usage) {
        guard let stake, let claim = request.claim else {
            if live.compresses { learn(from: usage) }
            return
        }
        self.stake = nil
        let cost = usage == Usage() ? .zero : target.flatMap { live.cost(of: usage, at: $0) } ?? .zero
        claim.end(stake, cost: cost, tokens: usage.totalInput &+ usage.totalOutput)
        if claim.worst != nil { learn(from: usage) }
    }

    /// What a provider may have done for a request that nobody waits for any more: it has read it at least.
    var unheard: Usage {
        var usage = Usage()
        guard request.api.family != .count else { return usage }
        usage.input = sentCall.estimatedInput
        usage.estimated = true
        usage.tier = request.call.tier
        return usage
    }

    /// What has come of a stream by now.
    func streamUsage() -> Usage { believed(relay.streamUsage(estimatedInput: sentCall.estimatedInput)) }

    /// What a provider reports, of the tier that it says it served or, where it says none, was asked for.
    func believed(_ said: Usage) -> Usage {
        var usage = said
        if usage.totalInput >= RequestBounds.absurd || usage.totalOutput >= RequestBounds.absurd { usage = bounded(usage) }
        let tier = relay.servedTier() ?? request.call.tier
        if tier != .standard || usage.tier != .standard { usage.tier = usage.countsSomething ? tier : .standard }
        return usage
    }

    /// No request can come to so much: the most that this one could.
    private func bounded(_ usage: Usage) -> Usage {
        guard let target else { return usage }
        loop.counters.doubtedUsage += 1
        var bounded = Usage()
        bounded.estimated = true
        let prompt = PromptSize(sentCall, bodyBytes: sentBody.readableBytes)
        bounded.input = min(usage.totalInput, target.estimator.bound(prompt, at: target))
        bounded.output = min(usage.totalOutput, RequestBounds.mostOutput(of: request.call, target))
        return bounded
    }

    // MARK: Waiting for the store

    func park() {
        guard let claim = request.claim else { return }
        claim.waitsUntil = claim.waitsUntil ?? loop.time + Claim.patience
        isParked = true
        if loop.time >= claim.waitsUntil ?? loop.time || !loop.parking.add(self) { return storeIsSilent() }
    }

    private func storeIsSilent() {
        unparked()
        fail(Failure(Refusal(.overloaded, "the limits above this request could not be checked in time; try again", retryAfter: .seconds(1))))
    }

    func unpark() {
        guard isParked, !over else { return }
        isParked = false
        if let attempt = parkedAttempt {
            parkedAttempt = nil
            if mayBegin(attempt) { carry(attempt, at: loop.time) }
            return
        }
        do throws(Refusal) {
            if try request.reserve(live, loop) { return park() }
            request.claim?.waitsUntil = nil
            start()
        } catch {
            isRefused = true
            fail(Failure(error))
        }
    }

    /// The request ends, whatever it waited for.
    func unparked() {
        guard isParked else { return }
        isParked = false
        loop.parking.remove(self)
        if let attempt = parkedAttempt { withdraw(attempt, nil) }
        parkedAttempt = nil
    }
}
