import Crypto
import Gateway
import Schema
import Settings
import Storage
import Wire

/// `GET|POST /api/v1/{section}` and `GET|PATCH|DELETE …/{name}`: named parts of the settings, edited in the overlay.
struct Collections: Sendable {
    /// Path segment to section of the document.
    static let sections = [
        "providers": "providers", "models": "models", "routes": "routes", "policies": "policies", "projects": "projects", "keys": "keys",
        "rules": "rules", "firewall-rules": "firewall",
    ]

    let book: SettingsBook
    /// Mixed into ETags, so that they tell nothing of the secrets in what they stand for.
    let salt = UInt64.random(in: .min ... .max)

    func answer(_ call: AdminCall, section: String) async throws -> AdminAnswer {
        let name = call.rest(after: 3)
        switch (call.method, name.isEmpty) {
        case ("GET", true): return try await list(section)
        case ("POST", true): return try await create(call, section)
        case ("GET", false): return try await get(section, name)
        case ("PATCH", false): return try await patch(call, section, name)
        case ("DELETE", false): return try await delete(call, section, name)
        case ("POST", false) where section == "keys" && name.hasSuffix("/rotate"): return try await rotate(String(name.dropLast(7)), call)
        case (_, true): throw AdminRefusal.wrongMethod("GET, POST")
        case (_, false): throw AdminRefusal.wrongMethod("GET, PATCH, DELETE")
        }
    }

    // MARK: Looking

    private func list(_ section: String) async throws -> AdminAnswer {
        let found = Self.members(of: section, in: await book.document)
        return AdminAnswer { whole in
            whole.object { whole in
                whole.key("data")
                whole.array { list in for member in found { Self.shown(member.name, member.node).write(to: &list) } }
            }
        }
    }

    private func get(_ section: String, _ name: String) async throws -> AdminAnswer {
        let document = await book.document
        guard let node = Overlay.get([section, name], in: document) else { throw Self.unknown(section, name, document) }
        return answer(name, node)
    }

    private func answer(_ name: String, _ node: Node, status: Int = 200, key: String? = nil) -> AdminAnswer {
        var shown = Self.shown(name, node)
        if let key { shown = shown.setting("key", .text(key)) }
        var answer = AdminAnswer(status: status) { shown.write(to: &$0) }
        answer.etag = etag(node)
        return answer
    }

    /// A name and what is set under it, secrets covered. What is no map stands under `value`.
    private static func shown(_ name: String, _ node: Node) -> Node {
        let head = [Node.Entry("name", .text(name))]
        guard let entries = node.covered().entries else {
            return node.isNull ? Node(.map(head)) : Node(.map(head + [Node.Entry("value", node.covered())]))
        }
        return Node(.map(head + entries.filter { $0.name != "name" }))
    }

    static func members(of section: String, in document: Node) -> [(name: String, node: Node)] {
        let node = document[section] ?? .map([])
        if let items = node.items { return items.compactMap { item in item["name"]?.scalar.map { ($0, item) } } }
        return (node.entries ?? []).map { ($0.name, $0.node) }
    }

    private static func unknown(_ section: String, _ name: String, _ document: Node) -> AdminRefusal {
        .unknown(word(section), name, among: members(of: section, in: document).map(\.name))
    }

    private static func word(_ section: String) -> String {
        section == "policies" ? "policy" : section.hasSuffix("s") ? String(section.dropLast()) : section
    }

    // MARK: Changing

    private func create(_ call: AdminCall, _ section: String) async throws -> AdminAnswer {
        let body = try call.object()
        guard let name = body["name"]?.scalar, !name.isEmpty, name.utf8.count <= 200 else {
            throw AdminRefusal(400, "invalid_value", "`name` is missing: 1 to 200 bytes")
        }
        var node = body["value"] ?? body
        // Items of lists keep their names.
        if !Self.isList(section), body["value"] == nil { node = node.setting("name", nil) }
        var key: String?
        if section == "keys", node["key"] == nil {
            let made = NewKey.make()
            node = node.setting("key", .text(NewKey.digest(of: made)))
            key = made
        }
        let new = node
        _ = try await book.change { document, overlay in
            guard Overlay.get([section, name], in: document) == nil else {
                throw AdminRefusal(409, "already_exists", "there is a \(Self.word(section)) `\(name)` already: change it with PATCH")
            }
            overlay.set([section, name], to: new)
        }
        return answer(name, new, status: 201, key: key)
    }

    private static func isList(_ section: String) -> Bool { section == "rules" || section == "firewall" }

    private func patch(_ call: AdminCall, _ section: String, _ name: String) async throws -> AdminAnswer {
        let body = try call.object()
        if let new = body["name"]?.scalar, new != name {
            throw AdminRefusal(400, "invalid_value", "a \(Self.word(section)) keeps its name: make another and delete this one")
        }
        let document = try await book.change { document, overlay in
            guard let old = Overlay.get([section, name], in: document) else { throw Self.unknown(section, name, document) }
            try check(call, old)
            let patch = body["value"] ?? (Self.isList(section) ? body : body.setting("name", nil))
            overlay.set([section, name], to: old.merged(with: patch).uncovered(by: old))
        }
        guard let node = Overlay.get([section, name], in: document) else { throw Self.unknown(section, name, document) }
        return answer(name, node)
    }

    private func delete(_ call: AdminCall, _ section: String, _ name: String) async throws -> AdminAnswer {
        _ = try await book.change { document, overlay in
            guard let old = Overlay.get([section, name], in: document) else { throw Self.unknown(section, name, document) }
            try check(call, old)
            overlay.set([section, name], to: nil)
        }
        return .nothing
    }

    private func rotate(_ name: String, _ call: AdminCall) async throws -> AdminAnswer {
        let made = NewKey.make()
        let document = try await book.change { document, overlay in
            guard let old = Overlay.get(["keys", name], in: document) else { throw Self.unknown("keys", name, document) }
            try check(call, old)
            overlay.set(["keys", name], to: old.setting("key", .text(NewKey.digest(of: made))))
        }
        return answer(name, Overlay.get(["keys", name], in: document) ?? .map([]), key: made)
    }

    // MARK: ETags

    /// Of everything that is set, secrets too.
    func etag(_ node: Node) -> String {
        let digest = SHA256.hash(data: Array("\(salt)\(node.json)".utf8))
        let digits = Array("0123456789abcdef")
        return "\"" + String(digest.prefix(12).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }) + "\""
    }

    private func check(_ call: AdminCall, _ node: Node) throws {
        guard let wanted = call.ifMatch, wanted != "*" else { return }
        let tags = wanted.split(separator: ",").map { $0.drop { $0 == " " } }
        guard tags.contains(where: { $0 == etag(node) }) else {
            throw AdminRefusal(412, "changed_meanwhile", "it was changed since you read it: read it again")
        }
    }
}
