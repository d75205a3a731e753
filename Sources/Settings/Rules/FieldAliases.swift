import Routing

/// A field by another name.
struct FieldAlias: Hashable {
    var field: FieldName
    /// The name says the opposite: `passed` of a guardrail whose field says what it found.
    var isInverted = false

    init(_ field: FieldName, isInverted: Bool = false) {
        self.field = field
        self.isInverted = isInverted
    }
}

/// The names that inline routers use for what the registry knows (vLLora's variables and functions, read 2026-11).
enum FieldAliases {
    /// What they call `metadata` is what a gateway finds out about the caller.
    private static let metadata: [String: String] = [
        "ip": "request.ip", "region": "request.region", "country": "request.country", "user_agent": "request.user_agent", "user_id": "user.id",
    ]
    private static let measures: [String: String] = [
        "latency": "latency_ms_p50", "latency_p50": "latency_ms_p50", "latency_p95": "latency_ms_p95", "error_rate": "error_rate",
        "requests_in_flight": "in_flight",
    ]
    private static let user: [String: String] = [
        "user_id": "user.id", "user_name": "user.name", "user_email": "user.email", "tiers": "user.tier", "tags": "user.tier",
        "user_tags": "user.tier",
    ]

    static func field(_ written: String, isInline: Bool) -> FieldAlias? {
        if let rest = rest(of: written, after: "extra.user.") { return name(user[rest] ?? "user.\(rest)") }
        if let rest = rest(of: written, after: "extra.variables.") { return name("variables.\(rest)") }
        if let rest = rest(of: written, after: "extra.guards.") { return guardrail(rest) }
        if let rest = rest(of: written, after: "metadata.tags.") { return name("tags.\(rest)") }
        if let rest = rest(of: written, after: "metrics.provider.") { return measured("provider.", rest) }
        if let rest = rest(of: written, after: "metrics.model.") { return measured("deployment.", rest) }
        if isInline, let rest = rest(of: written, after: "metadata."), let known = metadata[rest] { return name(known) }
        return nil
    }

    /// A guardrail's verdict: `<id>`, `<id>.passed` or `<id>.violated`.
    static func guardrail(_ written: String) -> FieldAlias? {
        for (ending, isInverted) in [(".passed", true), (".violated", false)] where written.hasSuffix(ending) {
            return FieldName("guardrail.\(written.dropLast(ending.count))").map { FieldAlias($0, isInverted: isInverted) }
        }
        return name("guardrail.\(written)")
    }

    private static func measured(_ prefix: String, _ rest: String) -> FieldAlias? {
        guard let dot = rest.lastIndex(of: "."), let measure = measures[String(rest[rest.index(after: dot)...])] else { return nil }
        return name("\(prefix)\(rest[..<dot]).\(measure)")
    }

    private static func name(_ text: String) -> FieldAlias? { FieldName(text).map { FieldAlias($0) } }

    private static func rest(of text: String, after prefix: String) -> String? {
        text.hasPrefix(prefix) && text.utf8.count > prefix.utf8.count ? String(text.dropFirst(prefix.count)) : nil
    }
}
