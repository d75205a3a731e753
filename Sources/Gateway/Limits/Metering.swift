import Routing
import Settings

/// What settings count and limit, made ready for the path of a request.
final class Metering: Sendable {
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
    /// Of each account what a client may be told.
    private let faces: [LimitLines.Face]
    private let keys: [Standing]
    private let projects: [Standing]
    private let customers: [Standing]
    /// Of each of their chains the accounts of which a client is told; apart, so that a standing is plain values.
    private let told: (keys: [[Int]], projects: [[Int]], customers: [[Int]], routes: [[Int]])
    private let routes: [RouteChains?]
    /// By index of `AccountTable.routeChains`.
    private let overRoutes: [Standing]
    /// Routes limit what is asked of them. Else no request looks which it is for.
    let limitsRoutes: Bool

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
        let faces = table.accounts.map(LimitLines.Face.init)
        let tell = { (chains: [[Int]]) in chains.map { chain in chain.filter { faces[$0].isTold } } }
        told = (tell(table.chains), tell(table.projects), tell(table.customers), tell(table.routeChains))
        self.faces = faces
        keys = table.chains.map { Standing($0, table.accounts) }
        projects = table.projects.map { Standing($0, table.accounts) }
        customers = table.customers.map { Standing($0, table.accounts) }
        routes = table.routes
        overRoutes = table.routeChains.map { Standing($0, table.accounts) }
        limitsRoutes = overRoutes.contains { !$0.isEmpty }
        isOn = globalParallel != nil || metersDeployments || limitsRoutes || (keys + projects + customers).contains { !$0.isEmpty }
    }

    func standing(of party: Party) -> Standing {
        var standing = keys.indices.contains(party.key) ? keys[party.key] : Standing([], [])
        if let project = party.project, projects.indices.contains(project) { standing = standing.joined(with: projects[project]) }
        if let customer = party.customer, customers.indices.contains(customer) { standing = standing.joined(with: customers[customer]) }
        if let route = party.route { standing = standing.joined(with: overRoutes[route]) }
        return standing
    }

    /// The place of the chain of a party that names neither project nor customer; nil: nothing is counted.
    func chain(of party: Party) -> Int? { keys.indices.contains(party.key) && !keys[party.key].isEmpty ? party.key : nil }

    /// What stands above requests for a route. Nil: nobody is limited there, or the route came with its request.
    func overRoute(_ route: Route.ID, key: Int, customer: Int?) -> Int? {
        guard routes.indices.contains(route), let chains = routes[route] else { return nil }
        let place = chains.chain(key: key, customer: customer)
        return overRoutes.indices.contains(place) && !overRoutes[place].isEmpty ? place : nil
    }

    /// Places of the chains of what `party` names itself, as `AccountTable.joined` lays them out.
    func otherChains(of party: Party) -> [Int] {
        var chains: [Int] = []
        if let project = party.project, projects.indices.contains(project), !projects[project].isEmpty {
            chains.append(table.chains.count + project)
        }
        if let customer = party.customer, customers.indices.contains(customer), !customers[customer].isEmpty {
            chains.append(table.chains.count + table.projects.count + customer)
        }
        if let route = party.route { chains.append(table.chains.count + table.projects.count + table.customers.count + route) }
        return chains
    }

    /// How the accounts of `party` stand of which a client is told. Called under the ledger's lock, after a reservation.
    func tell(_ party: Party, _ ledger: borrowing Ledger, into lines: inout LimitLines) {
        // New settings stand first in the ledger; those before them go by name.
        let isYoung = anchor.chains == 0
        if keys.indices.contains(party.key) { tell(told.keys[party.key], isYoung, ledger, into: &lines) }
        if let project = party.project, projects.indices.contains(project) { tell(told.projects[project], isYoung, ledger, into: &lines) }
        if let customer = party.customer, customers.indices.contains(customer) { tell(told.customers[customer], isYoung, ledger, into: &lines) }
        if let route = party.route { tell(told.routes[route], isYoung, ledger, into: &lines) }
    }

    private func tell(_ accounts: [Int], _ isYoung: Bool, _ ledger: borrowing Ledger, into lines: inout LimitLines) {
        for account in accounts {
            guard let place = isYoung ? account : ledger.account(named: table.accounts[account].name) else { continue }
            lines.add(faces[account], account: account, ledger.standing(of: place))
        }
    }

    /// Whose request it is.
    struct Party: Sendable {
        /// Of the virtual key; -1 where none was asked for.
        var key: Int
        /// Named by the request itself: its key has none, so its chain holds nothing of it.
        var project: Int?
        var customer: Int?
        /// See `Metering.overRoute`.
        var route: Int?

        /// Its key's chain is all there is.
        var isPlain: Bool { project == nil && customer == nil && route == nil }
    }
}
