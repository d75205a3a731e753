import Gateway
import Routing
import Schema
import Settings
import Storage

/// `/api/v1/canaries`: a policy that serves part of another's sessions; begun, watched, made the policy, or ended.
struct TrialDesk: Sendable {
    let server: Server
    let book: SettingsBook
    let keeper: TrialKeeper

    static let members: [AdminRoute.Parameter] =
        [.init(name: "policy", help: "The policy of whose sessions it gets a part.")]
        + [
            .init(name: "candidate", help: "The policy that is tried: its name; or the policy itself.", schema: "any"),
            .init(name: "share", help: "The part of sessions: 0.1 or 10%."),
            .init(name: "rollback", help: "Whether it is taken back by itself when it is worse.", schema: "boolean"),
        ]
        + gates.map { .init(name: $0, help: "As in settings.", schema: "any") }
    private static let gates = ["minimum", "max_error_increase", "max_latency_increase", "max_cost_increase", "max_feedback_loss"]

    func answer(_ call: AdminCall) async throws -> AdminAnswer {
        let name = call.path.count > 3 ? call.path[3] : ""
        switch (call.method, call.path.count) {
        case ("GET", 3): return try await list()
        case ("POST", 3): return try await begin(call)
        case ("GET", 4): return try await one(name)
        case ("DELETE", 4): return try await end(call, name)
        case ("POST", 5) where call.path[4] == "promote": return try await promote(call, name)
        case (_, 3): throw AdminRefusal.wrongMethod("GET, POST")
        case (_, 4): throw AdminRefusal.wrongMethod("GET, DELETE")
        default: throw AdminRefusal.unknown("path", call.path.joined(separator: "/"))
        }
    }

    private func begin(_ call: AdminCall) async throws -> AdminAnswer {
        let body = try call.object(Self.members.map(\.name))
        let policy = body["policy"]?.scalar ?? "default"
        guard let candidate = body["candidate"] else {
            throw AdminRefusal(400, "invalid_value", "`candidate` is missing: the name of the policy that is tried, or the policy itself")
        }
        let now = Moment(seconds: WallClock.milliseconds() / 1000)
        let isOwn = candidate.entries != nil
        let name = isOwn ? "\(policy)-candidate" : candidate.scalar ?? ""
        var canary: [(String, Node)] = [("policy", .text(name)), ("started", .text(now.written ?? ""))]
        for member in ["share", "rollback"] + Self.gates { if let node = body[member] { canary.append((member, node)) } }
        let written = canary
        _ = try await book.change(call.mark("canary.begin", "policies.\(policy).canary")) { document, overlay in
            guard Overlay.get(["policies", policy], in: document) != nil else {
                throw AdminRefusal.unknown("policy", policy, among: Collections.members(of: "policies", in: document).map(\.name))
            }
            if isOwn { overlay.set(["policies", name], to: candidate) }
            overlay.set(["policies", policy, "canary"], to: .map(written))
        }
        await keeper.tell("started", policy, name, "canary `\(name)` of policy `\(policy)` has begun")
        var answer = try await one(policy)
        answer.status = 201
        return answer
    }

    private func end(_ call: AdminCall, _ policy: String) async throws -> AdminAnswer {
        _ = try await book.change(call.mark("canary.end", "policies.\(policy).canary")) { document, overlay in
            _ = try Self.canary(of: policy, document)
            overlay.set(["policies", policy, "canary"], to: nil)
        }
        return .nothing
    }

    /// The policy becomes what was tried; the candidate stays as it is, but for one that was made for this.
    private func promote(_ call: AdminCall, _ policy: String) async throws -> AdminAnswer {
        let promoted = Locked("")
        _ = try await book.change(call.mark("canary.promote", "policies.\(policy)")) { document, overlay in
            let canary = try Self.canary(of: policy, document)
            let name = canary["policy"]?.scalar ?? ""
            guard let candidate = Overlay.get(["policies", name], in: document) else { throw AdminRefusal.unknown("policy", name) }
            promoted.withLock { $0 = name }
            var new = candidate.setting("expires", nil)
            // What decides beside the policy still does.
            if let shadow = Overlay.get(["policies", policy, "shadow"], in: document), shadow["policy"]?.scalar != name {
                new = new.setting("shadow", shadow)
            }
            overlay.set(["policies", policy], to: new)
            if name == "\(policy)-candidate" { overlay.set(["policies", name], to: nil) }
        }
        let name = promoted.withLock { $0 }
        await keeper.tell("promoted", policy, name, "canary `\(name)` is policy `\(policy)` now")
        return AdminAnswer { whole in
            whole.object { line in
                line.member("policy", policy)
                line.member("state", "promoted")
            }
        }
    }

    private static func canary(of policy: String, _ document: Node) throws -> Node {
        guard let canary = Overlay.get(["policies", policy, "canary"], in: document), canary.entries != nil else {
            throw AdminRefusal.unknown("canary", policy)
        }
        return canary
    }

    // MARK: Form

    private func list() async throws -> AdminAnswer {
        let lines = try await canaries()
        return AdminAnswer { whole in
            whole.object { whole in
                whole.key("data")
                whole.raw(JSONText.list(lines.map(\.text)).text())
            }
        }
    }

    private func one(_ policy: String) async throws -> AdminAnswer {
        let lines = try await canaries()
        guard let line = lines.first(where: { $0.policy == policy }) else { throw AdminRefusal.unknown("canary", policy, among: lines.map(\.policy)) }
        let text = line.text.text()
        return AdminAnswer { $0.raw(text) }
    }

    private func canaries() async throws -> [(policy: String, text: JSONText)] {
        let policies = server.policies
        guard policies.contains(where: { $0.canary != nil }) else { return [] }
        let figures = try await keeper.figures()
        return policies.compactMap { policy in
            policy.canary.map { (policy.name, TrialForm.canary(policy.name, $0, policies[$0.candidate].name, figures.canaries[$0.id])) }
        }
    }
}
