import Guarding
import Routing
import Schema

/// Limits of routes, and what they say of personal data.
extension Compiler {
    /// What is written of a route beside its tree, which is what remains of `node`.
    mutating func takeTerms(of name: String, _ node: Node, at path: String) -> Node {
        guard let entries = node.entries, entries.contains(where: { RouteTermSettings.names.contains($0.name) }) else { return node }
        let own = Node(.map(entries.filter { RouteTermSettings.names.contains($0.name) }), line: node.line)
        if let settings = RouteTermSettings.read(own, at: path, &reader.reading) {
            setTerms(of: name, RouteTerms(limits: settings.limits, personalData: settings.personalData, path: path, node: node))
        }
        return Node(.map(entries.filter { !RouteTermSettings.names.contains($0.name) }), line: node.line)
    }

    mutating func setTerms(of name: String, _ new: RouteTerms) {
        guard !new.isEmpty else { return }
        terms[name] = new
    }

    /// The terms that hold for requests over a route: its own, and those of a route that it is another name of. Where it chooses among
    /// several, requests are charged to the one they came for.
    func terms(of route: NamedRoute) -> [(name: String, terms: RouteTerms)] {
        guard !terms.isEmpty else { return [] }
        var (found, seen, name, tree) = ([(String, RouteTerms)](), Set<String>(), route.name, Optional(route.tree))
        while let next = tree, seen.insert(name).inserted {
            if let own = terms[name] { found.append((name, own)) }
            var inner = next
            while case .with(_, let within) = inner { inner = within }
            guard case .named(let other) = inner else { break }
            (name, tree) = (other, routes.first { $0.name == other }?.tree)
        }
        return found
    }

    // MARK: Limits

    func addRouteAccounts(to made: inout AccountCompiler, cap: GuardAction) {
        guard terms.contains(where: { $0.value.limits != nil }) else { return }
        let keys = document.keys.entries.isEmpty ? [Self.localKey] : document.keys.entries.map(\.name)
        let customers = document.customers.entries.map(\.name)
        var known: [String: (common: [Int], callers: [[Int]])] = [:]
        for (id, route) in routes.enumerated() {
            let limited = terms(of: route).compactMap { name, terms in terms.limits.map { (name, $0) } }
            guard !limited.isEmpty else { continue }
            var (common, callers) = ([Int](), [[Int]]())
            for (name, limits) in limited {
                let accounts = known[name] ?? accounts(of: name, limits, keys, customers, &made, cap: cap)
                known[name] = accounts
                common += accounts.common
                guard !accounts.callers.isEmpty else { continue }
                if callers.isEmpty { callers = Array(repeating: [], count: accounts.callers.count) }
                for index in callers.indices { callers[index] += accounts.callers[index] }
            }
            made.setRoute(callers.isEmpty ? [common] : callers.map { common + $0 }, keys: callers.isEmpty ? 0 : keys.count, at: id, of: routes.count)
        }
    }

    /// Each route's once, however many names lead to it.
    private func accounts(
        of name: String, _ limits: RouteLimitSettings, _ keys: [String], _ customers: [String], _ made: inout AccountCompiler, cap: GuardAction
    ) -> (common: [Int], callers: [[Int]]) {
        let common = made.add(.route, name, limits.limits, parallel: limits.limits.parallel?.count, cap: cap)
        guard let each = limits.perUser else { return (common, []) }
        let owners = keys.map { Account.caller(key: $0, of: name) } + customers.map { Account.caller(customer: $0, of: name) }
        return (common, owners.map { made.add(.caller, $0, each, parallel: each.parallel?.count, cap: cap) })
    }

    mutating func checkRouteLimits() {
        for (_, terms) in terms.sorted(by: { $0.key < $1.key }) {
            guard let limits = terms.limits else { continue }
            let (place, node) = (terms.path.setting("limits"), terms.node?["limits"])
            for (part, path, written) in [
                (limits.limits, place, node), (limits.perUser ?? LimitSettings(), place.setting("per_user"), node?["per_user"]),
            ] {
                check(part.budget, rpd: part.requestsPerDay, tpd: part.tokensPerDay, at: path, written)
            }
        }
    }

    // MARK: Personal data

    /// By route: what its terms say of personal data, where they say something.
    var routeGuards: [Int: PersonalDataSettings] {
        guard terms.contains(where: { $0.value.personalData != nil }) else { return [:] }
        var guards: [Int: PersonalDataSettings] = [:]
        for (id, route) in routes.enumerated() {
            for (_, terms) in terms(of: route) {
                if let own = terms.personalData { guards[id] = own.joined(with: guards[id]) }
            }
        }
        return guards
    }
}
