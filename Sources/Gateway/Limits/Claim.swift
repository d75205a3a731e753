import NIOCore
import Routing
import Settings
import Storage
import Translation

/// What one request holds of limits and budgets, from its admission to its end. On one event loop.
///
/// Holds the worst case at the dearest deployment of its route. Each attempt says what it may cost itself: a second one beside the first, a
/// dearer fallback and a stream that is carried on take more where what is held does not reach.
final class Claim {
    /// What one attempt holds of its deployment's own accounts, and what of the request's it may use.
    struct Stake {
        fileprivate var hold = Hold.none
        fileprivate var need = Demand(nanodollars: 0, tokens: 0, requests: 0)
    }

    enum Verdict {
        case granted(Stake)
        /// The store may have more: ask again once it has answered.
        case wait
        /// The deployment may not serve this request now.
        case withdrawn(LimitExceeded)
    }

    /// After this a request that waits for the store is refused.
    static let patience = Duration.seconds(3)

    let party: Metering.Party
    /// Nil: what is asked costs what it costs, whatever it says (pass-through).
    let worst: RequestBounds?
    /// While it waits: when that ends.
    var waitsUntil: Instant?
    /// What is left, for the answer's head.
    private var told = LimitLines(at: 0)
    /// What the ledger's row charges.
    private(set) var charges: [LeaseCharge] = []
    /// Tokens of attempts whose answer was not the request's.
    var lostTokens: Int64 = 0

    /// Where it is noted while it is in flight; -1: nowhere.
    private(set) var slot: Int32 = -1
    private var noted: OpenRequest?
    /// Of charges that nobody needs any more: what comes next is put there.
    private var room: [LeaseCharge] = []

    private let loop: Loop
    private let metering: Metering
    private let targets: [Target]
    private let api: API
    private var hold = Hold.none
    /// Of a project and a customer that the request named itself, and of its route.
    private var others: [Hold] = []
    /// Of attempts under way, on their deployments' accounts.
    private var stakes: [Hold] = []
    /// What is held has changed since it was noted.
    private var isUnnoted = true
    private var hasSlot = false
    private var isOver = false
    private var reserved = Demand(nanodollars: 0, tokens: 0)
    private var need = Demand(nanodollars: 0, tokens: 0)
    private var alike: CostClass?
    /// What attempts under way may cost, and what those cost that are over.
    private var owed = Demand(nanodollars: 0, tokens: 0, requests: 0)

    init(_ live: Live, _ loop: Loop, _ party: Metering.Party, _ worst: RequestBounds?, _ api: API) {
        (self.party, self.worst, self.api, self.loop) = (party, worst, api, loop)
        metering = live.metering
        targets = live.targets
    }

    // MARK: The request

    /// One of the places of this process, before anything else is asked.
    func takeSlot() throws(Refusal) {
        guard let limit = metering.globalParallel else { return }
        if let inFlight = loop.server.slots.take(of: limit) {
            loop.counters.refused(.gateway, .parallel)
            throw Refusal(
                .rateLimitExceeded,
                "this gateway has \(inFlight) requests in flight and may have \(limit) (global_max_parallel_requests); try again when one has ended",
                retryAfter: .seconds(1))
        }
        hasSlot = true
    }

    /// Reserves `most` of all accounts, or nothing.
    func reserve(_ most: Demand, at unixMilliseconds: Int64) -> Reservation {
        let (metering, party) = (metering, party)
        let chains = party.isPlain ? [] : metering.otherChains(of: party)
        let chain = metering.chain(of: party)
        guard chain != nil || !chains.isEmpty else {
            reserved = most
            loop.counters.reservations += 1
            return .permit(.none)
        }
        told = LimitLines(at: unixMilliseconds)
        var hold = Hold.none
        var others: [Hold] = []
        let answer = loop.server.accounts.with { ledger -> Reservation in
            // These settings are gone, and the loop's own are younger.
            guard let base = metering.anchor.chains else { return .wait }
            var answer = Reservation.permit(.none)
            if let chain {
                answer = ledger.reserve(most, chain: base + chain, at: unixMilliseconds)
                if case .permit(let made) = answer { hold = made }
            }
            for other in chains {
                guard case .permit = answer else { break }
                answer = ledger.reserve(most, chain: base + other, at: unixMilliseconds)
                if case .permit(let made) = answer { others.append(made) }
            }
            metering.tell(party, ledger, into: &told)
            if case .permit = answer { return answer }
            ledger.release(hold)
            for hold in others { ledger.release(hold) }
            return answer
        }
        if case .permit = answer {
            (self.hold, self.others) = (hold, others)
            reserved = most
            loop.counters.reservations += 1
        }
        return answer
    }

    private var isHolding: Bool { !hold.isNone || !others.isEmpty }

    // MARK: What a client is told

    /// More bytes than `writeLines` writes.
    var linesBound: Int { told.bound }

    func writeLines(into head: inout HeadWriter) { told.write(into: &head, for: api, metering.table.accounts) }

    /// The same for a refusal's own head.
    var lines: ByteBuffer? {
        guard !told.isEmpty else { return nil }
        var out = ByteBuffer()
        out.writeHead(atMost: told.bound) { told.write(into: &$0, for: api, metering.table.accounts) }
        return out
    }

    // MARK: Attempts

    /// All of the route's deployments cost alike: what an attempt at one of them may cost need not be found out again.
    func remember(_ need: Demand, of alike: CostClass) { (self.need, self.alike) = (need, alike) }

    /// Reserves for one attempt: more of the request's accounts where what is held does not reach, and of the deployment's own.
    func begin(at deployment: Deployment.ID, unixMilliseconds: Int64) -> Verdict {
        let target = targets[deployment]
        var stake = Stake()
        if let worst {
            stake.need = alike?.deployments.contains(deployment) == true ? need : worst.demand(at: target, ceiling: metering.ceiling)
            stake.need.requests = 0
        }
        let missing = Demand(
            nanodollars: max(0, (owed.money + stake.need.money) - reserved.money),
            tokens: max(0, owed.tokens + stake.need.tokens - reserved.tokens), requests: 0)
        if missing.money > 0 || missing.tokens > 0, isHolding {
            switch extend(by: missing, at: unixMilliseconds) {
            case .permit: break
            case .wait: return .wait
            case .refused(let why): return .withdrawn(why)
            }
            reserved.nanodollars = reserved.money + missing.money
            reserved.tokens += missing.tokens
            isUnnoted = true
        }
        if metering.metersDeployments {
            var own = stake.need
            own.requests = 1
            let metering = metering
            let answer = loop.server.accounts.with { ledger -> Reservation in
                guard let base = metering.anchor.deployments else { return .permit(.none) }
                return ledger.reserve(own, deployment: base + deployment, at: unixMilliseconds)
            }
            switch answer {
            case .permit(let hold):
                stake.hold = hold
                if !hold.isNone {
                    stakes.append(hold)
                    isUnnoted = true
                }
            case .wait: return .wait
            case .refused(let why):
                loop.counters.refused(why.scope, why.unit)
                return .withdrawn(why)
            }
        }
        owed.nanodollars = owed.money + stake.need.money
        owed.tokens += stake.need.tokens
        return .granted(stake)
    }

    private func extend(by missing: Demand, at unixMilliseconds: Int64) -> Reservation {
        let (hold, others) = (hold, others)
        return loop.server.accounts.with { ledger -> Reservation in
            // What the first gave stays reserved where a later one refuses: given back with the rest at the request's end.
            var answer = ledger.extend(hold, by: missing, at: unixMilliseconds)
            for hold in others {
                guard case .permit = answer else { break }
                answer = ledger.extend(hold, by: missing, at: unixMilliseconds)
            }
            return answer
        }
    }

    /// The attempt is over and cost this.
    func end(_ stake: Stake, cost: Nanodollars, tokens: Int64) {
        owed.nanodollars = max(0, owed.money - stake.need.money) + max(0, cost.amount)
        owed.tokens = max(0, owed.tokens - stake.need.tokens) + max(0, tokens)
        guard !stake.hold.isNone else { return }
        let spent = Spent(nanodollars: cost.amount, tokens: tokens)
        stakes.removeAll { $0 == stake.hold }
        isUnnoted = true
        if settle(stake.hold, [], spent) { loop.counters.overruns += 1 }
    }

    /// Notes where a kill leaves it what the request may owe, before it is sent.
    func note(_ request: () -> OpenRequest) {
        guard let region = loop.region, isUnnoted else { return }
        isUnnoted = false
        var owed = takeRoom()
        loop.server.accounts.with { ledger in
            ledger.worstCharges(of: hold, into: &owed)
            for hold in others { ledger.worstCharges(of: hold, into: &owed) }
            for hold in stakes { ledger.worstCharges(of: hold, into: &owed) }
        }
        if !charges.isEmpty { owed += charges }
        var open = request()
        open.cost = Nanodollars(reserved.money)
        noted = open
        slot = slot < 0 ? region.note(open, charges: owed) : region.change(slot, to: open, charges: owed)
        room = owed
    }

    private func takeRoom() -> [LeaseCharge] {
        var taken: [LeaseCharge] = []
        swap(&taken, &room)
        taken.removeAll(keepingCapacity: true)
        return taken
    }

    // MARK: The end

    /// Settles what is held. Nil: nothing was sent.
    func end(_ spent: Spent?) {
        guard !isOver else { return }
        isOver = true
        if hasSlot { loop.server.slots.giveBack() }
        guard isHolding else { return }
        guard let spent else {
            let (hold, others) = (hold, others)
            return loop.server.accounts.with { ledger in
                ledger.release(hold)
                for hold in others { ledger.release(hold) }
            }
        }
        if settle(hold, others, spent) { loop.counters.overruns += 1 }
        // Others may have what it gives back: what is noted until its row is durable is the truth, not the most.
        guard slot >= 0, var open = noted, let region = loop.region else { return }
        open.cost = Nanodollars(max(0, spent.nanodollars))
        slot = region.change(slot, to: open, charges: charges)
    }

    /// True: it came to more than was held.
    private func settle(_ hold: Hold, _ others: [Hold], _ spent: Spent) -> Bool {
        var made = takeRoom()
        let isOver = loop.server.accounts.with { ledger -> Bool in
            var isOver = ledger.settle(hold, spent, charges: &made)
            for hold in others where ledger.settle(hold, spent, charges: &made) { isOver = true }
            return isOver
        }
        if charges.isEmpty {
            charges = made
        } else {
            add(made)
            room = made
        }
        return isOver
    }

    private func add(_ more: [LeaseCharge]) {
        for charge in more {
            if let known = charges.firstIndex(where: { $0.lease == charge.lease }) {
                charges[known].amount = charges[known].amount &+ charge.amount
            } else {
                charges.append(charge)
            }
        }
    }
}

extension Demand {
    var money: Int64 { nanodollars ?? 0 }
}
