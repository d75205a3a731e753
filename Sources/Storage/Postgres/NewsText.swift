import FoundationEssentials

/// News as the payload of a notification: a small JSON object with its sender's name.
struct NewsText: Codable {
    var from: String
    var kind: String
    var version: Int64?
    var name: String?
    var open: Bool?
    var restMilliseconds: Int64?
    var reason: String?

    /// PostgreSQL takes 7,999 bytes; what we say is far below, unless somebody's names are not.
    static let most = 4_000

    init(_ news: News, from sender: String) {
        from = sender
        switch news {
        case .settings(let version): (kind, self.version) = ("settings", version)
        case .health(let health):
            (kind, name, open) = ("health", health.deployment, health.isOpen)
            (restMilliseconds, reason) = (health.rest.wholeMilliseconds, health.reason)
        case .leases(let account): (kind, name) = ("leases", account)
        case .cache(let selection): (kind, name, reason) = ("cache", selection.key, selection.route)
        case .signals: kind = "signals"
        case .cancelled(let response): (kind, name) = ("cancelled", response)
        }
    }

    /// Nil where it is too long.
    var written: String? {
        // Strings and numbers: encoding them cannot fail.
        guard let data = try? JSONEncoder().encode(self), data.count <= Self.most else { return nil }
        return String(decoding: data, as: UTF8.self)
    }

    /// Nil for what is not ours, or of a version that says what this one does not know.
    static func read(_ text: String) -> NewsText? { try? JSONDecoder().decode(NewsText.self, from: Data(text.utf8)) }

    var news: News? {
        switch kind {
        case "settings": return version.map { .settings(version: $0) }
        case "health":
            guard let name, let open else { return nil }
            let rest = min(max(0, restMilliseconds ?? 0), 3_600_000)
            return .health(HealthNews(deployment: name, isOpen: open, rest: .milliseconds(rest), reason: reason ?? ""))
        case "leases": return name.map { .leases(account: $0) }
        case "cache": return .cache(CacheSelection(key: name, route: reason))
        case "signals": return .signals
        case "cancelled": return name.map { .cancelled(response: $0) }
        default: return nil
        }
    }
}
