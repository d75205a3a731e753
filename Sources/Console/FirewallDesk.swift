import Gateway
import Guarding
import Schema
import Settings
import Wire

/// `POST /api/v1/firewall/test`: what the firewall, or rules that are not in force yet, would do to a text. Nothing is kept of it.
struct FirewallDesk: Sendable {
    let server: Server

    func answer(_ call: AdminCall) async throws -> AdminAnswer {
        let body = try call.object(["text", "scope", "rules"])
        guard let text = body["text"]?.scalar ?? (body["text"]?.isNull == false ? "" : nil), body["text"]?.items == nil, body["text"]?.entries == nil
        else { throw AdminRefusal(400, "invalid_value", "`text` must be the text to test") }
        let scope = try Self.scope(body["scope"]?.scalar)
        let firewall = try rules(body["rules"])
        return try await blocking { Self.test(text, scope, firewall) }
    }

    private static func scope(_ text: String?) throws -> FirewallRules.Scope {
        let scopes: [String: FirewallRules.Scope] = ["prompt": .prompt, "reply": .reply, "response": .reply, "completion": .reply]
        guard let text else { return .prompt }
        guard let scope = scopes[text] else {
            throw AdminRefusal(
                400, "invalid_value", "there is no scope `\(text.prefix(50))`\(Spelling.help(for: text, among: ["prompt", "reply", "response"]))")
        }
        return scope
    }

    /// Those of the call, written as in settings, or those in force.
    private func rules(_ list: Node?) throws -> Firewall {
        guard let list, !list.isNull else {
            guard let blueprint = server.blueprint else { throw AdminRefusal(503, "starting", "the gateway does not serve yet") }
            return blueprint.firewall
        }
        let (firewall, problems) = Firewall.compile(list)
        guard problems.isEmpty else {
            let first = problems.first.map { "\($0.path): \($0.message)" } ?? ""
            throw AdminRefusal(422, "invalid_settings", "the rules have problems: \(first)", problems: problems)
        }
        return firewall
    }

    private static func test(_ text: String, _ scope: FirewallRules.Scope, _ firewall: Firewall) -> AdminAnswer {
        var text = text
        var masked: [UInt8]?
        let rules = firewall.rules
        let scratch = FirewallScratch(rules)
        let report = text.withUTF8 { rules.check($0, scope, scratch, masked: &masked) }
        let result = masked.map { String(decoding: $0, as: UTF8.self) } ?? text
        return AdminAnswer { whole in
            whole.object { whole in
                whole.member("action", report.action?.rawValue ?? "pass")
                whole.member("scope", scope.rawValue)
                whole.member("bytes", text.utf8.count)
                whole.member("rules", rules.rules.filter { $0.scope == scope || $0.scope == .both }.count)
                whole.member("matches", report.counts.values.reduce(0, +))
                whole.key("blocked_by")
                if let block = report.block { whole.string(rules.rules[block.rule].name) } else { whole.null() }
                whole.key("text")
                if report.block == nil { whole.string(result) } else { whole.null() }
                whole.key("findings")
                whole.array { list in for finding in report.findings { write(finding, firewall, &list) } }
            }
        }
    }

    /// Places are bytes of the text in UTF-8.
    private static func write(_ finding: FirewallFinding, _ firewall: Firewall, _ list: inout JSONWriter) {
        list.object { line in
            line.member("rule", firewall.rules.rules[finding.rule].name)
            line.member("action", finding.action.rawValue)
            line.member("start", finding.range.lowerBound)
            line.member("end", finding.range.upperBound)
            line.member("evidence", finding.evidence)
            line.member("only_when", firewall.conditions[finding.rule] != nil)
        }
    }
}
