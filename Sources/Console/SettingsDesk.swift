import Schema
import Settings
import Wire

/// `GET /api/v1/settings`, `GET|PUT|PATCH|DELETE /api/v1/settings/{path}`: any setting, by its path. Segments of the path are separated by
/// slashes, or by dots where there is no slash: `router/num_retries`, `router.num_retries`; names of prices have both.
struct SettingsDesk: Sendable {
    let book: SettingsBook
    let etag: @Sendable (Node) -> String

    func answer(_ call: AdminCall) async throws -> AdminAnswer {
        var path = Array(call.path.dropFirst(3))
        if let place = PricePath.place(path, set: await book.document["prices"]) {
            path = place
        } else if path.count == 1 {
            path = path[0].split(separator: ".").map(String.init)
        }
        switch call.method {
        case "GET": return try await get(path)
        case "PUT" where !path.isEmpty: return try await put(call, path)
        case "PATCH" where !path.isEmpty: return try await patch(call, path)
        case "DELETE" where !path.isEmpty: return try await delete(call, path)
        default: throw AdminRefusal.wrongMethod(path.isEmpty ? "GET" : "GET, PUT, PATCH, DELETE")
        }
    }

    private func get(_ path: [String]) async throws -> AdminAnswer {
        let document = await book.document
        guard path.isEmpty else {
            guard let node = Overlay.get(path, in: document) else { throw Self.unset(path) }
            return Self.answer(path, node, etag(node))
        }
        let changed = await book.changes.settings.keys.map { $0.joined(separator: ".") }.sorted()
        var answer = AdminAnswer { whole in
            whole.object { whole in
                whole.key("settings")
                document.covered().write(to: &whole)
                whole.key("changed")
                whole.array { list in for path in changed { list.string(path) } }
            }
        }
        answer.etag = etag(document)
        return answer
    }

    private func put(_ call: AdminCall, _ path: [String]) async throws -> AdminAnswer {
        guard let value = call.body.withUnsafeBytes({ JSONNode.read($0) }), !value.isNull || Self.isSingle(path) else {
            throw AdminRefusal(400, "invalid_json", "the body must be the setting's value as JSON; to take a setting out, DELETE it")
        }
        let (etag, file) = (etag, await book.file)
        try Self.checkMay(call, path)
        try Self.checkPlace(path)
        let document = try await book.change(call.mark("settings.change", path.joined(separator: "."))) { document, overlay in
            let old = Overlay.get(path, in: document)
            try Self.check(call, old ?? .map([]), etag)
            Self.set(path, to: value.uncovered(by: old), in: &overlay, above: file)
        }
        guard let node = Overlay.get(path, in: document) else {
            guard value.isNull else { throw Self.unset(path) }
            return Self.answer(path, value, etag(.map([])))
        }
        return Self.answer(path, node, etag(node))
    }

    /// Null: not set, whatever the file says.
    private static func set(_ path: [String], to value: Node, in overlay: inout Overlay, above file: Node) {
        guard value.isNull else { return overlay.set(path, to: value) }
        overlay.forget(path)
        if Overlay.get(path, in: overlay.applied(to: file)) != nil { overlay.set(path, to: nil) }
    }

    private static func isSingle(_ path: [String]) -> Bool {
        SchemaDesk.shape(at: path[...], in: .section(SettingsDocument.descriptions))?.isSingle ?? false
    }

    /// Several settings of a section at once: each member takes the place of what was there, `null` takes it out, whatever the file says.
    private func patch(_ call: AdminCall, _ path: [String]) async throws -> AdminAnswer {
        let members = try call.object().entries ?? []
        for member in members { try Self.checkMay(call, path + [member.name]) }
        try Self.checkPlace(path)
        let (etag, file) = (etag, await book.file)
        let document = try await book.change(call.mark("settings.change", path.joined(separator: "."))) { document, overlay in
            try Self.check(call, Overlay.get(path, in: document) ?? .map([]), etag)
            for member in members {
                let place = path + [member.name]
                Self.set(place, to: member.node.uncovered(by: Overlay.get(place, in: document)), in: &overlay, above: file)
            }
        }
        let node = Overlay.get(path, in: document) ?? .map([])
        return Self.answer(path, node, etag(node))
    }

    /// `GET /api/v1/forms/{section}`: what a form of a section is made of. What is not set is not in `value`; a single value that is not
    /// set is null. `fixed` says of one that cannot be changed here why, and where it can.
    func form(_ call: AdminCall) async throws -> AdminAnswer {
        try call.checkQuery([])
        let section = call.rest(after: 3)
        let described = SettingsDocument.descriptions
        guard let field = described.first(where: { $0.name == section }) else {
            throw AdminRefusal.unknown("section of the settings", section, among: described.map(\.name))
        }
        let (document, file, changes) = (await book.document, await book.file, await book.changes.settings)
        let changed = changes.keys.filter { $0.first == section }.map { $0.dropFirst().joined(separator: ".") }.sorted()
        let nothing: Node = field.shape.isSingle ? .plain("null") : .map([])
        let node = Overlay.get([section], in: document)
        var answer = AdminAnswer { whole in
            whole.object { whole in
                whole.member("section", section)
                if let fixed = Self.fixed(section) { whole.member("fixed", fixed) }
                whole.key("value")
                (node ?? nothing).covered(at: [section]).write(to: &whole)
                whole.key("file")
                (Overlay.get([section], in: file) ?? nothing).covered(at: [section]).write(to: &whole)
                whole.key("changed")
                whole.array { list in for path in changed { list.string(path) } }
                whole.key("schema")
                whole.raw(JSONSchema.part(of: field).text())
            }
        }
        answer.etag = etag(node ?? .map([]))
        return answer
    }

    /// What finds and opens the store cannot stand in it.
    private static func fixed(_ section: String) -> String? {
        guard section == "store" || section == "secrets_key" else { return nil }
        let variable = EnvironmentOverlay.prefix + section.uppercased()
        return "`\(section)` is read before the store is open: set it in the settings file or as \(variable), and start the gateway again"
    }

    private static func checkPlace(_ path: [String]) throws {
        if let why = path.first.flatMap(fixed) { throw AdminRefusal(409, "set_elsewhere", why) }
    }

    /// Back to what the file says.
    private func delete(_ call: AdminCall, _ path: [String]) async throws -> AdminAnswer {
        let etag = etag
        try Self.checkMay(call, path)
        _ = try await book.change(call.mark("settings.delete", path.joined(separator: "."))) { document, overlay in
            try Self.check(call, Overlay.get(path, in: document) ?? .map([]), etag)
            let before = overlay
            overlay.forget(path)
            if overlay == before {
                throw AdminRefusal(404, "not_found", "`\(path.joined(separator: "."))` was not changed here: it is as the file has it")
            }
        }
        return .nothing
    }

    /// What the process is started with, and who may use this API, is for admins alone.
    static func checkMay(_ call: AdminCall, _ path: [String]) throws {
        let reserved = ["admin", "server", "store", "ledger", "secrets_key", "general"]
        guard call.caller.role != .admin, let first = path.first, reserved.contains(first) else { return }
        if first == "general", path.count > 1 { return }
        throw AdminRefusal(403, "role_not_sufficient", "`\(first)` is changed by the role admin; \(call.caller.name) is \(call.caller.role.rawValue)")
    }

    private static func check(_ call: AdminCall, _ node: Node, _ etag: (Node) -> String) throws {
        guard let wanted = call.ifMatch, wanted != "*" else { return }
        guard wanted.split(separator: ",").contains(where: { $0.drop { $0 == " " } == etag(node) }) else {
            throw AdminRefusal(412, "changed_meanwhile", "it was changed since you read it: read it again")
        }
    }

    private static func unset(_ path: [String]) -> AdminRefusal {
        AdminRefusal(404, "not_found", "`\(path.joined(separator: ".").prefix(200))` is not set")
    }

    private static func answer(_ path: [String], _ node: Node, _ etag: String) -> AdminAnswer {
        var answer = AdminAnswer { whole in
            whole.object { whole in
                whole.member("path", path.joined(separator: "."))
                whole.key("value")
                node.covered(at: path).write(to: &whole)
                whole.member("restart_required", ["server", "store", "ledger"].contains(path.first ?? ""))
            }
        }
        answer.etag = etag
        return answer
    }
}
