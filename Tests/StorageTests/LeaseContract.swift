import Routing
import Storage
import Testing

/// What every store promises of slices of budgets. `Bank` speaks to a store as a gateway does.
@Suite("Store contract: leases") struct LeaseContract {
    typealias Kind = StoreContract.Kind
    let folder: Folder
    init() throws { folder = try Folder() }

    @Test("what is granted never adds up to more than the limit, and one slice grows", arguments: Kind.allCases)
    func grants(kind: Kind) throws {
        let bank = try Bank(kind.open(in: folder))
        let first = try bank.wish(600, limit: 1_000)
        #expect(first.amount == 600)
        #expect((first.used, first.leased) == (0, 600))
        let second = try bank.wish(600, limit: 1_000)
        #expect(second.lease == first.lease)
        #expect(second.amount == 400)
        #expect(second.leased == 1_000)
        #expect(try bank.wish(1, limit: 1_000).amount == 0)
        #expect(try bank.wish(0, limit: 1_000).lease == first.lease)
        // A limit that was lowered takes nothing back, one that was raised gives more.
        #expect(try bank.wish(5, limit: 10).amount == 0)
        #expect(try bank.wish(50, limit: 1_020).amount == 20)
        #expect(try bank.wish(-5, limit: 5_000).amount == 0)
        #expect(try bank.wish(5, limit: -5).amount == 0)
        #expect(try bank.balance() == AccountBalance(account: "a", windowStart: 0, leased: 1_020))
    }

    @Test("accounts and their windows are apart, and are told in the order of the wishes", arguments: Kind.allCases)
    func windows(kind: Kind) throws {
        let bank = try Bank(kind.open(in: folder))
        let day: Int64 = 86_400_000
        let now = try bank.reply(LeaseCall()).storeUnixMilliseconds / day * day
        var call = LeaseCall()
        call.wishes = [("a", now, 10), ("b", now, 20), ("a", now + day, 30), ("größe 'x'; --", now, 40)].map { account, start, amount in
            LeaseWish(account: account, windowStart: start, windowEnd: start + day, limit: 1_000, amount: amount, kind: .budget)
        }
        let grants = try bank.reply(call).grants
        #expect(grants.map(\.amount) == [10, 20, 30, 40])
        #expect(Set(grants.map(\.lease)).count == 4)
        let found = try bank.store.balances([("b", now), ("nobody", now), ("a", now + day), ("größe 'x'; --", now)])
        #expect(found.map(\.leased) == [20, 30, 40])
        #expect(found.map(\.account) == ["b", "a", "größe 'x'; --"])
    }

    @Test("rows charge their slice once, with the row or not at all", arguments: Kind.allCases)
    func charges(kind: Kind) throws {
        let bank = try Bank(kind.open(in: folder))
        let lease = try bank.wish(1_000, limit: 1_000).lease
        let rows = (0..<10).map { row($0, [LeaseCharge(lease: lease, amount: 30)]) }
        #expect(try bank.store.append(rows[0..<6]).added == 6)
        #expect(try bank.balance() == AccountBalance(account: "a", windowStart: 0, used: 180, leased: 820))
        let again = try bank.store.append(rows[...])
        #expect((again.added, again.repeated, again.clashing) == (4, 6, 0))
        #expect(try bank.balance() == AccountBalance(account: "a", windowStart: 0, used: 300, leased: 700))
        // Under an id that is taken nothing is written, nor charged.
        var other = rows[3]
        other.cost = Nanodollars(7)
        #expect(try bank.store.append([other]).clashing == 1)
        #expect(try bank.balance()?.used == 300)
        // A row twice in one batch is one row.
        let twice = row(20, [LeaseCharge(lease: lease, amount: 5), LeaseCharge(lease: lease, amount: 6)])
        #expect(try bank.store.append([twice, twice]).added == 1)
        #expect(try bank.balance()?.used == 311)
        // Nobody's slice, less than nothing: no harm.
        _ = try bank.store.append([row(21, [LeaseCharge(lease: 999_999, amount: 5), LeaseCharge(lease: lease, amount: -50)])])
        #expect(try bank.balance() == AccountBalance(account: "a", windowStart: 0, used: 311, leased: 689))
    }

    @Test("more than a slice had is charged as what it is, and eats nobody's slice", arguments: Kind.allCases)
    func overcharge(kind: Kind) throws {
        let bank = try Bank(kind.open(in: folder))
        let lease = try bank.wish(100, limit: 1_000).lease
        _ = try bank.store.append([row(1, [LeaseCharge(lease: lease, amount: 150)])])
        #expect(try bank.balance() == AccountBalance(account: "a", windowStart: 0, used: 150, leased: 0))
        // The slice owes 50: of what it grows by, 50 are gone.
        #expect(try bank.wish(200, limit: 1_000).amount == 200)
        #expect(try bank.balance() == AccountBalance(account: "a", windowStart: 0, used: 150, leased: 150))
        _ = try bank.store.append([row(2, [LeaseCharge(lease: lease, amount: .max)])])
        #expect(try bank.balance() == AccountBalance(account: "a", windowStart: 0, used: .max, leased: 0))
        _ = try bank.store.append([row(3, [LeaseCharge(lease: lease, amount: .max)])])
        #expect(try bank.balance()?.used == .max)
        #expect(try bank.wish(1, limit: 1_000).amount == 0)
    }

    @Test("an account without a limit gets what it asks, and counts", arguments: Kind.allCases)
    func unlimited(kind: Kind) throws {
        let bank = try Bank(kind.open(in: folder))
        let lease = try bank.wish(1 << 60, limit: .max).lease
        #expect(try bank.wish(1 << 60, limit: .max).amount == 1 << 60)
        _ = try bank.store.append([row(1, [LeaseCharge(lease: lease, amount: 1 << 60)])])
        #expect(try bank.balance() == AccountBalance(account: "a", windowStart: 0, used: 1 << 60, leased: 1 << 60))
    }

    @Test("what is given back may be granted again; a row that comes after is charged all the same", arguments: Kind.allCases)
    func returns(kind: Kind) throws {
        let bank = try Bank(kind.open(in: folder))
        let lease = try bank.wish(1_000, limit: 1_000).lease
        _ = try bank.store.append([row(1, [LeaseCharge(lease: lease, amount: 100)])])
        try bank.giveBack(lease, 300)
        #expect(try bank.balance() == AccountBalance(account: "a", windowStart: 0, used: 100, leased: 600))
        // No more than there is, nor less than nothing.
        try bank.giveBack(lease, 10_000)
        try bank.giveBack(lease, -10)
        #expect(try bank.balance() == AccountBalance(account: "a", windowStart: 0, used: 100, leased: 0))
        #expect(try bank.wish(500, limit: 1_000).lease == lease)
        try bank.giveBack(lease, 0, isLast: true)
        #expect(try bank.balance() == AccountBalance(account: "a", windowStart: 0, used: 100, leased: 0))
        _ = try bank.store.append([row(2, [LeaseCharge(lease: lease, amount: 40)])])
        #expect(try bank.balance() == AccountBalance(account: "a", windowStart: 0, used: 140, leased: 0))
        let next = try bank.wish(2_000, limit: 1_000)
        #expect(next.lease != lease)
        #expect(next.amount == 860)
        #expect(next.used == 140)
    }

    @Test("a slice that is given back for good and wished for in one call is another one", arguments: Kind.allCases)
    func anew(kind: Kind) throws {
        let bank = try Bank(kind.open(in: folder))
        let lease = try bank.wish(600, limit: 1_000).lease
        _ = try bank.store.append([row(1, [LeaseCharge(lease: lease, amount: 100)])])
        var call = LeaseCall()
        call.returns = [LeaseReturn(lease: lease, amount: 500, isLast: true)]
        call.wishes = [LeaseWish(account: "a", windowStart: 0, windowEnd: .max, limit: 1_000, amount: 1_000, kind: .budget)]
        let grant = try #require(try bank.reply(call).grants.first)
        #expect(grant.lease != lease)
        #expect((grant.amount, grant.used, grant.leased) == (900, 100, 900))
        #expect(try bank.balance() == AccountBalance(account: "a", windowStart: 0, used: 100, leased: 900))
    }

    @Test("what does not come back of a rate was used; requests in flight end with their slice", arguments: Kind.allCases)
    func kinds(kind: Kind) throws {
        let bank = try Bank(kind.open(in: folder))
        let rate = try bank.wish(60, limit: 60, of: "rpm", kind: .rate).lease
        let parallel = try bank.wish(8, limit: 8, of: "parallel", kind: .parallel).lease
        try bank.giveBack(rate, 20)
        try bank.giveBack(rate, 15, isLast: true)
        try bank.giveBack(parallel, 3, isLast: true)
        #expect(try bank.balance("rpm") == AccountBalance(account: "rpm", windowStart: 0, used: 25))
        #expect(try bank.balance("parallel") == AccountBalance(account: "parallel", windowStart: 0))
        // Leaving in order, of a rate that is used which its gateway said was.
        let second = try bank.wish(20, limit: 60, of: "rpm", kind: .rate).lease
        try bank.hold(second, 10)
        _ = try bank.wish(8, limit: 8, of: "parallel", kind: .parallel)
        try bank.store.leave(bank.gateway)
        #expect(try bank.balance("rpm") == AccountBalance(account: "rpm", windowStart: 0, used: 35))
        #expect(try bank.balance("parallel") == AccountBalance(account: "parallel", windowStart: 0))
        // Killed, so that nobody knows what its last second took: all of it, where rows of others cannot say.
        try bank.rejoin()
        let third = try bank.wish(15, limit: 60, of: "rpm", kind: .rate).lease
        try bank.hold(third, 5)
        _ = try bank.wish(8, limit: 8, of: "parallel", kind: .parallel)
        try bank.rejoin()
        #expect(try bank.balance("rpm") == AccountBalance(account: "rpm", windowStart: 0, used: kind.isShared ? 50 : 40))
        #expect(try bank.balance("parallel") == AccountBalance(account: "parallel", windowStart: 0))
    }

    @Test("calls of an earlier life change nothing of what a later one joined with", arguments: Kind.allCases)
    func lives(kind: Kind) throws {
        let bank = try Bank(kind.open(in: folder))
        let old = bank.gateway
        let lease = try bank.wish(100, limit: 1_000).lease
        try bank.rejoin()
        let fresh = try bank.wish(300, limit: 1_000).lease
        var call = LeaseCall()
        call.wishes = [LeaseWish(account: "a", windowStart: 0, windowEnd: .max, limit: 1_000, granted: 100, amount: 50, kind: .budget)]
        call.returns = [LeaseReturn(lease: fresh, amount: 300, isLast: true), LeaseReturn(lease: lease, amount: 10, isLast: false)]
        call.held = [LeaseHolding(lease: fresh, amount: 0)]
        for number: Int64 in [0, 1, .max] {
            call.number = number
            let failure = #expect(throws: StoreFailure.self) { try bank.store.lease(call, for: old, expiry: .zero) }
            #expect(failure?.kind == .conflict)
        }
        try bank.store.leave(old)
        #expect(try bank.balance() == AccountBalance(account: "a", windowStart: 0, leased: 300))
        #expect(try bank.store.gateways().map(\.isAlive) == [true])
        call = LeaseCall()
        call.number = 1
        #expect(try bank.reply(call).lost.isEmpty)
    }

    @Test("a rate of a gateway that was lost and comes back stays used to the end of its window", arguments: Kind.allCases.filter(\.isShared))
    func lostRate(kind: Kind) throws {
        let bank = try Bank(kind.open(in: folder))
        let dead = try Bank(bank.store, "dead")
        try dead.hold(try dead.wish(40, limit: 60, of: "rpm", kind: .rate).lease, 3)
        try bank.expireOthers()
        #expect(try bank.balance("rpm") == AccountBalance(account: "rpm", windowStart: 0, writtenOff: 40))
        try dead.rejoin()
        #expect(try bank.balance("rpm") == AccountBalance(account: "rpm", windowStart: 0, used: 40))
        #expect(try bank.wish(60, limit: 60, of: "rpm", kind: .rate).amount == 20)
    }

    @Test("joining again closes exactly what was open: what rows charged is used, the rest free", arguments: Kind.allCases)
    func join(kind: Kind) throws {
        let bank = try Bank(kind.open(in: folder))
        let old = bank.gateway
        let lease = try bank.wish(1_000, limit: 1_000).lease
        try bank.hold(lease, 400)
        _ = try bank.store.append([row(1, [LeaseCharge(lease: lease, amount: 123)])])
        try bank.rejoin()
        #expect(bank.gateway.number == old.number && bank.gateway.life > old.life)
        #expect(try bank.balance() == AccountBalance(account: "a", windowStart: 0, used: 123))
        let fresh = try bank.wish(1_000, limit: 1_000)
        #expect(fresh.lease != lease)
        #expect(fresh.amount == 877)
        try bank.store.leave(bank.gateway)
        #expect(try bank.balance() == AccountBalance(account: "a", windowStart: 0, used: 123))
        #expect(try bank.store.gateways().map(\.isAlive) == [false])
        #expect(throws: StoreFailure.self) {
            try bank.store.lease(LeaseCall(), for: GatewayLife(number: GatewayNumber(rawValue: 777), life: 1), expiry: .seconds(30))
        }
    }

    @Test("slices of another gateway cannot be given back, nor noted", arguments: Kind.allCases)
    func others(kind: Kind) throws {
        let bank = try Bank(kind.open(in: folder))
        let lease = try bank.wish(100, limit: 1_000).lease
        let other = try Bank(bank.store, "other")
        try other.giveBack(lease, 50, isLast: true)
        try other.hold(lease, 7)
        #expect(try other.balance()?.leased == (kind.isShared ? 100 : 0))
        #expect(try other.wish(1_000, limit: 1_000).amount == (kind.isShared ? 900 : 1_000))
    }

    @Test("a threshold of a window is claimed once", arguments: Kind.allCases)
    func alerts(kind: Kind) throws {
        let bank = try Bank(kind.open(in: folder))
        #expect(try bank.store.claimAlert("a", windowStart: 0, threshold: 80))
        #expect(try !bank.store.claimAlert("a", windowStart: 0, threshold: 80))
        #expect(try bank.store.claimAlert("a", windowStart: 0, threshold: 100))
        #expect(try bank.store.claimAlert("a", windowStart: 5, threshold: 80))
        #expect(try bank.store.claimAlert("b", windowStart: 0, threshold: 80))
        try bank.rejoin()
        #expect(try !bank.store.claimAlert("b", windowStart: 0, threshold: 80))
    }

    @Test("gateways say which settings they run", arguments: Kind.allCases)
    func records(kind: Kind) throws {
        let bank = try Bank(kind.open(in: folder))
        try bank.store.note(settingsVersion: 42, of: bank.gateway.number)
        let found = try #require(try bank.store.gateways().first)
        #expect(found.number == bank.gateway.number)
        #expect(found.name == "first")
        #expect(found.settingsVersion == 42)
        #expect(found.isAlive)
        #expect(abs(found.lastHeardUnixMilliseconds - (try bank.reply(LeaseCall()).storeUnixMilliseconds)) < 60_000)
    }

    @Test("what was granted in an answer that got lost goes back before more is granted", arguments: Kind.allCases)
    func lostAnswer(kind: Kind) throws {
        let bank = try Bank(kind.open(in: folder))
        let lease = try bank.wish(600, limit: 1_000, granted: 0).lease
        // The gateway heard of 600, not of 300 more, and asks again.
        _ = try bank.wish(300, limit: 1_000, granted: 600)
        let again = try bank.wish(350, limit: 1_000, granted: 600)
        #expect((again.lease, again.amount, again.leased) == (lease, 350, 950))
        _ = try bank.store.append([row(1, [LeaseCharge(lease: lease, amount: 700)])])
        // Never below what rows say.
        #expect(try bank.wish(0, limit: 1_000, granted: 0).leased == 0)
        #expect(try bank.balance() == AccountBalance(account: "a", windowStart: 0, used: 700, leased: 0))
        #expect(try bank.wish(1_000, limit: 1_000, granted: 700).amount == 300)
    }

    @Test("a call that comes behind a younger one is refused", arguments: Kind.allCases)
    func lateCall(kind: Kind) throws {
        let bank = try Bank(kind.open(in: folder))
        var call = LeaseCall()
        call.wishes = [LeaseWish(account: "a", windowStart: 0, windowEnd: .max, limit: 1_000, amount: 10, kind: .budget)]
        call.number = 7
        let lease = try #require(try bank.reply(call).grants.first?.lease)
        call.wishes[0].granted = 10
        for number: Int64 in [7, 6, 1] {
            call.number = number
            #expect(#expect(throws: StoreFailure.self) { try bank.reply(call) }?.kind == .conflict)
        }
        #expect(try bank.balance()?.leased == 10)
        call.number = 8
        #expect(try bank.reply(call).grants.first?.lease == lease)
        // Its next life may count from anywhere: its clock may have been set back.
        try bank.rejoin()
        call.number = 3
        #expect(try bank.reply(call).grants.first?.lease != lease)
        call.number = 2
        #expect(throws: StoreFailure.self) { try bank.reply(call) }
        // Who does not count is not refused.
        call.number = 0
        #expect(try bank.reply(call).grants.first?.amount == 10)
    }

    // MARK: Several gateways on one store

    @Test("a slice of which nothing was said may owe all of it", arguments: Kind.allCases.filter(\.isShared))
    func unsaid(kind: Kind) throws {
        let bank = try Bank(kind.open(in: folder))
        let dead = try Bank(bank.store, "dead")
        let lease = try dead.wish(600, limit: 1_000).lease
        _ = try bank.store.append([row(1, [LeaseCharge(lease: lease, amount: 100)])])
        try bank.expireOthers()
        #expect(try bank.store.correct(afterSilenceOf: .zero) == 0)
        #expect(try bank.balance() == AccountBalance(account: "a", windowStart: 0, used: 100, writtenOff: 500))
    }

    @Test("who wants more than there is makes it known to those who have some", arguments: Kind.allCases.filter(\.isShared))
    func sought(kind: Kind) throws {
        let bank = try Bank(kind.open(in: folder))
        let other = try Bank(bank.store, "other")
        let lease = try bank.wish(900, limit: 1_000).lease
        _ = try bank.wish(5, limit: 1_000, of: "b")
        #expect(try other.wish(100, limit: 1_000).amount == 100)
        #expect(try bank.reply(LeaseCall()).sought.isEmpty)
        #expect(try other.wish(50, limit: 1_000).amount == 0)
        #expect(try bank.reply(LeaseCall()).sought == [lease])
        // Not whoever seeks.
        #expect(try other.reply(LeaseCall()).sought.isEmpty)
        try bank.giveBack(lease, 800)
        #expect(try other.wish(50, limit: 1_000).amount == 50)
    }

    @Test("a gateway that is not heard of is charged in full, then as its rows and what it held say", arguments: Kind.allCases.filter(\.isShared))
    func expiry(kind: Kind) throws {
        let bank = try Bank(kind.open(in: folder))
        let dead = try Bank(bank.store, "dead")
        let lease = try dead.wish(600, limit: 1_000).lease
        let rate = try dead.wish(60, limit: 60, of: "rpm", kind: .rate).lease
        _ = try dead.wish(5, limit: 8, of: "parallel", kind: .parallel)
        try dead.hold(lease, 50)
        _ = try bank.store.append([row(1, [LeaseCharge(lease: lease, amount: 100)])])
        #expect(try bank.reply(LeaseCall()).gateways == 2)
        #expect(try bank.wish(1_000, limit: 1_000).amount == 400)
        try bank.expireOthers()
        #expect(try bank.balance() == AccountBalance(account: "a", windowStart: 0, used: 100, writtenOff: 500, leased: 400))
        #expect(try bank.balance("rpm") == AccountBalance(account: "rpm", windowStart: 0, writtenOff: 60))
        #expect(try bank.balance("parallel") == AccountBalance(account: "parallel", windowStart: 0))
        #expect(try bank.wish(1, limit: 1_000).amount == 0)
        // A row that comes late takes the place of what was charged for it.
        _ = try bank.store.append([row(2, [LeaseCharge(lease: lease, amount: 30)])])
        #expect(try bank.balance() == AccountBalance(account: "a", windowStart: 0, used: 130, writtenOff: 470, leased: 400))
        #expect(try bank.store.correct(afterSilenceOf: .seconds(3_600)) == 0)
        #expect(try bank.store.correct(afterSilenceOf: .zero) == 1)
        #expect(try bank.balance() == AccountBalance(account: "a", windowStart: 0, used: 130, writtenOff: 50, leased: 400))
        #expect(try bank.store.correct(afterSilenceOf: .zero) == 0)
        _ = try bank.store.append([row(3, [LeaseCharge(lease: lease, amount: 70), LeaseCharge(lease: rate, amount: 1)])])
        #expect(try bank.balance() == AccountBalance(account: "a", windowStart: 0, used: 200, leased: 400))
        // It comes back: told what it lost, until it says that it has done with it.
        #expect(Set(try dead.reply(LeaseCall()).lost) == [lease, rate])
        let fresh = try dead.wish(1_000, limit: 1_000)
        #expect(fresh.lease != lease)
        #expect(fresh.amount == 400)
        try dead.giveBack(lease, 0, isLast: true)
        try dead.giveBack(rate, 0, isLast: true)
        #expect(try dead.reply(LeaseCall()).lost.isEmpty)
    }

    @Test("joining again after an expiry makes it exact", arguments: Kind.allCases.filter(\.isShared))
    func rejoin(kind: Kind) throws {
        let bank = try Bank(kind.open(in: folder))
        let dead = try Bank(bank.store, "dead")
        let lease = try dead.wish(600, limit: 1_000).lease
        try bank.expireOthers()
        #expect(try bank.store.gateways().filter(\.isAlive).map(\.name) == ["first"])
        _ = try bank.store.append([row(1, [LeaseCharge(lease: lease, amount: 100)])])
        try dead.rejoin()
        #expect(try bank.balance() == AccountBalance(account: "a", windowStart: 0, used: 100))
        #expect(try dead.reply(LeaseCall()).lost.isEmpty)
        #expect(try bank.reply(LeaseCall()).gateways == 2)
    }
}
