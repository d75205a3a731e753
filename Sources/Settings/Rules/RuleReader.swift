import Routing
import Schema

/// Reads rules in the forms in which they are written: ours, Merge's tag rules, TokenVue's categories, TokenRouter's JSON.
struct RuleReader {
    /// The deployment that `latency` and its like are about, in TokenVue's rules. Nil: not known yet.
    var primary: String?

    /// Nil: it has problems.
    static func read(_ node: Node, at path: String, primary: String? = nil, _ reading: inout Reading) -> WrittenRule? {
        let before = reading.problems.errors.count
        var rule = RuleReader(primary: primary).rule(node, at: path, &reading)
        rule?.path = path
        rule?.line = node.line
        return reading.problems.errors.count == before ? rule : nil
    }

    private func rule(_ node: Node, at path: String, _ reading: inout Reading) -> WrittenRule? {
        guard let entries = reading.entries(of: node, at: path, expected: "a rule") else { return nil }
        let names = Set(entries.map(\.name))
        if names.contains("match_json") || names.contains("action_json") { return tokenRouter(node, entries, at: path, &reading) }
        if names.contains("category") { return tokenVue(node, entries, at: path, &reading) }
        return own(node, at: path, &reading)
    }

    // MARK: Our own

    private func own(_ node: Node, at path: String, _ reading: inout Reading) -> WrittenRule? {
        guard let own = OwnRule.read(node, at: path, &reading) else { return nil }
        var written = WrittenRule()
        written.rule = Rule(name: own.name, priority: own.priority, isEnabled: own.enabled, when: own.when ?? .always, then: RuleActions())
        written.rule.after = own.after?.set
        if node["when"] == nil, own.after == nil {
            reading.problem(path, node.line, "has neither `when` nor `after`, so it is never asked")
        }
        if own.after?.set.isEmpty ?? false { reading.problem(path.setting("after"), node.entry("after")?.line ?? node.line, "names no fault") }
        for entry in (node["then"] ?? node["use"])?.entries ?? [] { written.lines[entry.name] = entry.line }
        if let then = own.then {
            if own.use != nil {
                reading.problem(path.setting("use"), node.entry("use")?.line ?? node.line, "has no meaning beside `then`: say either")
            }
            fill(&written, then)
        } else if let use = own.use {
            (written.route, written.model, written.policy, written.actions) = (use.route, use.model, use.policy, "use")
        } else {
            reading.problem(path.setting("then"), node.line, "is missing: what it does")
            return written
        }
        if written.doesNothing {
            reading.problem(path.setting(written.actions), node.entry(written.actions)?.line ?? node.line, "does nothing")
        }
        if [written.route == nil, written.policy == nil, written.model == nil].count(where: { !$0 }) > 1 {
            let place = path.setting(written.actions)
            reading.problem(place, node.entry(written.actions)?.line ?? node.line, "names several of `route`, `model` and `policy`: say one")
        }
        return written
    }

    private func fill(_ written: inout WrittenRule, _ then: OwnActions) {
        written.route = then.route
        written.model = then.model
        written.params = then.params
        written.rule.then = RuleActions(
            mode: then.mode?.mode, provider: then.provider, addTags: then.addTags, warn: then.warn, deny: then.deny)
    }
}

extension WrittenRule {
    var doesNothing: Bool { rule.then.isEmpty && route == nil && model == nil && policy == nil && params == nil && !usesChain }
}
