import NIOCore
import Routing
import Settings
import Translation

extension Reception {
    /// Reserves what the request may come to. True: the store of limits is to answer first.
    func claim(_ admitted: Admitted) throws(Obstacle) -> Bool {
        do throws(Refusal) {
            try admitted.claim(live, loop)
            do throws(Refusal) { return try admitted.reserve(live, loop) } catch {
                admitted.claim?.end(nil)
                throw error
            }
        } catch {
            throw .refused(error)
        }
    }
}

extension Admitted {
    /// Takes one of the gateway's places, and finds out the most that the request may come to.
    func claim(_ live: Live, _ loop: Loop) throws(Refusal) {
        let party = party(live)
        let standing = live.metering.standing(of: party)
        let bounds = try RequestBounds(of: call, api, bodyBytes: body.readableBytes, standing.care)
        let claim = Claim(live, loop, party, bounds, api)
        try claim.takeSlot()
        if standing.hasHardMoney, live.hasUnpriced { journey.requirePrice() }
        self.claim = claim
    }

    /// A project or customer that the request named itself is charged beside its key's own, and so is its route.
    private func party(_ live: Live) -> Metering.Party {
        let standing = live.standing(of: key)
        var party = Metering.Party(key: key)
        if standing.project == nil { party.project = entry.project.flatMap { live.blueprint.project(named: $0) } }
        if standing.customer == nil { party.customer = entry.customer }
        if live.metering.limitsRoutes {
            party.route = live.metering.overRoute(entry.model.route, key: key, customer: standing.customer ?? entry.customer)
        }
        return party
    }

    /// Reserves the dearest that its route may come to. Where only money is lacking, what costs nothing still serves. True: the store is
    /// to answer first.
    func reserve(_ live: Live, _ loop: Loop) throws(Refusal) -> Bool {
        guard let claim, let worst = claim.worst else { return false }
        let time = loop.server.accounts.unixMilliseconds(at: loop.time)
        var (most, hasFree) = dearest(worst, live)
        switch claim.reserve(most, at: time) {
        case .permit: return false
        case .wait: return true
        case .refused(let why):
            if why.unit == .nanodollars, hasFree {
                most.nanodollars = 0
                switch claim.reserve(most, at: time) {
                case .permit:
                    journey.envelope.maxCost = .zero
                    return false
                case .wait: return true
                case .refused: break
                }
            }
            loop.counters.refused(why.scope, why.unit)
            throw Refusal(why, lines: claim.lines)
        }
    }

    /// The limit of output that a provider is told: where the client named none, or where somebody else may have changed its own.
    func forcedOutput(at target: Target, _ live: Live) -> Int64? {
        guard let worst = claim?.worst else { return nil }
        guard worst.namesNoLimit || live.hasParams || entry.inline != nil || !(ruling?.overrides.isEmpty ?? true) else { return nil }
        return worst.forcedOutput(at: target)
    }

    /// The largest amounts that one of the route's own deployments may come to, and whether one of them costs nothing.
    private func dearest(_ worst: RequestBounds, _ live: Live) -> (most: Demand, hasFree: Bool) {
        var most = Demand(nanodollars: 0, tokens: 0)
        var hasFree = false
        let classes = isOwnRoute(live) ? CostClass.classes(of: table(live).deployments(of: journey.route), live.targets) : live.costs[journey.route]
        for place in classes.indices {
            let demand = worst.demand(at: classes[place], live.targets, ceiling: live.metering.ceiling)
            // What has no price has tokens all the same, unless it may not serve.
            if demand.nanodollars == nil, let party = claim?.party, live.metering.standing(of: party).hasHardMoney { continue }
            most.nanodollars = max(most.money, demand.money)
            most.tokens = max(most.tokens, demand.tokens)
            if demand.nanodollars == 0 { hasFree = true }
            if classes.count == 1 { claim?.remember(demand, of: classes[place]) }
        }
        return (most, hasFree)
    }
}
