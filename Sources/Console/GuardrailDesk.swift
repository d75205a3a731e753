import Gateway
import Guarding
import Schema
import Settings
import Wire

/// `POST /api/v1/guardrails/test`: what guardrails and firewall would do to a text of a key's request or reply, as they are or as they are
/// proposed. Nothing is kept of it, and what was found is shown with its middle hidden.
struct GuardrailDesk: Sendable {
    let server: Server

    static let parameters: [AdminRoute.Parameter] = [
        .init(name: "text", help: "The text."), .init(name: "scope", help: "`prompt`, which it is without it, or `reply`."),
        .init(name: "role", help: "Who says it in a prompt: `user`, which it is without it, `system`, `assistant` or `tool`."),
        .init(name: "key", help: "The key whose guardrails are asked; without it the workspace's."),
        .init(name: "project", help: "The project that its request names."),
        .init(name: "guardrails", help: "A section `guardrails` to try, instead of those in force.", schema: "object"),
    ]

    func answer(_ call: AdminCall) async throws -> AdminAnswer {
        let body = try call.object(Self.parameters.map(\.name))
        guard let text = body["text"]?.scalar ?? (body["text"]?.isNull == false ? "" : nil), body["text"]?.items == nil, body["text"]?.entries == nil
        else { throw AdminRefusal(400, "invalid_value", "`text` must be the text to test") }
        let role = try Self.role(body)
        guard let blueprint = server.blueprint else { throw AdminRefusal(503, "starting", "the gateway does not serve yet") }
        let policy = try Self.policy(body, blueprint)
        return try await blocking { Self.test(text, role, policy) }
    }

    private static func role(_ body: Node) throws -> GuardPolicy.Role {
        let scope = body["scope"]?.scalar ?? "prompt"
        guard ["prompt", "reply", "response"].contains(scope) else {
            throw AdminRefusal(
                400, "invalid_value", "there is no scope `\(scope.prefix(50))`\(Spelling.help(for: scope, among: ["prompt", "reply"]))")
        }
        if scope != "prompt" { return .reply }
        let roles: [GuardPolicy.Role] = [.user, .system, .assistant, .tool]
        let name = body["role"]?.scalar ?? "user"
        guard let role = roles.first(where: { $0.name == name }) else {
            throw AdminRefusal(400, "invalid_value", "there is no role `\(name.prefix(50))`\(Spelling.help(for: name, among: roles.map(\.name)))")
        }
        return role
    }

    /// Nil: nobody looks at anything.
    private static func policy(_ body: Node, _ blueprint: Blueprint) throws -> GuardPolicy? {
        if let section = body["guardrails"], !section.isNull {
            let (policy, problems) = GuardTable.trial(section, firewall: blueprint.firewall)
            guard problems.isEmpty else {
                let first = problems.first.map { "\($0.path): \($0.message)" } ?? ""
                throw AdminRefusal(422, "invalid_settings", "the guardrails have problems: \(first)", problems: problems)
            }
            return policy
        }
        let project = try body["project"]?.scalar.map { name in
            guard let index = blueprint.project(named: name) else {
                throw AdminRefusal.unknown("project", name, among: blueprint.projects.map(\.name))
            }
            return index
        }
        let key = try body["key"]?.scalar.map { name in
            guard let index = blueprint.keys.firstIndex(where: { $0.name == name }) else {
                throw AdminRefusal.unknown("key", name, among: blueprint.keys.map(\.name))
            }
            return index
        }
        return blueprint.guards.policy(of: key, naming: project).map { blueprint.guards.policies[$0] }
    }

    private static func test(_ text: String, _ role: GuardPolicy.Role, _ policy: GuardPolicy?) -> AdminAnswer {
        var (outcome, masking) = (GuardOutcome(), PersonalDataMasking())
        let given = GuardedText(role, text)
        if let policy { outcome = Guard(policy).check([given], masking: &masking) }
        let result = outcome.texts.first.flatMap { $0 }.map { String(decoding: $0, as: UTF8.self) } ?? text
        return AdminAnswer { whole in
            whole.object { whole in
                whole.member("action", outcome.action == .off ? "pass" : "\(outcome.action)")
                whole.member("scope", role == .reply ? "reply" : "prompt")
                whole.member("role", role.name)
                whole.member("guarded", policy != nil)
                whole.member("bytes", given.bytes.count)
                whole.member("matches", outcome.counts.reduce(0, +))
                for (name, score) in [("injection_score", outcome.injection), ("toxicity_score", outcome.toxicity)] {
                    whole.key(name)
                    whole.raw("\(Double(score) / 1000)")
                }
                whole.member("blocked_by", orNull: outcome.blocking.map { $0.kind == .firewall ? "firewall:\($0.detail)" : $0.kind.name })
                whole.member("route", orNull: outcome.action == .route ? outcome.route : nil)
                whole.member("text", orNull: outcome.action == .block ? nil : result)
                whole.key("findings")
                whole.array { list in for finding in outcome.findings { write(finding, &list) } }
            }
        }
    }

    /// Places are bytes of the text in UTF-8.
    private static func write(_ finding: GuardFinding, _ list: inout JSONWriter) {
        list.object { line in
            line.member("guardrail", finding.kind.name)
            line.member("name", orNull: finding.detail.isEmpty ? nil : finding.detail)
            line.member("action", finding.action == .off ? "log" : "\(finding.action)")
            line.member("shadow", finding.isShadow)
            line.key("score")
            line.raw("\(Double(finding.score) / 1000)")
            line.member("start", finding.range.lowerBound)
            line.member("end", finding.range.upperBound)
            line.member("evidence", finding.evidence)
        }
    }
}
