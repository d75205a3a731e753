import Schema

/// Names in parts that have no effect so far: checked as if they had, so that a document does not become wrong one day.
extension Compiler {
    mutating func checkReferences() {
        for entry in document.policies.entries {
            let path = "policies".setting(entry.name)
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
