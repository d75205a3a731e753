import Schema
import Settings

/// TokenRouter's `/v1/routing-rules`: rules of all policies by number, in its own shapes (its API reference, "Routing rules", read
/// 2026-11). They stand in the section `rules` like any other.
struct RoutingRules: NumberedRules {
    let book: SettingsBook

    static let section = "rules"
    static let noun = "routing rule"
    static let members = ["name", "priority", "is_enabled", "match_json", "action_json", "user_id"]
    static let needed = ["name", "is_enabled"]
    static let initial: [(member: String, word: String)] = []

    static func id(_ rule: Node) -> Int? { rule["id"]?.scalar.flatMap { Int($0) } }
    static func says(_ rule: Node) -> Bool { rule["action_json"] != nil }
    static func check(_ body: Node) throws { try checkName(body) }

    static func adding(_ body: Node, to rule: Node) -> Node {
        (body.entries ?? []).reduce(rule) { rule, member in rule.setting(member.name, member.node) }
    }

    /// With what it may leave out.
    static func shown(_ rule: Node) -> Node {
        var shown = rule
        if rule["priority"] == nil { shown = shown.setting("priority", .plain("0")) }
        if rule["match_json"] == nil { shown = shown.setting("match_json", .map([])) }
        if rule["user_id"] == nil { shown = shown.setting("user_id", .plain("null")) }
        return shown
    }
}
