import Schema

/// Names in parts that have no effect so far: checked as if they had, so that a document does not become wrong one day.
extension Compiler {
    mutating func checkReferences() {
        for entry in document.policies.entries {
            let path = "policies".setting(entry.name)
            if entry.name != "default" {
                reader.reading.warning(path, entry.line, "accepted, but not effective yet: only the policy `default` is")
                if let route = entry.value.route { _ = reader.route(route, at: path.setting("route"), owner: path) }
            }
            if let retry = entry.value.retry, retry.monthlyBudget.nanodollars > 0 {
                reader.reading.warning(path.setting("retry").setting("monthly_budget"), entry.line, "accepted, but not effective yet")
            }
            for (index, rule) in entry.value.rules.enumerated() {
                let node = root["policies"]?[entry.name]?["rules"]?.items?[index]
                check(rule, node, at: path.setting("rules").item(index))
            }
        }
        for (index, rule) in document.firewall.enumerated() {
            guard let node = root["firewall"]?.items?[index], let needed = rule.kind.needs.first else { continue }
            if rule.kind.needs.allSatisfy({ node[$0]?.isEmpty ?? true }) {
                let place = "firewall".item(index).setting(needed)
                reader.reading.problem(place, node.line, "is missing: what a rule of type `\(rule.kind.rawValue)` looks for")
            }
        }
        for entry in document.projects.entries {
            check(entry.value.policy, among: document.policies.names, "policy", at: "projects".setting(entry.name), root["projects"]?[entry.name])
        }
        for entry in document.keys.entries {
            let (path, node) = ("keys".setting(entry.name), root["keys"]?[entry.name])
            check(entry.value.project, among: document.projects.names, "project", at: path, node)
            check(entry.value.policy, among: document.policies.names, "policy", at: path, node)
        }
    }

    private mutating func check(_ rule: RuleSettings, _ node: Node?, at path: String) {
        let then = path.setting("then")
        if let route = rule.then.route { _ = reader.route(route, at: then.setting("route"), owner: path) }
        check(rule.then.provider, among: reader.names.providerNames, "provider", at: then, node?["then"])
        if rule.then.isEmpty {
            reader.reading.problem(then, node?.entry("then")?.line ?? node?.line ?? 0, "does nothing")
        }
        if rule.when == nil, rule.after == nil {
            reader.reading.problem(path, node?.line ?? 0, "has neither `when` nor `after`, so it is never asked")
        }
    }

    private mutating func check(_ name: String?, among names: [String], _ setting: String, at path: String, _ node: Node?) {
        guard let name, !names.contains(name) else { return }
        let line = node?.entry(setting)?.line ?? node?.line ?? 0
        reader.reading.problem(path.setting(setting), line, "there is no \(setting) `\(name.prefix(100))`\(Spelling.help(for: name, among: names))")
    }
}
