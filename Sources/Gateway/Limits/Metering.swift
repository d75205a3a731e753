import Routing
import Settings

/// What settings count and limit, made ready for the path of a request.
struct Metering: Sendable {
    /// Without the gateway's own limit, which is a matter of this process.
    let table: AccountTable
    /// `general.global_max_parallel_requests`.
    let globalParallel: Int?
    /// Something is counted or limited. Else a request pays this one branch.
    let isOn: Bool
    let metersDeployments: Bool
    /// What is reserved and charged where nobody knows a price. Nil: such deployments do not serve keys with hard budgets of money.
    let ceiling: Price?
    /// Where its chains stand in the ledger.
    let anchor = Anchor()
    private let keys: [Standing]
    private let projects: [Standing]
    private let customers: [Standing]

    /// What a chain of accounts asks of a request.
    struct Standing: Sendable {
        var care = RequestBounds.Care.loose
        var hasHardMoney = false
        var isEmpty = true

        init(_ chain: [Int], _ accounts: [Account]) {
            isEmpty = chain.isEmpty
            for account in chain.map({ accounts[$0] }) where account.isHard && account.limit != nil {
                let isMoney = account.unit == .nanodollars
                hasHardMoney = hasHardMoney || isMoney
                if isMoney || account.unit == .tokens && account.isDurable { care = .strict }
            }
        }

        func joined(with other: Standing) -> Standing {
            var joined = self
            joined.care = max(care, other.care)
            joined.hasHardMoney = hasHardMoney || other.hasHardMoney
            joined.isEmpty = isEmpty && other.isEmpty
            return joined
        }
    }

    /// - Parameter isExclusive: No other gateway counts by the same store, so that the router's own count of each deployment's minute and of
    ///   its requests in flight is all there is.
    init(_ written: AccountTable, ceiling: Price?, globalParallel: Int?, isExclusive: Bool) {
        var table = written
        let isOwn = table.accounts.map { $0.scope == .gateway && $0.unit == .parallel }
        self.globalParallel = globalParallel
        table.chains = table.chains.map { $0.filter { !isOwn[$0] } }
        if isExclusive { table.deployments = table.deployments.map { $0.filter { written.accounts[$0].isDurable } } }
        self.table = table
        self.ceiling = ceiling
        metersDeployments = table.deployments.contains { !$0.isEmpty }
        keys = table.chains.map { Standing($0, table.accounts) }
        projects = table.projects.map { Standing($0, table.accounts) }
        customers = table.customers.map { Standing($0, table.accounts) }
        isOn = globalParallel != nil || metersDeployments || (keys + projects + customers).contains { !$0.isEmpty }
    }

    func standing(of party: Party) -> Standing {
        var standing = keys.indices.contains(party.key) ? keys[party.key] : Standing([], [])
        if let project = party.project, projects.indices.contains(project) { standing = standing.joined(with: projects[project]) }
        if let customer = party.customer, customers.indices.contains(customer) { standing = standing.joined(with: customers[customer]) }
        return standing
    }

    /// Places of the chains of `party` among those of these settings, as `AccountTable.joined` lays them out.
    func chains(of party: Party) -> [Int] {
        var chains: [Int] = []
        if table.chains.indices.contains(party.key), !table.chains[party.key].isEmpty { chains.append(party.key) }
        if let project = party.project, table.projects.indices.contains(project), !table.projects[project].isEmpty {
            chains.append(table.chains.count + project)
        }
        if let customer = party.customer, table.customers.indices.contains(customer), !table.customers[customer].isEmpty {
            chains.append(table.chains.count + table.projects.count + customer)
        }
        return chains
    }

    /// How the accounts of `party` stand that have a limit. Called under the ledger's lock.
    func balances(of party: Party, in ledger: borrowing Ledger, at unixMilliseconds: Int64) -> [(Account, LimitBalance)] {
        var found: [(Account, LimitBalance)] = []
        for index in accounts(of: party) where table.accounts[index].limit != nil && table.accounts[index].unit != .parallel {
            // New settings stand first in the ledger; those before them go by name.
            let place = anchor.chains == 0 ? index : ledger.account(named: table.accounts[index].name)
            if let place, let balance = ledger.balance(of: place, at: unixMilliseconds) { found.append((table.accounts[index], balance)) }
        }
        return found
    }

    /// The accounts that a request of `party` is charged to.
    func accounts(of party: Party) -> [Int] {
        var accounts = table.chains.indices.contains(party.key) ? table.chains[party.key] : []
        if let project = party.project, table.projects.indices.contains(project) { accounts += table.projects[project] }
        if let customer = party.customer, table.customers.indices.contains(customer) { accounts += table.customers[customer] }
        return accounts
    }

    /// Whose request it is.
    struct Party: Sendable {
        /// Of the virtual key; -1 where none was asked for.
        var key: Int
        /// Named by the request itself: its key has none, so its chain holds nothing of it.
        var project: Int?
        var customer: Int?
    }
}
