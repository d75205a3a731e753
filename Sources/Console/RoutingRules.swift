import Gateway
import Schema
import Settings
import Wire

/// TokenRouter's `/v1/routing-rules`: rules of all policies by number, in its own shapes (its API reference, "Routing rules", read
/// 2026-11). They stand in the section `rules` like any other.
struct RoutingRules: Sendable {
    let book: SettingsBook

    private static let section = "rules"
    private static let fields = ["name", "priority", "is_enabled", "match_json", "action_json", "user_id"]

    func answer(_ call: AdminCall) async throws -> AdminAnswer {
        let text = call.rest(after: 2)
        guard text.isEmpty else {
            guard let id = Int(text) else { throw AdminRefusal.unknown("routing rule", text) }
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
            let body = try call.object(Self.fields)
            try Self.check(body)
            let document = try await book.change(call.mark("rules.change", "rules.\(id)")) { document, overlay in
                let old = try Self.rule(id, document)
                let name = old["name"]?.scalar ?? ""
                if let new = body["name"]?.scalar, new != name { try Self.checkFree(new, document) }
                // Match and action are replaced whole: a patch of conditions could not take one away.
                var rule = old.setting("updated_at", .text(Timestamp.now()))
                for member in body.entries ?? [] { rule = rule.setting(member.name, member.node) }
                overlay.set([Self.section, name], to: nil)
                overlay.set([Self.section, rule["name"]?.scalar ?? name], to: rule)
            }
            let rule = try Self.rule(id, document)
            return Self.data { Self.shown(rule).write(to: &$0) }
        case "DELETE":
            _ = try await book.change(call.mark("rules.delete", "rules.\(id)")) { document, overlay in
                overlay.set([Self.section, try Self.rule(id, document)["name"]?.scalar ?? ""], to: nil)
            }
            return AdminAnswer { whole in whole.object { $0.member("success", true) } }
        default: throw AdminRefusal.wrongMethod("GET, PATCH, DELETE")
        }
    }

    private func create(_ call: AdminCall) async throws -> AdminAnswer {
        let body = try call.object(Self.fields)
        try Self.check(body)
        guard let name = body["name"]?.scalar else { throw AdminRefusal(422, "invalid_value", "`name` is missing") }
        guard body["is_enabled"] != nil else { throw AdminRefusal(422, "invalid_value", "`is_enabled` is missing") }
        let document = try await book.change(call.mark("rules.create", "rules.\(name)")) { document, overlay in
            try Self.checkFree(name, document)
            let id = (Self.rules(document).compactMap { Self.id($0) }.max() ?? 0) + 1
            let now = Node.text(Timestamp.now())
            var rule = Node.map([("id", .plain("\(id)"))])
            for member in body.entries ?? [] { rule = rule.setting(member.name, member.node) }
            overlay.set([Self.section, name], to: rule.setting("created_at", now).setting("updated_at", now))
        }
        guard let rule = Self.rules(document).first(where: { $0["name"]?.scalar == name }) else { throw AdminRefusal.unknown("routing rule", name) }
        var answer = Self.data { Self.shown(rule).write(to: &$0) }
        answer.status = 201
        return answer
    }

    // MARK: Shapes

    /// Those in its shape, by descending priority.
    private static func rules(_ document: Node) -> [Node] {
        (document[section]?.items ?? []).filter { id($0) != nil && $0["action_json"] != nil }.sorted { priority($0) > priority($1) }
    }

    private static func id(_ rule: Node) -> Int? { rule["id"]?.scalar.flatMap { Int($0) } }
    private static func priority(_ rule: Node) -> Int { rule["priority"]?.scalar.flatMap { Int($0) } ?? 0 }

    private static func rule(_ id: Int, _ document: Node) throws -> Node {
        guard let rule = rules(document).first(where: { Self.id($0) == id }) else { throw AdminRefusal.unknown("routing rule", "\(id)") }
        return rule
    }

    private static func check(_ body: Node) throws {
        if let name = body["name"], !(1...128 ~= (name.scalar ?? "").unicodeScalars.count) {
            throw AdminRefusal(422, "invalid_value", "`name` must have 1 to 128 characters")
        }
    }

    private static func checkFree(_ name: String, _ document: Node) throws {
        if Overlay.get([section, name], in: document) != nil {
            throw AdminRefusal(409, "already_exists", "there is a rule `\(name)` already")
        }
    }

    /// With what it may leave out.
    private static func shown(_ rule: Node) -> Node {
        var shown = rule
        if rule["priority"] == nil { shown = shown.setting("priority", .plain("0")) }
        if rule["match_json"] == nil { shown = shown.setting("match_json", .map([])) }
        if rule["user_id"] == nil { shown = shown.setting("user_id", .plain("null")) }
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
