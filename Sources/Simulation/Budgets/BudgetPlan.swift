import Routing

/// What a world of budgets has, and how much goes wrong in it.
public struct BudgetPlan: Sendable {
    /// With `budgets-` before it on the command line.
    public var name: String
    public var summary: String
    public var mode = Ledger.Mode.shared
    public var gateways = 3
    public var table: AccountTable
    public var onStoreLoss = Ledger.OnStoreLoss.deny
    /// Milliseconds since 1970: shortly before a year ends, so that windows of every length do.
    public var start: Int64 = 1_798_761_595_000
    public var steps = 1_000
    /// Milliseconds between steps, on average.
    public var pace = 20
    public var largest: Int64 = 400

    // Chances of each step, in a thousand.
    public var crashes = 0
    /// Of crashes: machines that never come back.
    public var losses = 0
    public var cuts = 0
    public var jumps = 0
    public var changes = 0
    public var corrections = 5
    /// Of requests: those that the provider bills more for than was held.
    public var liars = 0
    /// Of messages: those that get lost, and those that come late.
    public var drops = 0
    public var delays = 50
    /// Of steps: those in which half a minute passes and nothing happens.
    public var leaps = 1

    /// Everybody is heard of all the time: rates and requests in flight are exact then.
    var isCalm: Bool { crashes + cuts + jumps + changes + drops + delays + leaps == 0 }

    /// Whoever is killed and whatever gets lost: no minute has more requests than it may.
    var areMinutesSharp: Bool { mode == .shared && changes == 0 && onStoreLoss == .deny }

    /// How long after a call a slice counts as lost at the store, and after which silence it is corrected, in milliseconds.
    public var expiry: Int64 = 5_000
    public var silence: Int64 = 20_000

    public init(_ name: String, _ summary: String, table: AccountTable) {
        self.name = name
        self.summary = summary
        self.table = table
    }

    /// Durable accounts of a key and those above it, with little money.
    public static let accounts: AccountTable = {
        var table = AccountTable()
        table.accounts = [
            Account(.key, "a", .nanodollars, per: .day, limit: 3_000),
            Account(.key, "a", .tokens, per: .month, limit: 20_000),
            Account(.key, "b", .nanodollars, per: .total, limit: 2_000),
            Account(.project, "p", .nanodollars, per: .week, limit: 4_500),
            Account(.organisation, "", .requests, per: .year, limit: 140),
            soft(Account(.organisation, "", .nanodollars, per: .quarter, limit: 5_000)),
        ]
        table.chains = [[0, 1, 3, 4, 5], [2, 3, 5], [4, 5], []]
        return table
    }()

    /// And what is counted for a minute or while it lasts.
    public static let rates: AccountTable = {
        var table = accounts
        table.accounts += [
            Account(.key, "a", .requests, per: .minute, limit: 40), Account(.key, "a", .tokens, per: .minute, limit: 9_000),
            Account(.key, "a", .parallel, per: .total, limit: 5),
        ]
        table.chains[0] += [6, 7, 8]
        return table
    }()

    /// Nothing but minutes is short.
    public static let minutes: AccountTable = {
        var table = AccountTable()
        table.accounts = [
            Account(.key, "a", .requests, per: .minute, limit: 15), Account(.key, "a", .tokens, per: .minute, limit: 25_000),
            Account(.organisation, "", .requests, per: .minute, limit: 30), Account(.key, "b", .nanodollars, per: .day, limit: 1_000_000),
        ]
        table.chains = [[0, 1, 2], [2, 3], [3], [3]]
        return table
    }()

    private static func soft(_ account: Account) -> Account {
        var account = account
        account.isHard = false
        account.alerts = [50, 80]
        return account
    }

    public static let plans: [BudgetPlan] = [
        make("calm", "Three gateways on one store, and nothing goes wrong.", rates) {
            $0.delays = 0
            $0.leaps = 0
        },
        make("alone", "One gateway with a store of its own is killed again and again.", rates) {
            $0.mode = .exclusive
            $0.gateways = 1
            $0.crashes = 4
        },
        make("crashes", "Three gateways are killed at any moment, and come back.", accounts) { $0.crashes = 6 },
        make("minutes", "Gateways are killed, and limits of a minute hold all the same.", minutes) {
            $0.crashes = 6
            $0.drops = 20
        },
        make("machines-lost", "Gateways are killed, and half of them never come back.", accounts) {
            $0.crashes = 5
            $0.losses = 500
            $0.gateways = 6
            $0.pace = 60
        },
        make("partitions", "Gateways are cut off from their store for a while.", accounts) {
            $0.cuts = 8
            $0.pace = 100
            $0.drops = 50
        },
        make("clocks", "The store's clock jumps by seconds and by hours.", accounts) {
            $0.jumps = 8
            $0.delays = 200
        },
        make("settings", "Limits go up and down while requests run.", accounts) { $0.changes = 15 },
        make("liars", "Providers bill more than was reserved.", accounts) { $0.liars = 100 },
        make("everything", "All of that at once.", rates) {
            $0.gateways = 5
            $0.crashes = 4
            $0.losses = 150
            $0.cuts = 5
            $0.jumps = 3
            $0.changes = 5
            $0.drops = 60
            $0.delays = 150
            $0.liars = 20
            $0.pace = 60
            $0.onStoreLoss = .local
        },
    ]

    public static func named(_ name: String) -> BudgetPlan? { plans.first { "budgets-\($0.name)" == name } }

    private static func make(_ name: String, _ summary: String, _ table: AccountTable, _ edit: (inout BudgetPlan) -> Void) -> BudgetPlan {
        var plan = BudgetPlan(name, summary, table: table)
        edit(&plan)
        return plan
    }

    /// Everything follows from the seed.
    public func run(seed: UInt64) -> BudgetReport {
        run(seed: seed, store: BudgetStore(expiry: expiry, silence: silence)) { TrueLedger($0) }
    }

    /// With a store and ledgers of one's own making.
    public func run<Limits: Limiting>(seed: UInt64, store: some LeaseBooking, _ make: @escaping (Ledger) -> Limits) -> BudgetReport {
        var world = BudgetWorld(self, seed: seed, store: store, make)
        return world.run()
    }
}
