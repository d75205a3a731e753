import NIOCore
import Routing

// What is counted of limits and budgets.
extension Exposition {
    /// Accounts that are shown at most: the ones nearest to their limit.
    private static let mostAccounts = 100

    mutating func limits(_ server: Server, _ live: Live, _ counters: Counters) {
        count("swiftlet_limit_reservations_total", "Requests that reserved of an account.", counters.reservations)
        count("swiftlet_limit_waits_total", "Requests that waited for the store of limits.", counters.parked)
        count("swiftlet_limit_overruns_total", "Requests that came to more than they had reserved.", counters.overruns)
        count("swiftlet_doubted_usage_total", "Answers whose provider reported more than any request can come to.", counters.doubtedUsage)
        family("swiftlet_limit_refusals_total", "counter", "Requests that a limit or a budget did not let pass, and attempts so.")
        for scope in LimitScope.allCases {
            for unit in LimitUnit.allCases {
                let refused = counters.refusals[Int(scope.rawValue) * LimitUnit.allCases.count + Int(unit.rawValue)]
                if refused > 0 { sample("swiftlet_limit_refusals_total", ["scope": "\(scope)", "unit": "\(unit)"], refused) }
            }
        }
        if live.metering.globalParallel != nil {
            gauge("swiftlet_global_parallel_requests", "Requests that global_max_parallel_requests counts.", server.slots.inUse)
        }
        guard let status = server.keeper?.status else { return }
        count("swiftlet_lease_calls_total", "Calls to the store for slices of limits.", status.calls)
        count("swiftlet_lease_failures_total", "Those that failed.", status.failures)
        gauge("swiftlet_lease_store_up", "Whether the store of limits answered last.", status.failure == nil && status.gateway != nil ? 1 : 0)
        count(
            "swiftlet_news_forgotten_total", "News for other gateways that were forgotten unsent: there were too many.",
            server.newsForgotten.withLock { $0 })
        gauge("swiftlet_gateways", "Gateways that the store has heard of lately.", status.gateways)
        accounts(server)
    }

    private mutating func accounts(_ server: Server) {
        let now = server.accounts.unixMilliseconds(at: .now())
        let (holding, all) = server.accounts.snapshot(at: now)
        gauge("swiftlet_requests_holding", "Requests and attempts that hold something of an account.", holding)
        money(all)
        let shown = all.filter { $0.balance.limit != nil }.sorted { $0.share > $1.share }.prefix(Self.mostAccounts)
        guard !shown.isEmpty else { return }
        for (name, help, value) in [
            (
                "swiftlet_account_limit", "Limit of an account in its unit, dollars in billionths; the \(Self.mostAccounts) nearest to theirs.",
                \LimitBalance.limitOrZero
            ),
            ("swiftlet_account_used", "What is used of it in its window.", \LimitBalance.used),
            ("swiftlet_account_held", "What requests in flight here hold of it.", \LimitBalance.held),
            (
                "swiftlet_account_leased", "What this gateway has leased of it and not used: requests in flight hold of this.",
                \LimitBalance.leasedHere
            ),
            ("swiftlet_account_leased_elsewhere", "What other gateways have leased of it.", \LimitBalance.leasedElsewhere),
        ] {
            family(name, "gauge", help)
            for account in shown { sample(name, ["account": account.name], account.balance[keyPath: value]) }
        }
    }
}

extension Exposition {
    /// Money that is reserved by requests in flight here, and money that is spent, of all budgets of a scope. An owner that has several
    /// budgets counts once, with the largest.
    private mutating func money(_ all: [SharedLedger.Standing]) {
        var owners: [String: [String: (held: Int64, used: Int64)]] = [:]
        for one in all where one.unit == .nanodollars {
            let before = owners["\(one.scope)"]?[one.owner] ?? (0, 0)
            owners["\(one.scope)", default: [:]][one.owner] = (max(before.held, one.balance.held), max(before.used, one.balance.used))
        }
        guard !owners.isEmpty else { return }
        let scopes = owners.sorted { $0.key < $1.key }.map { ($0.key, $0.value.values) }
        family("swiftlet_budget_reserved_usd", "gauge", "What requests in flight here hold of budgets, in US dollars, by whose budgets they are.")
        for (scope, sums) in scopes {
            sample("swiftlet_budget_reserved_usd", ["scope": scope], "\(Double(sums.reduce(0) { $0 &+ $1.held }) / 1e9)")
        }
        family("swiftlet_budget_committed_usd", "gauge", "What is spent of budgets in their windows, by all gateways, in US dollars.")
        for (scope, sums) in scopes {
            sample("swiftlet_budget_committed_usd", ["scope": scope], "\(Double(sums.reduce(0) { $0 &+ $1.used }) / 1e9)")
        }
    }
}

extension LimitBalance {
    var limitOrZero: Int64 { limit ?? 0 }
}

extension SharedLedger {
    struct Standing: Sendable {
        var name: String
        var scope: LimitScope
        var owner: String
        var unit: LimitUnit
        var balance: LimitBalance
        /// Used and held, as a share of the limit.
        var share: Double { Double(balance.used + balance.held) / Double(max(1, balance.limit ?? .max)) }
    }

    /// How many hold something, and how the accounts of the settings in force stand. Linear in accounts.
    func snapshot(at unixMilliseconds: Int64) -> (holding: Int, accounts: [Standing]) {
        let own = settings.accounts
        return with { ledger in
            let standings = own.indices.compactMap { index in
                ledger.balance(of: index, at: unixMilliseconds).map {
                    let account = own[index]
                    return Standing(name: account.name, scope: account.scope, owner: account.owner, unit: account.unit, balance: $0)
                }
            }
            return (ledger.holdCount, standings)
        }
    }
}
