import Gateway
import Routing
import Schema
import Settings
import Storage
import Translation
import Wire

/// `GET|POST /config/pass_through_endpoint`, `POST|PATCH|DELETE …/{id}`, in LiteLLM's shapes: pass-through endpoints, edited above the
/// file. Where LiteLLM takes the id as a parameter `endpoint_id`, that is taken too.
struct PassThroughDesk: Sendable {
    let book: SettingsBook

    private static let place = ["general", "pass_through_endpoints"]

    func answer(_ call: AdminCall) async throws -> AdminAnswer {
        try call.checkQuery(["endpoint_id"])
        // Ids are often paths, and those begin with a slash.
        let id = call.path.count > 2 ? call.rest(after: 2) : call.query["endpoint_id"] ?? ""
        switch (call.method, id.isEmpty) {
        case ("GET", _): return try await list(id)
        case ("POST", true): return try await create(call)
        case ("POST", false), ("PATCH", false): return try await change(call, id)
        case ("DELETE", false): return try await delete(call, id)
        case (_, true): throw AdminRefusal.wrongMethod("GET, POST")
        case (_, false): throw AdminRefusal.wrongMethod("GET, POST, PATCH, DELETE")
        }
    }

    private static func all(_ document: Node) -> [Node] { Overlay.get(place, in: document)?.items ?? [] }

    /// An id may be written without its first slash, where a path is meant.
    private static func find(_ id: String, in document: Node) throws -> (name: String, node: Node) {
        let all = all(document)
        if let node = all.first(where: { $0.itemName == id }) ?? all.first(where: { $0.itemName == "/" + id }) {
            return (node.itemName ?? id, node)
        }
        throw AdminRefusal.unknown("pass-through endpoint", id, among: all.compactMap(\.itemName))
    }

    private func list(_ id: String) async throws -> AdminAnswer {
        let document = await book.document
        return Self.answer(id.isEmpty ? Self.all(document) : [try Self.find(id, in: document).node])
    }

    private func create(_ call: AdminCall) async throws -> AdminAnswer {
        let body = try call.object()
        guard let path = body["path"]?.scalar, !path.isEmpty else { throw AdminRefusal(400, "invalid_value", "`path` is missing") }
        let id = body["id"]?.scalar ?? path
        let document = try await book.change(call.mark("pass_through.create", id)) { document, overlay in
            if Self.all(document).contains(where: { $0.itemName == id }) {
                throw AdminRefusal(409, "already_exists", "there is a pass-through endpoint `\(id.prefix(200))` already: change it with PATCH")
            }
            overlay.set(Self.place + [id], to: body)
        }
        return Self.answer([try Self.find(id, in: document).node], status: 201)
    }

    private func change(_ call: AdminCall, _ id: String) async throws -> AdminAnswer {
        let body = try call.object()
        let document = try await book.change(call.mark("pass_through.change", id)) { document, overlay in
            let (name, old) = try Self.find(id, in: document)
            if let new = body["id"]?.scalar, new != name {
                throw AdminRefusal(400, "invalid_value", "an endpoint keeps its id: make another and delete this one")
            }
            // Its path may change while its name stays.
            overlay.set(Self.place + [name], to: old.merged(with: body).uncovered(by: old).setting("id", .text(name)))
        }
        return Self.answer([try Self.find(id, in: document).node])
    }

    private func delete(_ call: AdminCall, _ id: String) async throws -> AdminAnswer {
        let gone = Locked<Node?>(nil)
        _ = try await book.change(call.mark("pass_through.delete", id)) { document, overlay in
            let (name, old) = try Self.find(id, in: document)
            gone.withLock { $0 = old }
            overlay.set(Self.place + [name], to: nil)
        }
        return Self.answer(gone.withLock { $0 }.map { [$0] } ?? [])
    }

    private static func answer(_ nodes: [Node], status: Int = 200) -> AdminAnswer {
        AdminAnswer(status: status) { whole in
            whole.object { whole in
                whole.key("endpoints")
                whole.array { list in
                    for node in nodes {
                        let id = Node.Entry("id", .text(node.itemName ?? ""))
                        Node(.map([id] + (node.covered().entries ?? []).filter { $0.name != "id" })).write(to: &list)
                    }
                }
            }
        }
    }
}

/// What stands where other requests have a decision: a pass-through endpoint decides nothing.
struct PassThroughReport {
    private let row: LedgerEntry
    private let names: [NameID: StoredName]

    init(_ row: LedgerEntry, _ names: [NameID: StoredName]) { (self.row, self.names) = (row, names) }

    func write(to writer: inout JSONWriter) {
        let (path, target) = (names[row.route]?.name ?? "", names[row.deployment]?.name ?? "")
        writer.object { record in
            record.member("policy", orNull: String?.none)
            record.member("route", path)
            record.member("rule", orNull: String?.none)
            record.member("strategy", "pass-through")
            record.key("candidates")
            record.array { _ in }
            record.member("chosen", target)
            record.member("reason", "pass-through: requests to \(path) go to \(target) as they are, without routing")
            record.key("attempts")
            record.array { list in
                for attempt in row.history { DecisionReport.write(.init(attempt, deployment: target), to: &list) }
            }
            record.key("cost_usd")
            record.raw(row.cost.dollars)
        }
    }
}
