@testable import Routing

/// Answers the calls of one ledger as a store would that has nobody else to serve.
struct LoneStore {
    struct Lease {
        var account: String
        var windowStart: Int64
        var amount: Int64
        var used: Int64 = 0
    }

    var leases: [Int64: Lease] = [:]
    var next: Int64 = 1
    /// What others have used up or have in their hands, by account.
    var elsewhere: [String: Int64] = [:]
    var gateways = 1

    mutating func answer(_ call: LeaseCall) -> LeaseReply {
        var reply = LeaseReply()
        reply.gateways = gateways
        for back in call.returns {
            if back.isLast { leases[back.lease] = nil } else { leases[back.lease]?.amount -= back.amount }
        }
        for wish in call.wishes {
            let number = leases.first { $0.value.account == wish.account && $0.value.windowStart == wish.windowStart }?.key ?? next
            if number == next {
                next += 1
                leases[number] = Lease(account: wish.account, windowStart: wish.windowStart, amount: 0)
            }
            var lease = leases[number] ?? Lease(account: wish.account, windowStart: wish.windowStart, amount: 0)
            lease.amount = min(lease.amount, wish.granted)
            let used = lease.used + (elsewhere[wish.account] ?? 0)
            let leased = max(0, lease.amount - lease.used)
            let amount = max(0, min(wish.amount, wish.limit - used - leased))
            lease.amount += amount
            leases[number] = lease
            reply.grants.append(LeaseGrant(lease: number, amount: amount, used: used, leased: leased + amount))
        }
        return reply
    }

    mutating func charge(_ charges: [LeaseCharge]) {
        for charge in charges { leases[charge.lease]?.used += charge.amount }
    }

    /// As the background does: asks until nothing is left to ask.
    mutating func serve(_ ledger: inout Ledger, at time: Int64) {
        for _ in 0..<3 {
            guard let call = ledger.call(at: time) else { return }
            ledger.apply(answer(call), to: call, at: time)
        }
    }
}

extension Ledger {
    /// A ledger with one chain of all these accounts.
    static func of(_ accounts: [Account], _ mode: Mode = .exclusive) -> Ledger {
        var table = AccountTable()
        table.accounts = accounts
        table.chains = [Array(accounts.indices), []]
        return Ledger(table: table, mode: mode)
    }
}

extension Reservation {
    var hold: Hold? {
        if case .permit(let hold) = self { return hold }
        return nil
    }
    var refusal: LimitExceeded? {
        if case .refused(let why) = self { return why }
        return nil
    }
}

/// 2026-11-21 12:00:00 UTC, a Saturday.
let noon: Int64 = 1_795_262_400_000
