import Routing
import Schema

/// Where a rule asks for which fields.
struct RulePlace {
    var name: String
    var fields: [FieldName]
    var path: String
    var line: Int
}

/// Rules of policies: names become routes, trees become routes of their own.
extension Compiler {
    /// One table policy for each policy, with its own rules and those of all policies. Without any policy the latter are those of a
    /// policy `default` that says nothing else.
    mutating func addRules() {
        if !document.rules.isEmpty, defaultPolicy == nil {
            defaultPolicy = compiledPolicies.count
            compiledPolicies.append(Policy(name: Self.defaultName))
        }
        for index in compiledPolicies.indices {
            let policy = compiledPolicies[index]
            var written: [WrittenRule] = []
            let path = "policies".setting(policy.name)
            for (number, rule) in (document.policies[policy.name]?.rules ?? []).enumerated() {
                let place = path.setting("rules").item(number)
                if let read = RuleReader.read(rule.node, at: place, primary: primary(of: policy), &reader.reading) { written.append(read) }
            }
            for (number, rule) in document.rules.enumerated() {
                let place = "rules".item(number)
                if let read = RuleReader.read(rule.node, at: place, primary: primary(of: policy), &reader.reading) { written.append(read) }
            }
            let rules = written.map { compile($0, of: policy) }
            for (rule, written) in zip(rules, written) where !rule.when.fields.isEmpty {
                rulePlaces.append(RulePlace(name: rule.name, fields: rule.when.fields, path: written.path.setting("when"), line: written.line))
            }
            RuleLinter.lint(rules, written.map { ($0.path, $0.line) }, &reader.reading)
            compiledPolicies[index].rules = tablePolicies.count
            tablePolicies.append(RoutingPolicy(name: policy.name, rules: rules, retry: policy.retry))
        }
    }

    /// The deployment that serves first when all is well: what a policy's rules about latency are about.
    private func primary(of policy: Policy) -> String? {
        guard let route = policy.route else { return nil }
        return first(of: routes[route].tree, depth: 0).map { reader.deployments.deployments[$0].name }
    }

    private func first(of tree: Route, depth: Int) -> Deployment.ID? {
        guard depth <= RoutingTable.maxDepth else { return nil }
        switch tree {
        case .deployment(let id, _): return id
        case .with(_, let inner): return first(of: inner, depth: depth + 1)
        case .named(let name): return routes.first { $0.name == name }.flatMap { first(of: $0.tree, depth: depth + 1) }
        case .choice(_, let branches): return branches.lazy.compactMap { first(of: $0.route, depth: depth + 1) }.first
        }
    }

    private mutating func compile(_ written: WrittenRule, of policy: Policy) -> Rule {
        var rule = written.rule
        let path = written.path.setting(written.actions)
        if let provider = rule.then.provider, !reader.names.providerNames.contains(provider) {
            let help = Spelling.help(for: provider, among: reader.names.providerNames)
            lacks(
                &rule, "there is no provider `\(provider.prefix(100))`\(help)", at: path.setting("provider"),
                line: written.lines["provider"] ?? written.line)
            if rule.lack != nil { return rule }
        }
        if let params = reader.params(written.params, at: path), !params.isEmpty { rule.then.params = params }
        if let node = written.route {
            rule.then.route = ruleRoute(node, of: written, policy, &rule, at: path.setting("route"))
        } else if let model = written.model {
            // A provider and its name for a model are a deployment.
            let name = rule.then.provider.map { model.hasPrefix("\($0)/") ? model : "\($0)/\(model)" } ?? model
            let known = reader.names.routes[model] != nil
            let line = written.lines["model"] ?? written.line
            rule.then.route = ruleRoute(named: known ? model : name, &rule, at: path.setting("model"), line: line)
        } else if let name = written.policy {
            rule.then.route = policyRoute(name, &rule, at: path.setting("policy"), line: written.lines["policy"] ?? written.line)
        } else if written.usesChain {
            rule.then.route = chain(of: policy, at: path, line: written.line)
        }
        return rule
    }

    /// It names something that is not there: a problem, or why it is passed over.
    private mutating func lacks(_ rule: inout Rule, _ message: String, at path: String, line: Int) {
        guard reader.skipsDangling else { return reader.reading.problem(path, line, message) }
        reader.reading.warning(path, line, "the rule is passed over: \(message)")
        (rule.lack, rule.isEnabled) = (message, false)
    }

    /// Every rule that asks about what there is not: the table names the first alone. False: who was named is none of them.
    mutating func reportRules(asking problem: RouteProblem) -> Bool {
        guard case .unknownSubject(let field, nearest: _) = problem.kind else { return false }
        var own = problem
        let asking = rules(askingFor: field)
        for place in asking {
            own.route = place.name
            reader.reading.problem(place.path, place.line, own.description)
        }
        return asking.contains { $0.name == problem.route }
    }

    /// Each once, though rules of all policies are read for each.
    private func rules(askingFor field: String) -> [RulePlace] {
        var seen: Set<String> = []
        return rulePlaces.filter { place in place.fields.contains { $0.text == field } && seen.insert(place.path).inserted }
    }

    /// Switches off the rules whose `when` is about a deployment or provider that is gone: whether a name stands for something is known only
    /// when the table is made. False: there was none.
    mutating func passOverRules(asking problems: [RouteProblem]) -> Bool {
        var isAny = false
        for case .unknownSubject(let field, nearest: _) in problems.map(\.kind) {
            let message = "nothing is named as in `\(field)`"
            for policy in tablePolicies.indices {
                for rule in tablePolicies[policy].rules.indices {
                    let found = tablePolicies[policy].rules[rule]
                    guard found.isEnabled, found.when.fields.contains(where: { $0.text == field }) else { continue }
                    tablePolicies[policy].rules[rule].lack = message
                    tablePolicies[policy].rules[rule].isEnabled = false
                    isAny = true
                }
            }
            for place in rules(askingFor: field) {
                reader.reading.warning(place.path, place.line, "the rule is passed over: \(message)")
            }
        }
        return isAny
    }

    private mutating func ruleRoute(named name: String, _ rule: inout Rule, at path: String, line: Int) -> String? {
        if reader.skipsDangling, let message = reader.absence(of: name) {
            lacks(&rule, message, at: path, line: line)
            return nil
        }
        return routeName(name, at: path, line: line)
    }

    private mutating func ruleRoute(_ node: Node, of written: WrittenRule, _ policy: Policy, _ rule: inout Rule, at path: String) -> String? {
        if let name = node.scalar { return ruleRoute(named: name, &rule, at: path, line: node.line) }
        // The name begins so that no client can ask for it.
        var name = "policy:\(policy.name):rule:\(written.rule.name)"
        while places[name] != nil { name += "'" }
        places[name] = (path, node.line)
        guard let tree = reader.route(node, at: path, owner: name)?.route else { return nil }
        if reader.isGone(tree) {
            lacks(&rule, "nothing is left of its route", at: path, line: node.line)
            return nil
        }
        hidden.insert(name)
        let own = document.policies[policy.name].map { policies.retry(of: $0, named: policy.name) } ?? policies.retry()
        routes.append(NamedRoute(name: name, tree: tree, retry: own, timeout: policy.timeout ?? policies.timeout))
        return name
    }

    private mutating func policyRoute(_ name: String, _ rule: inout Rule, at path: String, line: Int) -> String? {
        guard let policy = compiledPolicies.first(where: { $0.name == name }) else {
            let help = Spelling.help(for: name, among: compiledPolicies.map(\.name))
            lacks(&rule, "there is no policy `\(name.prefix(100))`\(help)", at: path, line: line)
            return nil
        }
        guard let route = policy.route else {
            reader.reading.problem(path, line, "the policy `\(name.prefix(100))` has no route")
            return nil
        }
        return routes[route].name
    }

    private mutating func chain(of policy: Policy, at path: String, line: Int) -> String? {
        let name = Self.chainName(ofPolicy: policy.name)
        if routes.contains(where: { $0.name == name }) { return name }
        reader.reading.problem(path, line, "the policy has no fallback chain to use")
        return nil
    }
}
