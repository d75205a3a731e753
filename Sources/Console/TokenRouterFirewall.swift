import Routing
import Schema
import Settings

/// TokenRouter's `/v1/firewall-rules`: rules of the section `firewall` by number, in its own shapes (its API reference, "Firewall rules",
/// read 2026-11). Rules that only we can say, such as word lists, are not among them.
struct TokenRouterFirewall: NumberedRules {
    let book: SettingsBook

    static let section = "firewall"
    static let noun = "firewall rule"
    static let members = ["name", "is_enabled", "priority", "scope", "type", "pattern", "action", "replacement", "user_id"]
    static let needed = ["name", "pattern"]
    static let initial: [(member: String, word: String)] = [("type", "substring"), ("scope", "prompt"), ("action", "block")]
    static let longestPattern = 10_000

    private static let choices: [(member: String, words: [String])] = [
        ("scope", ["prompt", "response", "both"]), ("type", ["substring", "regex"]), ("action", ["block", "mask", "warn"]),
    ]

    static func says(_ rule: Node) -> Bool {
        rule["when"] == nil && rule["words"]?.isEmpty ?? true && word("type", rule) != nil && word("action", rule) != nil
            && word("scope", rule) != nil
    }

    /// Its own, else one made of its name: the same as long as the name is.
    static func id(_ rule: Node) -> Int? {
        rule["id"]?.scalar.flatMap { Int($0) } ?? firstDerived + Int(Random.hash(name(rule).utf8) % UInt64(firstDerived))
    }

    // MARK: Checks

    static func check(_ body: Node) throws {
        try checkName(body)
        func refuse(_ message: String) -> AdminRefusal { AdminRefusal(422, "invalid_value", message) }
        if let pattern = body["pattern"], !(1...longestPattern ~= (pattern.scalar ?? "").utf8.count) {
            throw refuse("`pattern` must be a text of 1 to \(longestPattern) bytes")
        }
        if let enabled = body["is_enabled"], !["true", "false"].contains(enabled.scalar ?? "") { throw refuse("`is_enabled` must be true or false") }
        if let priority = body["priority"], !(-1000...1000 ~= (priority.scalar.flatMap { Int($0) } ?? .max)) {
            throw refuse("`priority` must be a whole number from -1000 to 1000")
        }
        for (member, words) in choices {
            guard let node = body[member] else { continue }
            guard let text = node.scalar, words.contains(text) else {
                let help = Spelling.help(for: node.scalar ?? "", among: words)
                throw refuse("`\(member)` must be one of \(words.map { "`\($0)`" }.joined(separator: ", "))\(help)")
            }
        }
        if let replacement = body["replacement"], !replacement.isNull, replacement.scalar == nil { throw refuse("`replacement` must be a text") }
    }

    // MARK: Shapes

    static func adding(_ body: Node, to rule: Node) -> Node {
        var rule = rule
        for member in body.entries ?? [] {
            switch member.name {
            case "is_enabled": rule = rule.setting("enabled", member.node)
            // Theirs: who made the rule stands in the audit log.
            case "user_id": break
            // A text, whatever it looks like: `404` is a pattern.
            case "pattern", "replacement", "name": rule = rule.setting(member.name, member.node.isNull ? nil : .text(member.node.scalar ?? ""))
            default: rule = rule.setting(member.name, member.node)
            }
        }
        return rule
    }

    /// In its words; nil: it has none.
    private static func word(_ member: String, _ rule: Node) -> String? {
        let written = rule[member]?.scalar
        switch (member, written) {
        case ("scope", nil): return "prompt"
        case ("scope", "reply"?), ("scope", "completion"?): return "response"
        case ("type", nil): return "regex"
        case ("type", "contains"?): return "substring"
        case ("action", nil): return "block"
        default: return written.flatMap { word in choices.first { $0.member == member }?.words.contains(word) == true ? word : nil }
        }
    }

    static func shown(_ rule: Node) -> Node {
        var shown = Node.map([("id", .plain("\(id(rule) ?? 0)")), ("user_id", .plain("null")), ("name", .text(name(rule)))])
        shown = shown.setting("is_enabled", rule["enabled"] ?? .plain("true")).setting("priority", .plain("\(priority(rule))"))
        for member in ["scope", "type"] { shown = shown.setting(member, .text(word(member, rule) ?? "")) }
        shown = shown.setting("pattern", .text(rule["pattern"]?.scalar ?? "")).setting("action", .text(word("action", rule) ?? ""))
        shown = shown.setting("replacement", .text(rule["replacement"]?.scalar ?? FirewallRule().replacement))
        for member in ["created_at", "updated_at"] { shown = shown.setting(member, rule[member] ?? .plain("null")) }
        return shown
    }
}
