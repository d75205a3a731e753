import Routing
import Testing

@testable import Storage

/// Random orders of everything that can happen to leases, against a model that keeps no sums.
@Suite("Store contract: leases by chance") struct LeaseModelTests {
    let folder: Folder
    init() throws { folder = try Folder() }

    struct Slice {
        var gateway: Int
        var account: Int
        var isOpen = true
        var isWrittenOff = false
        var granted: Int64 = 0
        var used: Int64 = 0
        var held = Int64.max
        /// What its gateway has admitted and no row has said yet: never more than what it has.
        var admitted: [Int64] = []

        var rest: Int64 { isOpen || isWrittenOff ? max(0, granted - used) : 0 }
        var free: Int64 { granted - used - admitted.reduce(0, +) }
    }

    static let limits: [Int64] = [5_000, 1_000_000, 37]

    @Test("sums are those of the slices, and nothing is granted beyond the limit", arguments: StoreContract.Kind.allCases, [11, 12, 13, 14])
    func steps(kind: StoreContract.Kind, seed: UInt64) throws {
        var run = try Run(kind.open(in: folder), gateways: kind.isShared ? 3 : 1, seed: seed)
        for step in 0..<(kind == .memory ? 1_500 : 400) { try run.take(step) }
        #expect(run.next > 25)
    }

    private struct Run {
        let store: any Store
        let banks: [Bank]
        var chance: Seeded
        var slices: [Int64: Slice] = [:]
        var next = 0
        var written: [LedgerEntry] = []
        /// By account, what rows said of slices that had nothing left for it: the one way past a limit.
        var late: [Int: Int64] = [:]

        init(_ store: any Store, gateways: Int, seed: UInt64) throws {
            self.store = store
            banks = try (0..<gateways).map { try Bank(store, "gateway-\($0)") }
            chance = Seeded(seed)
        }

        mutating func take(_ step: Int) throws {
            let gateway = Int.random(in: 0..<banks.count, using: &chance)
            // Windows follow each other, so that there always is one with something left.
            let first = step / 100 * LeaseModelTests.limits.count
            let mine = slices.filter { $0.value.gateway == gateway && $0.value.isOpen }.keys.sorted().randomElement(using: &chance)
            switch Int.random(in: 0..<100, using: &chance) {
            case ..<30: try wish(gateway, first, step)
            case ..<50:
                if let mine, let free = slices[mine]?.free, free > 0 { slices[mine]?.admitted.append(.random(in: 0...free, using: &chance)) }
            case ..<75: try write()
            case ..<80: #expect(try store.append(written.suffix(20)).added == 0)
            case ..<88:
                guard let mine, let free = slices[mine]?.free, free > 0 else { break }
                let amount = Int64.random(in: 0...free, using: &chance)
                try banks[gateway].giveBack(mine, amount)
                slices[mine]?.granted -= amount
            case ..<91:
                guard let mine, slices[mine]?.admitted.isEmpty == true else { break }
                try banks[gateway].giveBack(mine, 0, isLast: true)
                slices[mine]?.isOpen = false
            case ..<94:
                guard let mine, let slice = slices[mine] else { break }
                slices[mine]?.held = slice.admitted.reduce(0, +)
                try banks[gateway].hold(mine, slice.admitted.reduce(0, +))
            case ..<96: try rejoin(gateway)
            case ..<98 where banks.count > 1: try expireOthers(than: gateway)
            default: if banks.count > 1 { try correct() }
            }
            for (index, limit) in zip(first..., LeaseModelTests.limits) { try check(index, limit, step) }
        }

        private mutating func wish(_ gateway: Int, _ first: Int, _ step: Int) throws {
            let account = first + Int.random(in: 0..<LeaseModelTests.limits.count, using: &chance)
            let limit = LeaseModelTests.limits[account - first]
            let amount = Int64.random(in: 0...limit / 5, using: &chance)
            let before = slices.values.filter { $0.account == account }.reduce(0) { $0 + $1.used + $1.rest }
            let grant = try banks[gateway].wish(amount, limit: limit, of: "\(account)")
            #expect(grant.amount == max(0, min(amount, limit - before)), "step \(step)")
            slices[grant.lease, default: Slice(gateway: gateway, account: account)].granted += grant.amount
        }

        /// A row of whatever slice, in whatever state it is.
        private mutating func write() throws {
            let owing = slices.filter { !$0.value.admitted.isEmpty }.keys.sorted()
            guard let lease = owing.randomElement(using: &chance), let amount = slices[lease]?.admitted.popLast() else { return }
            next += 1
            let charged = Int64.random(in: 0...amount, using: &chance)
            written.append(row(next, [LeaseCharge(lease: lease, amount: charged)]))
            _ = try store.append(written.suffix(1))
            if let slice = slices[lease] { late[slice.account, default: 0] += max(0, charged - slice.rest) }
            slices[lease]?.used += charged
        }

        private mutating func rejoin(_ gateway: Int) throws {
            try banks[gateway].rejoin()
            for lease in slices.keys where slices[lease]?.gateway == gateway {
                slices[lease]?.isOpen = false
                slices[lease]?.isWrittenOff = false
                // The requests in flight ended with the process.
                slices[lease]?.admitted = []
            }
        }

        private mutating func expireOthers(than gateway: Int) throws {
            try banks[gateway].expireOthers()
            for lease in slices.keys where slices[lease]?.gateway != gateway && slices[lease]?.isOpen == true {
                slices[lease]?.isOpen = false
                slices[lease]?.isWrittenOff = true
            }
        }

        private mutating func correct() throws {
            let silent = try Set(store.gateways().filter { !$0.isAlive }.map(\.number))
            _ = try store.correct(afterSilenceOf: .zero)
            for (lease, slice) in slices where slice.isWrittenOff && silent.contains(banks[slice.gateway].gateway.number) {
                if slice.held < slice.granted - slice.used { slices[lease]?.granted = slice.used + slice.held }
            }
        }

        private func check(_ index: Int, _ limit: Int64, _ step: Int) throws {
            let found = try banks[0].balance("\(index)") ?? AccountBalance(account: "\(index)", windowStart: 0)
            let of = slices.values.filter { $0.account == index }
            #expect(found.used == of.reduce(0) { $0 + $1.used }, "step \(step)")
            #expect(found.leased == of.filter(\.isOpen).reduce(0) { $0 + $1.rest }, "step \(step)")
            #expect(found.writtenOff == of.filter(\.isWrittenOff).reduce(0) { $0 + $1.rest }, "step \(step)")
            #expect(found.used + found.leased + found.writtenOff <= limit + (late[index] ?? 0), "step \(step)")
        }
    }
}

/// SplitMix64: the same numbers for the same seed.
struct Seeded: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
        return value ^ value >> 31
    }
}

@Suite("Forgotten windows") struct ForgottenWindowTests {
    @Test("windows are kept a while behind their end, and numbers of slices never come again", arguments: [false, true])
    func windows(inFile: Bool) throws {
        let folder = try Folder()
        let now = Locked<Int64>(1_760_000_000_000)
        let clock: @Sendable () -> Int64 = { now.withLock { $0 } }
        let store: any Store = inFile ? try SQLiteStore(path: folder("ledger.db"), clock: clock) : MemoryStore(clock: clock)
        let bank = try Bank(store)
        let start = clock()
        var call = LeaseCall()
        call.wishes = [LeaseKind.rate, .budget].map {
            LeaseWish(account: "\($0)", windowStart: start, windowEnd: start + 60_000, limit: 10, amount: 5, kind: $0)
        }
        let leases = try bank.reply(call).grants.map(\.lease)
        #expect(try store.claimAlert("rate", windowStart: start, threshold: 80))
        func left() throws -> [String] {
            _ = try bank.reply(LeaseCall())
            return try store.balances([("rate", start), ("budget", start)]).map(\.account)
        }
        now.withLock { $0 += 120_000 }
        #expect(try left() == ["rate", "budget"])
        now.withLock { $0 += 3_600_000 }
        #expect(try left() == ["budget"])
        #expect(try store.claimAlert("rate", windowStart: start, threshold: 80))
        now.withLock { $0 += 8 * 86_400_000 }
        #expect(try left().isEmpty)
        // Late rows of what is forgotten are kept, and charge nobody else.
        let fresh = try bank.wish(5, limit: 10).lease
        #expect(!leases.contains(fresh))
        #expect(try store.append([row(1, leases.map { LeaseCharge(lease: $0, amount: 3) })]).added == 1)
        #expect(try bank.balance() == AccountBalance(account: "a", windowStart: 0, leased: 5))
    }
}

@Suite("Rates behind a kill") struct RateRecoveryTests {
    @Test("of a minute that is not over, what rows say stays used, and what the gateway said where that is more")
    func minute() throws {
        let folder = try Folder()
        let minute: Int64 = 1_760_000_040_000
        let store = try SQLiteStore(path: folder("ledger.db"), clock: { minute + 30_000 })
        let bank = try Bank(store)
        let key = try store.intern(["team/a"], as: .key)[0]
        let deployment = try store.intern(["up/b"], as: .deployment)[0]
        let accounts = [
            Account(.key, "team/a", .requests, per: .minute, limit: 100).name, Account(.key, "team/a", .tokens, per: .minute, limit: 100).name,
            Account(.deployment, "up/b", .requests, per: .minute, limit: 100).name, Account(.gateway, "", .requests, per: .minute, limit: 100).name,
            Account(.key, "nobody", .requests, per: .minute, limit: 100).name, "rpm",
        ]
        var call = LeaseCall()
        call.wishes = accounts.flatMap { account in
            [minute - 60_000, minute].map {
                LeaseWish(account: account, windowStart: $0, windowEnd: $0 + 60_000, limit: 100, amount: 100, kind: .rate)
            }
        }
        let grants = try bank.reply(call).grants
        // The deployment's gateway had said more than rows do.
        try bank.hold(grants[5].lease, 9)
        // One before the minute, one that was refused, two of the key, of which one went elsewhere.
        for (number, time) in [minute - 1, minute, minute + 1, minute + 2].enumerated() {
            var row = LedgerEntry(id: RequestID(millisecond: time - RequestID.epoch, node: 1, sequence: 0), startedUnixMilliseconds: time)
            (row.key, row.attempts, row.usage.input, row.usage.output) = (key, number == 1 ? 0 : 1, 10, 5)
            row.deployment = number == 3 ? .none : deployment
            _ = try store.append([row])
        }
        try bank.rejoin()
        let found = try store.balances(accounts.map { ($0, minute) })
        #expect(found.map(\.used) == [2, 30, 9, 2, 0, 0])
        #expect(found.allSatisfy { $0.leased == 0 })
        #expect(try store.balances(accounts.map { ($0, minute - 60_000) }).allSatisfy { $0.used == 0 })
    }
}
