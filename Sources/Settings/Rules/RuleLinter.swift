import Routing
import Schema

/// Finds rules and branches that can never decide, and rules that contradict each other. It says only what it is sure of.
enum RuleLinter {
    /// Each rule with its path and line.
    static func lint(_ rules: [Rule], _ places: [(path: String, line: Int)], _ reading: inout Reading) {
        func warn(_ index: Int, _ message: String) { reading.warning(places[index].path, places[index].line, message) }
        let order = rules.indices.sorted { (-rules[$0].priority, $0) < (-rules[$1].priority, $1) }
        var asked: [Int] = []
        for index in order {
            let rule = rules[index]
            if rule.lack != nil { continue }  // said already
            if !rule.isEnabled {
                warn(index, "is switched off, so it is never asked")
                continue
            }
            if let why = Logic.impossible(rule.when) {
                warn(index, "can never apply: \(why)")
                continue
            }
            if let earlier = asked.first(where: { contradicts(rules[$0], rule) }) {
                warn(
                    index, "contradicts `\(rules[earlier].name)` (line \(places[earlier].line)): the same condition and priority, but another action")
            } else if let earlier = asked.first(where: { hides(rules[$0], rule) }) {
                let why = Logic.implies(.always, rules[earlier].when) ? "always applies" : "applies whenever this one would"
                warn(index, "can never apply: `\(rules[earlier].name)` (line \(places[earlier].line)) is asked before it and \(why)")
            }
            asked.append(index)
        }
    }

    private static func contradicts(_ earlier: Rule, _ later: Rule) -> Bool {
        earlier.priority == later.priority && earlier.after == later.after && earlier.then != later.then
            && Logic.implies(earlier.when, later.when) && Logic.implies(later.when, earlier.when)
    }

    /// Rules about faults are hit once each, so an earlier one leaves later ones their turn.
    private static func hides(_ earlier: Rule, _ later: Rule) -> Bool {
        earlier.after == nil && later.after == nil && Logic.implies(later.when, earlier.when)
    }

    /// The branches of a conditional choice, each with its condition's path and line.
    static func lint(branches: [(when: Condition, path: String, line: Int)], _ reading: inout Reading) {
        for (index, branch) in branches.enumerated() {
            if let why = Logic.impossible(branch.when) {
                reading.warning(branch.path, branch.line, "can never hold: \(why)")
            } else if let earlier = branches[..<index].first(where: { Logic.implies(branch.when, $0.when) }) {
                let why = Logic.implies(.always, earlier.when) ? "always holds" : "holds whenever this one does"
                reading.warning(branch.path, branch.line, "is never asked first: the branch on line \(earlier.line) comes before it and \(why)")
            }
        }
    }
}
