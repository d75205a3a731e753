import Guarding
import Routing
import Schema

/// The firewall of a document, compiled.
public struct Firewall: Sendable {
    /// Those that look for patterns, substrings and words.
    public var rules: FirewallRules
    /// For each of `rules.rules`, the requests that it is asked for; nil: all.
    public var conditions: [Condition?]

    public static let none = Firewall(rules: FirewallRules.compile([]).rules, conditions: [])

    /// Compiles what is written in a list like the section `firewall`; problems say where in it.
    public static func compile(_ list: Node) -> (firewall: Firewall, problems: [Problem]) {
        var reading = Reading()
        let root = Node.map([("firewall", list)])
        guard list.items != nil, let document = SettingsDocument.read(root, at: "", &reading) else {
            if list.items == nil { reading.problem("firewall", list.line, "expected a list, found \(list.kind)") }
            return (.none, reading.problems.inOrder)
        }
        let firewall = compile(document.firewall, list.items ?? [], &reading)
        return (firewall, reading.problems.inOrder.errors)
    }

    static func compile(_ written: [FirewallRule], _ nodes: [Node], _ reading: inout Reading) -> Firewall {
        checkConditions(written, nodes, &reading)
        var rules: [FirewallRules.Rule] = []
        var places: [Int] = []
        for (index, rule) in written.enumerated() where index < nodes.count {
            let node = nodes[index]
            if let needed = rule.kind.needs.first, rule.kind.needs.allSatisfy({ node[$0]?.isEmpty ?? true }) {
                let place = "firewall".item(index).setting(needed)
                reading.problem(place, node.line, "is missing: what a rule of type `\(rule.kind.rawValue)` looks for")
            } else {
                rules.append(rule.compilable)
                places.append(index)
            }
        }
        let (compiled, problems) = FirewallRules.compile(rules)
        for problem in problems {
            let (index, setting) = (places[problem.index], problem.setting)
            let place = "firewall".item(index).setting(setting)
            let line = nodes[index].entry(setting)?.line ?? nodes[index].line
            reading.problem(problem.item.map { place.item($0) } ?? place, line, problem.message)
        }
        return Firewall(rules: compiled, conditions: compiled.indices.map { written[places[$0]].when })
    }

    /// Rules are asked before guardrails have spoken and before anything is routed.
    private static func checkConditions(_ written: [FirewallRule], _ nodes: [Node], _ reading: inout Reading) {
        for (index, rule) in written.enumerated() where index < nodes.count {
            for field in rule.when?.fields ?? [] where later.contains(where: { field.text.hasPrefix($0) }) {
                let line = nodes[index].entry("when")?.line ?? nodes[index].line
                reading.problem("firewall".item(index).setting("when"), line, "`\(field)` is not known yet when the firewall is asked")
            }
        }
    }

    private static let later = ["guardrail.", "deployment.", "provider.", "complexity.", "limiter."]

    /// What conditions of its rules ask for.
    public var fields: [FieldName] {
        var fields: [FieldName] = []
        for field in conditions.flatMap({ $0?.fields ?? [] }) where !fields.contains(field) { fields.append(field) }
        return fields
    }
}

extension FirewallRule {
    fileprivate var compilable: FirewallRules.Rule {
        var rule = FirewallRules.Rule(name: name)
        switch kind {
        case .regex: rule.kind = .regex
        case .substring, .contains: rule.kind = .substring
        case .keyword, .keywords: rule.kind = .keywords
        }
        switch scope {
        case .prompt: rule.scope = .prompt
        case .response, .completion, .reply: rule.scope = .reply
        case .both: rule.scope = .both
        }
        switch action {
        case .allow: rule.action = .allow
        case .log: rule.action = .log
        case .warn: rule.action = .warn
        case .mask: rule.action = .mask
        case .block: rule.action = .block
        }
        (rule.priority, rule.isEnabled, rule.replacement) = (priority, enabled, replacement)
        (rule.pattern, rule.words) = (pattern ?? "", words)
        return rule
    }
}
