import Routing
import Translation

/// What is leased of the limits above a passage does not reach, and there may be more at the store: it begins once that has answered.
/// Meanwhile its client is not read from.
extension Passage: Parked {
    func park() {
        guard let claim else { return }
        let until = claim.waitsUntil ?? loop.time + Claim.patience
        claim.waitsUntil = until
        isParked = true
        if loop.time >= until || !loop.parking.add(self) { storeIsSilent() }
    }

    private func storeIsSilent() {
        let refusal = Refusal(.overloaded, "the limits above this request could not be checked in time; try again", retryAfter: .seconds(1))
        refuse(refusal, fault: nil, refusal.message)
    }

    func unpark() {
        guard isParked, !over, let claim else { return }
        isParked = false
        switch claim.reserve(endpoint.most, at: loop.server.accounts.unixMilliseconds(at: loop.time)) {
        case .permit: start()
        case .wait: park()
        case .refused(let why):
            loop.counters.refused(why.scope, why.unit)
            let refusal = Refusal(why, lines: claim.lines)
            refuse(refusal, fault: nil, refusal.message)
        }
    }

    /// It ends, whatever it waited for.
    func unparked() {
        guard isParked else { return }
        isParked = false
        loop.parking.remove(self)
    }
}

extension PassEndpoint {
    /// What a request to it comes to at most.
    var most: Demand { Demand(nanodollars: cost.amount, tokens: 0) }
}
