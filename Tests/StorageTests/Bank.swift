import Routing
import Storage
import Testing

func row(_ number: Int, _ charges: [LeaseCharge]) -> LedgerEntry {
    var row = LedgerEntry.sample(number)
    row.charges = charges
    return row
}

/// A gateway of a store, and its account `a` that never begins anew.
final class Bank {
    let store: any Store
    let identity: String
    private(set) var gateway: GatewayLife

    init(_ store: any Store, _ identity: String = "first") throws {
        (self.store, self.identity) = (store, identity)
        gateway = try store.join(gateway: identity, called: identity)
    }

    func rejoin() throws { gateway = try store.join(gateway: identity, called: identity) }

    func reply(_ call: LeaseCall) throws -> LeaseReply { try store.lease(call, for: gateway, expiry: .seconds(3_600)) }

    func expireOthers() throws { _ = try store.lease(LeaseCall(), for: gateway, expiry: .zero) }

    /// `granted`: what it knows of; by default whatever the store says.
    func wish(
        _ amount: Int64, limit: Int64, granted: Int64 = .max, of account: String = "a", kind: LeaseKind = .budget
    ) throws -> LeaseGrant {
        var call = LeaseCall()
        call.wishes = [LeaseWish(account: account, windowStart: 0, windowEnd: .max, limit: limit, granted: granted, amount: amount, kind: kind)]
        return try #require(try reply(call).grants.first)
    }

    func giveBack(_ lease: Int64, _ amount: Int64, isLast: Bool = false) throws {
        var call = LeaseCall()
        call.returns = [LeaseReturn(lease: lease, amount: amount, isLast: isLast)]
        _ = try reply(call)
    }

    func hold(_ lease: Int64, _ amount: Int64) throws {
        var call = LeaseCall()
        call.held = [LeaseHolding(lease: lease, amount: amount)]
        _ = try reply(call)
    }

    func balance(_ account: String = "a") throws -> AccountBalance? { try store.balances([(account, 0)]).first }
}
