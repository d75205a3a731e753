import Gateway
import Schema
import Settings
import Wire

/// `/api/v1/policies/draft`: policies tried out before they are anybody's, by requests that name them as `routing_policy_id`.
struct Drafts: Sendable {
    let book: SettingsBook

    private static let usual = Int64(3_600_000)

    func answer(_ call: AdminCall) async throws -> AdminAnswer {
        let id = call.path.count > 4 ? call.path[4] : ""
        switch (call.method, call.path.count) {
        case ("POST", 4): return try await create(call)
        case ("GET", 4): return try await list()
        case ("GET", 5): return Self.answer(id, try Self.draft(id, await book.document))
        case ("DELETE", 5):
            _ = try await book.change(call.mark("drafts.delete", "policies.\(id)")) { document, overlay in
                _ = try Self.draft(id, document)
                overlay.set(["policies", id], to: nil)
            }
            return .nothing
        case ("POST", 6) where call.path[5] == "commit": return try await commit(call, id)
        case (_, 4): throw AdminRefusal.wrongMethod("GET, POST")
        case (_, 5): throw AdminRefusal.wrongMethod("GET, DELETE")
        default: throw AdminRefusal.unknown("path", call.path.joined(separator: "/"))
        }
    }

    private func create(_ call: AdminCall) async throws -> AdminAnswer {
        let body = try call.object(["policy", "expires_in"])
        guard let policy = body["policy"], policy.entries != nil else {
            throw AdminRefusal(400, "invalid_value", "`policy` must be a policy as settings have it")
        }
        let lifetime = try body["expires_in"].map { try Lifetime.read($0, "expires_in") } ?? Self.usual
        let now = WallClock.milliseconds()
        let expires = Moment(seconds: (now + lifetime) / 1000)
        let id = "draft-" + String(NewKey.make().suffix(12))
        let document = try await book.change(call.mark("drafts.create", "policies.\(id)")) { document, overlay in
            // Those that have expired are in nobody's way, but the list should not grow for ever.
            for member in Self.drafts(document) where Self.expiry(member.node).map({ $0.seconds < now / 1000 }) ?? false {
                overlay.set(["policies", member.name], to: nil)
            }
            overlay.set(["policies", id], to: policy.setting("expires", .text(expires.written ?? "")))
        }
        return Self.answer(id, try Self.draft(id, document), status: 201)
    }

    private func list() async throws -> AdminAnswer {
        let drafts = Self.drafts(await book.document)
        return AdminAnswer { whole in
            whole.object { whole in
                whole.key("data")
                whole.array { list in for draft in drafts { Self.write(draft.name, draft.node, &list) } }
            }
        }
    }

    /// Makes the draft a policy under a name; one of that name gives way.
    private func commit(_ call: AdminCall, _ id: String) async throws -> AdminAnswer {
        let body = try call.object(["name"])
        guard let name = body["name"]?.scalar, !name.isEmpty, name.utf8.count <= 200 else {
            throw AdminRefusal(400, "invalid_value", "`name` is missing: what the policy is to be called, such as default")
        }
        _ = try await book.change(call.mark("drafts.commit", "policies.\(name)")) { document, overlay in
            let policy = try Self.draft(id, document).setting("expires", nil)
            overlay.set(["policies", id], to: nil)
            overlay.set(["policies", name], to: policy)
        }
        return AdminAnswer { whole in whole.object { $0.member("name", name) } }
    }

    // MARK: Form

    private static func expiry(_ policy: Node) -> Moment? { policy["expires"]?.scalar.flatMap { Moment(written: $0) } }

    private static func drafts(_ document: Node) -> [(name: String, node: Node)] {
        Collections.members(of: "policies", in: document).filter { expiry($0.node) != nil }
    }

    private static func draft(_ id: String, _ document: Node) throws -> Node {
        let drafts = drafts(document)
        guard let draft = drafts.first(where: { $0.name == id }) else { throw AdminRefusal.unknown("draft", id, among: drafts.map(\.name)) }
        return draft.node
    }

    private static func answer(_ id: String, _ node: Node, status: Int = 200) -> AdminAnswer {
        AdminAnswer(status: status) { write(id, node, &$0) }
    }

    private static func write(_ id: String, _ node: Node, _ writer: inout JSONWriter) {
        writer.object { line in
            line.member("id", id)
            line.member("expires", orNull: node["expires"]?.scalar)
            line.key("policy")
            node.setting("expires", nil).covered().write(to: &line)
        }
    }
}
