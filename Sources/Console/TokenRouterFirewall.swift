import Gateway
import Routing
import Schema
import Settings
import Wire

/// TokenRouter's `/v1/firewall-rules`: rules of the section `firewall` by number, in its own shapes (its API reference, "Firewall rules",
/// read 2026-11). Rules that only we can say, such as word lists, are not among them.
struct TokenRouterFirewall: Sendable {
    let book: SettingsBook

    private static let section = "firewall"
    private static let choices: [(member: String, words: [String])] = [
        ("scope", ["prompt", "response", "both"]), ("type", ["substring", "regex"]), ("action", ["block", "mask", "warn"]),
    ]
    private static let writable = ["name", "is_enabled", "priority", "scope", "type", "pattern", "action", "replacement", "user_id"]
    static let longestPattern = 10_000

    func answer(_ call: AdminCall) async throws -> AdminAnswer {
        let text = call.rest(after: 2)
        guard text.isEmpty else {
            guard let id = Int(text) else { throw AdminRefusal.unknown("firewall rule", text) }
            return try await answer(call, id)
        }
        switch call.method {
        case "GET":
            let rules = Self.rules(await book.document)
            return Self.data { writer in writer.array { list in for rule in rules { Self.shown(rule).write(to: &list) } } }
        case "POST": return try await create(call)
        default: throw AdminRefusal.wrongMethod("GET, POST")
        }
    }

    private func answer(_ call: AdminCall, _ id: Int) async throws -> AdminAnswer {
        switch call.method {
        case "GET":
            let rule = try Self.rule(id, await book.document)
            return Self.data { Self.shown(rule).write(to: &$0) }
        case "PATCH":
            let body = try call.object(Self.writable)
            try Self.check(body)
            let document = try await book.change(call.mark("firewall.change", "firewall.\(id)")) { document, overlay in
                let old = try Self.rule(id, document)
                let name = Self.name(old)
                if let new = body["name"]?.scalar, new != name { try Self.checkFree(new, document) }
                var rule = Self.adding(body, to: old).setting("updated_at", .text(Timestamp.now()))
                // A rule of the file has no number of its own until it is changed here: then it keeps the one it was found by.
                if old["id"] == nil { rule = rule.setting("id", .plain("\(id)")) }
                if Self.name(rule) != name { overlay.set([Self.section, name], to: nil) }
                overlay.set([Self.section, Self.name(rule)], to: rule)
            }
            let rule = try Self.rule(id, document)
            return Self.data { Self.shown(rule).write(to: &$0) }
        case "DELETE":
            _ = try await book.change(call.mark("firewall.delete", "firewall.\(id)")) { document, overlay in
                overlay.set([Self.section, Self.name(try Self.rule(id, document))], to: nil)
            }
            return AdminAnswer { whole in whole.object { $0.member("success", true) } }
        default: throw AdminRefusal.wrongMethod("GET, PATCH, DELETE")
        }
    }

    private func create(_ call: AdminCall) async throws -> AdminAnswer {
        let body = try call.object(Self.writable)
        try Self.check(body)
        for member in ["name", "pattern"] where body[member]?.scalar == nil {
            throw AdminRefusal(422, "invalid_value", "`\(member)` is missing")
        }
        let name = Self.name(body)
        let document = try await book.change(call.mark("firewall.create", "firewall.\(name)")) { document, overlay in
            try Self.checkFree(name, document)
            // Numbers of rules of the file lie above all that are given here.
            let id = (Self.all(document).compactMap { $0["id"]?.scalar.flatMap { Int($0) } }.filter { $0 < Self.firstDerived }.max() ?? 0) + 1
            let now = Node.text(Timestamp.now())
            var rule = Node.map([("id", .plain("\(id)"))])
            for (member, word) in [("type", "substring"), ("scope", "prompt"), ("action", "block")] { rule = rule.setting(member, .text(word)) }
            rule = Self.adding(body, to: rule).setting("created_at", now).setting("updated_at", now)
            overlay.set([Self.section, name], to: rule)
        }
        guard let rule = Self.rules(document).first(where: { Self.name($0) == name }) else { throw AdminRefusal.unknown("firewall rule", name) }
        var answer = Self.data { Self.shown(rule).write(to: &$0) }
        answer.status = 201
        return answer
    }

    // MARK: Rules

    private static func all(_ document: Node) -> [Node] { document[section]?.items ?? [] }
    private static func name(_ rule: Node) -> String { rule["name"]?.scalar ?? "" }
    private static func priority(_ rule: Node) -> Int { rule["priority"]?.scalar.flatMap { Int($0) } ?? 0 }

    /// Those that its shape can say, by descending priority.
    private static func rules(_ document: Node) -> [Node] {
        all(document).filter { rule in
            rule["when"] == nil && rule["words"]?.isEmpty ?? true && word("type", rule) != nil && word("action", rule) != nil
                && word("scope", rule) != nil
        }.enumerated().sorted { (priority($1.element), $0.offset) < (priority($0.element), $1.offset) }.map(\.element)
    }

    private static func rule(_ id: Int, _ document: Node) throws -> Node {
        guard let rule = rules(document).first(where: { Self.id($0) == id }) else { throw AdminRefusal.unknown("firewall rule", "\(id)") }
        return rule
    }

    /// Its own, else one made of its name: the same as long as the name is.
    private static func id(_ rule: Node) -> Int {
        rule["id"]?.scalar.flatMap { Int($0) } ?? firstDerived + Int(Random.hash(name(rule).utf8) % UInt64(firstDerived))
    }

    /// Numbers up to twice this are whole in JavaScript too.
    private static let firstDerived = 1 << 52

    // MARK: Checks

    private static func check(_ body: Node) throws {
        func refuse(_ message: String) -> AdminRefusal { AdminRefusal(422, "invalid_value", message) }
        if let name = body["name"], !(1...128 ~= (name.scalar ?? "").unicodeScalars.count) { throw refuse("`name` must have 1 to 128 characters") }
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

    private static func checkFree(_ name: String, _ document: Node) throws {
        if Overlay.get([section, name], in: document) != nil {
            throw AdminRefusal(409, "already_exists", "there is a firewall rule `\(name)` already")
        }
    }

    // MARK: Shapes

    /// What a body says, as settings have it.
    private static func adding(_ body: Node, to rule: Node) -> Node {
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

    private static func shown(_ rule: Node) -> Node {
        var shown = Node.map([("id", .plain("\(id(rule))")), ("user_id", .plain("null")), ("name", .text(name(rule)))])
        shown = shown.setting("is_enabled", rule["enabled"] ?? .plain("true")).setting("priority", .plain("\(priority(rule))"))
        for member in ["scope", "type"] { shown = shown.setting(member, .text(word(member, rule) ?? "")) }
        shown = shown.setting("pattern", .text(rule["pattern"]?.scalar ?? "")).setting("action", .text(word("action", rule) ?? ""))
        shown = shown.setting("replacement", .text(rule["replacement"]?.scalar ?? FirewallRule().replacement))
        for member in ["created_at", "updated_at"] { shown = shown.setting(member, rule[member] ?? .plain("null")) }
        return shown
    }

    private static func data(_ write: (inout JSONWriter) -> Void) -> AdminAnswer {
        AdminAnswer { whole in
            whole.object { whole in
                whole.key("data")
                write(&whole)
            }
        }
    }
}
