import Routing
import Schema

/// TokenVue's `{category, condition, operator, value, action}` (its console's policy drawer, read 2026-11). What happens to an attempt
/// becomes `after`, the rest a condition.
extension RuleReader {
    /// What a condition of a category asks for.
    private enum Question {
        /// A field; `%` stands for the policy's primary deployment.
        case field(String, String? = nil)
        case fault(Fault)
    }

    /// The first name of each is the one that is suggested.
    private static let categories: [String: [(names: [String], asks: Question)]] = [
        "cost_budget": [
            (["monthly_budget_usage", "monthly_budget"], .field("budget.month.used_percent")),
            (["daily_budget_usage", "daily_budget"], .field("budget.day.used_percent")),
            (["token_usage", "monthly_token_usage"], .field("tokens.month")), (["daily_token_usage"], .field("tokens.day")),
            (["provider_quota_exceeded", "quota_exceeded"], .fault(.quotaExceeded)),
        ],
        "performance": [
            (["latency_threshold", "latency"], .field("deployment.%.latency_ms_p95")), (["latency_p50"], .field("deployment.%.latency_ms_p50")),
        ],
        "reliability": [
            (["timeout"], .fault(.timeout)), (["provider_unavailable"], .fault(.unavailable)), (["server_error"], .fault(.serverError)),
            (["error_rate"], .field("deployment.%.error_rate", "share")),
        ],
        "capacity": [(["rate_limit_hit", "rate_limit"], .fault(.rateLimit)), (["in_flight", "concurrency"], .field("deployment.%.in_flight"))],
        "region": [(["request_region", "region"], .field("request.region")), (["country"], .field("request.country"))],
        "security": [(["guardrail_violation", "guardrail_violated"], .field("guardrail.violated", "flag"))],
    ]
    private static let actions = ["use_fallback_chain", "block", "alert"]

    func tokenVue(_ node: Node, _ entries: [Node.Entry], at path: String, _ reading: inout Reading) -> WrittenRule? {
        let known = ["name", "priority", "enabled", "category", "condition", "operator", "value", "action"]
        Self.refuseUnknown(entries, among: known, at: path, &reading)
        let category = Self.word(node["category"]), condition = Self.word(node["condition"])
        guard let category, let condition else {
            reading.problem(path, node.line, "expected one word for each of `category` and `condition`")
            return nil
        }
        var written = WrittenRule()
        written.actions = "action"
        written.rule.name = node["name"]?.scalar ?? "\(category)/\(condition)"
        if let priority = node["priority"] { written.rule.priority = Int.read(priority, at: path.setting("priority"), &reading) ?? 0 }
        if let enabled = node["enabled"] { written.rule.isEnabled = Bool.read(enabled, at: path.setting("enabled"), &reading) ?? true }
        if let question = Self.question(category, condition, node, at: path, &reading) { ask(question, node, at: path, &written, &reading) }
        act(node, at: path, &written, &reading)
        return written
    }

    /// `Greater than or equal` is `greater_than_or_equal`.
    private static func word(_ node: Node?) -> String? {
        node?.scalar.map { text in
            let joined = text.lowercased().map { $0 == " " || $0 == "-" ? "_" : $0 }.filter { $0 != "&" }
            return String(joined).split(separator: "_").joined(separator: "_")
        }
    }

    private static func question(_ category: String, _ condition: String, _ node: Node, at path: String, _ reading: inout Reading) -> Question? {
        if category == "custom_signals" || category == "custom_signal" { return .field("signal.\(node["condition"]?.scalar ?? condition)") }
        guard let rows = categories[category == "cost_and_budget" ? "cost_budget" : category] else {
            let help = Spelling.help(for: category, among: categories.keys.sorted() + ["custom_signals"])
            reading.problem(
                path.setting("category"), node.entry("category")?.line ?? node.line, "there is no category `\(category.prefix(60))`\(help)")
            return nil
        }
        if let row = rows.first(where: { $0.names.contains(condition) }) { return row.asks }
        let help = Spelling.help(for: condition, among: rows.map { $0.names[0] })
        reading.problem(
            path.setting("condition"), node.entry("condition")?.line ?? node.line,
            "there is no condition `\(condition.prefix(60))` of `\(category)`\(help)")
        return nil
    }

    private func ask(_ question: Question, _ node: Node, at path: String, _ written: inout WrittenRule, _ reading: inout Reading) {
        switch question {
        case .fault(let fault): written.rule.after = FaultSet(fault)
        case .field(var name, let unit):
            if name.contains("%") {
                guard let primary else {
                    // Not known before the policy's route is; then it is read again.
                    return
                }
                name = name.split(separator: "%", omittingEmptySubsequences: false).joined(separator: primary)
            }
            let isFlag = unit == "flag"
            let operation = isFlag ? "eq" : Self.word(node["operator"]) ?? "gte"
            var value = node["value"] ?? .plain(isFlag ? "true" : "", line: node.line)
            if isFlag, value.isNull { value = .plain("true", line: node.line) }
            // Its console writes percents where our field is a share.
            if unit == "share", let number = value.scalar.flatMap({ Value.text($0).number }), number > 1 {
                value = .plain("\(number / 100)", line: value.line)
            }
            let test = Node.map([(name, Node.map([(operation, value)], line: node.line))], line: node.line)
            if let condition = ConditionReader.read(test, at: path.setting("value"), &reading) { written.rule.when = condition }
        }
    }

    private func act(_ node: Node, at path: String, _ written: inout WrittenRule, _ reading: inout Reading) {
        switch Self.word(node["action"]) ?? "use_fallback_chain" {
        case "use_fallback_chain", "fallback": written.usesChain = true
        case "block", "deny": written.rule.then.deny = "refused by the rule \(written.rule.name)"
        case "alert", "alert_only", "warn": written.rule.then.warn = "the rule \(written.rule.name) applies"
        case let other:
            let help = Spelling.help(for: other, among: Self.actions)
            reading.problem(path.setting("action"), node.entry("action")?.line ?? node.line, "there is no action `\(other.prefix(60))`\(help)")
        }
    }
}
