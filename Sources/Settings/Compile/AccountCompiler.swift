import Routing
import Schema

/// Limits of settings become accounts. They stand in the order of their scopes, so that the indices of a chain in rising order are
/// also the order in which exhausted ones are told.
struct AccountCompiler {
    private(set) var table = AccountTable()
    /// What conditions ask of keys and projects, beside their limits: counted even where nothing limits it.
    let counted: [CountedField]

    /// Adds the accounts of an owner. Returns their indices.
    ///
    /// - Parameter cap: What becomes of requests that would exceed its hard budgets.
    mutating func add(_ scope: LimitScope, _ owner: String, _ limits: LimitSettings, parallel: Int?, cap: GuardAction = .block) -> [Int] {
        var accounts = Self.accounts(scope, owner, limits.budget, limits.alerts.percents)
        if cap != .block {
            for index in accounts.indices where accounts[index].isHard {
                accounts[index].isHard = false
                if cap == .off { accounts[index].alerts = [] }
            }
        }
        func add(_ unit: LimitUnit, _ period: LimitPeriod, _ limit: Int?) {
            guard let limit else { return }
            var account = Account(scope, owner, unit, per: period, limit: Int64(limit))
            account.isBudget = false
            accounts.append(account)
        }
        add(.requests, .second, limits.requestsPerSecond)
        add(.requests, .minute, limits.requestsPerMinute)
        add(.tokens, .minute, limits.tokensPerMinute)
        add(.requests, .day, limits.requestsPerDay)
        add(.tokens, .day, limits.tokensPerDay)
        add(.parallel, .total, parallel)
        for field in counted where field.scope == scope && !accounts.contains(where: { $0.unit == field.unit && $0.period == field.period }) {
            accounts.append(Account(scope, owner, field.unit, per: field.period, limit: nil))
        }
        return append(accounts)
    }

    /// Those of a provider or a deployment.
    mutating func add(_ scope: LimitScope, _ owner: String, _ quotas: QuotaSettings, rpm: Int?, tpm: Int?, parallel: Int?) -> [Int] {
        var limits = LimitSettings()
        (limits.budget, limits.alerts) = (quotas.budget, quotas.alerts)
        (limits.requestsPerDay, limits.tokensPerDay) = (quotas.requestsPerDay, quotas.tokensPerDay)
        (limits.requestsPerMinute, limits.tokensPerMinute) = (rpm, tpm)
        return add(scope, owner, limits, parallel: parallel)
    }

    mutating func setChains(_ chains: [[Int]]) { table.chains = chains.allSatisfy(\.isEmpty) ? [] : chains }
    mutating func setProjects(_ projects: [[Int]]) { table.projects = projects }
    mutating func setCustomers(_ customers: [[Int]]) { table.customers = customers }
    mutating func setDeployments(_ chains: [[Int]]) { table.deployments = chains.allSatisfy(\.isEmpty) ? [] : chains }

    /// Of a route: chains of everybody, or of each caller with those of everybody before its own.
    mutating func setRoute(_ chains: [[Int]], keys: Int, at route: Int, of count: Int) {
        if table.routes.isEmpty { table.routes = Array(repeating: nil, count: count) }
        table.routes[route] = RouteChains(first: table.routeChains.count, keys: keys)
        table.routeChains += chains
    }

    private mutating func append(_ accounts: [Account]) -> [Int] {
        let first = table.accounts.count
        table.accounts += accounts
        return Array(first..<table.accounts.count)
    }

    private static func accounts(_ scope: LimitScope, _ owner: String, _ list: BudgetList, _ alerts: [Int]) -> [Account] {
        list.budgets.map { budget in
            var account = Account(scope, owner, budget.unit.unit, per: budget.period.period, limit: budget.limit)
            account.isBudget = true
            account.isHard = budget.enforcement == .hard
            account.alerts = budget.alerts?.percents ?? alerts
            return account
        }
    }
}

/// A field of conditions that reads an account: `budget.month.used_percent`, `tokens.day`, `project.budget.day.remaining`.
struct CountedField: Hashable {
    var scope: LimitScope
    var unit: LimitUnit
    var period: LimitPeriod

    init?(_ name: FieldName) {
        var parts = name.text.split(separator: ".").map(String.init)[...]
        scope = .key
        if parts.first == "project" {
            scope = .project
            parts = parts.dropFirst()
        }
        guard parts.count >= 2, let unit = ["budget": LimitUnit.nanodollars, "tokens": .tokens][parts[parts.startIndex]],
            let period = LimitPeriod.allCases.first(where: { "\($0)" == parts[parts.startIndex + 1] }), period != .second
        else { return nil }
        (self.unit, self.period) = (unit, period)
    }
}

extension Compiler {
    func projectCap(_ name: String?) -> GuardAction? { name.flatMap { document.projects[$0]?.guardrails.budgetCap } }

    /// All accounts, and who is charged to which. `fields`: what conditions read.
    func accounts(for fields: [FieldName]) -> AccountTable {
        var counted: [CountedField] = []
        for case let field? in fields.map({ CountedField($0) }) where !counted.contains(field) { counted.append(field) }
        var made = AccountCompiler(counted: counted)
        let cap = document.guardrails.budgetCap ?? .block
        let gateway = made.add(.gateway, "", LimitSettings(), parallel: document.general.globalMaxParallelRequests)
        let own: [[Int]]
        if document.keys.entries.isEmpty {
            own = [made.add(.key, Self.localKey, LimitSettings(), parallel: document.general.maxParallelRequests)]
        } else {
            own = document.keys.entries.map { entry in
                made.add(
                    .key, entry.name, entry.value.limits, parallel: parallel(of: entry.value, nodes["keys", entry.name]),
                    cap: entry.value.guardrails.budgetCap ?? projectCap(entry.value.project) ?? cap)
            }
        }
        let projects = document.projects.entries.map { entry in
            let limits = entry.value.limits
            return made.add(.project, entry.name, limits, parallel: limits.parallel?.count, cap: entry.value.guardrails.budgetCap ?? cap)
        }
        let customers = document.customers.entries.map {
            made.add(.customer, $0.name, $0.value.limits, parallel: $0.value.limits.parallel?.count, cap: cap)
        }
        let organisation = made.add(
            .organisation, "", document.organisation.limits, parallel: document.organisation.limits.parallel?.count, cap: cap)
        made.setProjects(projects)
        made.setCustomers(customers)
        made.setChains(
            own.enumerated().map { index, chain in
                let key = keys.indices.contains(index) ? keys[index] : nil
                return gateway + chain + (key?.project.map { projects[$0] } ?? []) + (key?.customer.map { customers[$0] } ?? []) + organisation
            })
        addRouteAccounts(to: &made, cap: cap)
        var providers: [String: [Int]] = [:]
        for entry in document.providers.entries {
            let common = entry.value.provider.common
            providers[entry.name] = made.add(
                .provider, entry.name, entry.value.quotas, rpm: common.requestsPerMinute, tpm: common.tokensPerMinute,
                parallel: common.maxParallelRequests)
        }
        let list = reader.deployments
        made.setDeployments(
            list.deployments.indices.map { id in
                let limits = list.limits[id]
                let own = made.add(
                    .deployment, list.deployments[id].name, limits.quotas, rpm: limits.requestsPerMinute, tpm: limits.tokensPerMinute,
                    parallel: limits.parallel)
                return (providers[list.upstreams[id].providerName] ?? []) + own
            })
        return made.table
    }

    /// What requests are served as where there are no keys.
    static let localKey = "local"

    /// What is written as nothing is no limit; what is not written is as for all keys.
    private func parallel(of key: KeySettings, _ node: Node?) -> Int? {
        if let own = key.limits.parallel { return own.count }
        return node?.entry("max_parallel_requests") == nil ? document.general.maxParallelRequests : nil
    }

    // MARK: Checking

    /// One account has one limit, and modes say what of it there can be.
    mutating func checkLimits() {
        for entry in document.keys.entries {
            let (path, node) = ("keys".setting(entry.name), nodes["keys", entry.name])
            check(entry.value.limits.budget, rpd: entry.value.limits.requestsPerDay, tpd: entry.value.limits.tokensPerDay, at: path, node)
            checkMode(entry.value, at: path, node, line: entry.line)
        }
        let owners =
            document.projects.entries.map { ("projects", $0.name, $0.value.limits) }
            + document.customers.entries.map { ("customers", $0.name, $0.value.limits) }
        for (section, name, limits) in owners {
            check(limits.budget, rpd: limits.requestsPerDay, tpd: limits.tokensPerDay, at: section.setting(name), nodes[section, name])
        }
        let limits = document.organisation.limits
        check(limits.budget, rpd: limits.requestsPerDay, tpd: limits.tokensPerDay, at: "organisation", root["organisation"])
        checkRouteLimits()
        for entry in document.providers.entries {
            let quotas = entry.value.quotas
            check(
                quotas.budget, rpd: quotas.requestsPerDay, tpd: quotas.tokensPerDay, at: "providers".setting(entry.name),
                nodes["providers", entry.name])
        }
    }

    mutating func check(_ list: BudgetList, rpd: Int?, tpd: Int?, at path: String, _ node: Node?) {
        reader.reading.checkDay(list, rpd: rpd, tpd: tpd, at: path, node)
    }

    private mutating func checkMode(_ key: KeySettings, at path: String, _ node: Node?, line: Int) {
        let place = path.setting("budget_mode")
        let line = node?.entry("budget_mode")?.line ?? line
        let money = key.limits.budget.budgets.contains { $0.unit == .usd }
        switch key.budgetMode {
        case .currency: break
        case .free where money:
            reader.reading.problem(place, line, "a key that is free spends nothing: take its budget in usd away, or the mode")
        case .tokenLimit where money:
            reader.reading.problem(place, line, "a key with a limit of tokens has budgets in tokens and requests, not in usd")
        case .tokenLimit:
            let limits = key.limits
            let isBound =
                !limits.budget.budgets.isEmpty || limits.tokensPerDay != nil || limits.tokensPerMinute != nil || limits.requestsPerDay != nil
                || limits.requestsPerMinute != nil || limits.requestsPerSecond != nil
            if !isBound { reader.reading.problem(place, line, "say how much: a budget in tokens or requests, tpd, tpm, rpd or rpm") }
        case .free: break
        }
    }
}

extension Reading {
    /// Budgets of a day and limits of a day are one account.
    mutating func checkDay(_ list: BudgetList, rpd: Int?, tpd: Int?, at path: String, _ node: Node?) {
        for (name, unit, limit) in [("rpd", BudgetUnit.requests, rpd), ("tpd", .tokens, tpd)] where limit != nil {
            guard list.budgets.contains(where: { $0.unit == unit && $0.period == .day }) else { continue }
            problem(
                path.setting(name), node?.entry(name)?.line ?? node?.line ?? 0,
                "is the same as the budget of \(unit.rawValue) per day: one of them is enough")
        }
    }
}

extension ParallelLimit {
    /// Nil: any number.
    var count: Int? {
        if case .most(let count) = self { count } else { nil }
    }
}
