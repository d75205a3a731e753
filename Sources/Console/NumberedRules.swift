import Gateway
import Schema
import Settings
import Wire

/// Rules of one section by number, as TokenRouter's API has them: made, listed, changed and deleted. A kind of rules says its members
/// and how they are written in settings.
protocol NumberedRules: Sendable {
    var book: SettingsBook { get }

    static var section: String { get }
    /// As errors call one of them.
    static var noun: String { get }
    static var members: [String] { get }
    /// What a new one cannot be without.
    static var needed: [String] { get }
    /// What a new one has that says nothing else.
    static var initial: [(member: String, word: String)] { get }

    /// Nil: it has none, and this API does not know it.
    static func id(_ rule: Node) -> Int?
    /// Whether its shape can say the rule.
    static func says(_ rule: Node) -> Bool
    /// - Throws: `AdminRefusal` of what a member is not.
    static func check(_ body: Node) throws
    /// What a body says, as settings have it.
    static func adding(_ body: Node, to rule: Node) -> Node
    static func shown(_ rule: Node) -> Node
}

extension NumberedRules {
    /// Numbers from here on are made of names. Up to twice this they are whole in JavaScript too.
    static var firstDerived: Int { 1 << 52 }

    func answer(_ call: AdminCall) async throws -> AdminAnswer {
        let text = call.rest(after: 2)
        guard text.isEmpty else {
            guard let id = Int(text) else { throw AdminRefusal.unknown(Self.noun, text) }
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
            let document = try await change(call, id)
            let rule = try Self.rule(id, document)
            return Self.data { Self.shown(rule).write(to: &$0) }
        case "DELETE":
            _ = try await book.change(call.mark("\(Self.section).delete", "\(Self.section).\(id)")) { document, overlay in
                overlay.set([Self.section, Self.name(try Self.rule(id, document))], to: nil)
            }
            return AdminAnswer { whole in whole.object { $0.member("success", true) } }
        default: throw AdminRefusal.wrongMethod("GET, PATCH, DELETE")
        }
    }

    private func change(_ call: AdminCall, _ id: Int) async throws -> Node {
        let body = try call.object(Self.members)
        try Self.check(body)
        return try await book.change(call.mark("\(Self.section).change", "\(Self.section).\(id)")) { document, overlay in
            let old = try Self.rule(id, document)
            let name = Self.name(old)
            if let new = body["name"]?.scalar, new != name { try Self.checkFree(new, document) }
            var rule = Self.adding(body, to: old).setting("updated_at", .text(Timestamp.now()))
            // A rule of the file has no number of its own until it is changed here: then it keeps the one it was found by.
            if old["id"] == nil { rule = rule.setting("id", .plain("\(id)")) }
            // Replaced whole: a patch of conditions could not take one away.
            overlay.set([Self.section, name], to: nil)
            overlay.set([Self.section, Self.name(rule)], to: rule)
        }
    }

    private func create(_ call: AdminCall) async throws -> AdminAnswer {
        let body = try call.object(Self.members)
        try Self.check(body)
        for member in Self.needed where body[member]?.scalar == nil {
            throw AdminRefusal(422, "invalid_value", "`\(member)` is missing")
        }
        let name = Self.name(body)
        let document = try await book.change(call.mark("\(Self.section).create", "\(Self.section).\(name)")) { document, overlay in
            try Self.checkFree(name, document)
            let given = Self.all(document).compactMap { $0["id"]?.scalar.flatMap { Int($0) } }.filter { $0 < Self.firstDerived }
            var rule = Node.map([("id", .plain("\((given.max() ?? 0) + 1)"))])
            for (member, word) in Self.initial { rule = rule.setting(member, .text(word)) }
            let now = Node.text(Timestamp.now())
            overlay.set([Self.section, name], to: Self.adding(body, to: rule).setting("created_at", now).setting("updated_at", now))
        }
        guard let rule = Self.rules(document).first(where: { Self.name($0) == name }) else { throw AdminRefusal.unknown(Self.noun, name) }
        var answer = Self.data { Self.shown(rule).write(to: &$0) }
        answer.status = 201
        return answer
    }

    // MARK: Rules

    static func name(_ rule: Node) -> String { rule["name"]?.scalar ?? "" }
    static func priority(_ rule: Node) -> Int { rule["priority"]?.scalar.flatMap { Int($0) } ?? 0 }

    private static func all(_ document: Node) -> [Node] { document[section]?.items ?? [] }

    /// Those that its shape can say, by descending priority.
    private static func rules(_ document: Node) -> [Node] {
        all(document).filter { id($0) != nil && says($0) }.enumerated()
            .sorted { (priority($1.element), $0.offset) < (priority($0.element), $1.offset) }.map(\.element)
    }

    private static func rule(_ id: Int, _ document: Node) throws -> Node {
        guard let rule = rules(document).first(where: { Self.id($0) == id }) else { throw AdminRefusal.unknown(noun, "\(id)") }
        return rule
    }

    private static func checkFree(_ name: String, _ document: Node) throws {
        if Overlay.get([section, name], in: document) != nil {
            throw AdminRefusal(409, "already_exists", "there is a \(noun) `\(name)` already")
        }
    }

    /// - Throws: `AdminRefusal` when it is longer than its API allows.
    static func checkName(_ body: Node) throws {
        if let name = body["name"], !(1...128 ~= (name.scalar ?? "").unicodeScalars.count) {
            throw AdminRefusal(422, "invalid_value", "`name` must have 1 to 128 characters")
        }
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
