import Routing
import Settings
import Translation

/// What conditions ask for, out of a row. Most of what a request said is in no row: that is missing, and counted.
struct ReplayFields {
    let fields: [FieldName]
    /// Requests for which a field was asked for and not known.
    private(set) var unknown: [String: Int] = [:]

    init(_ fields: [FieldName]) { self.fields = fields }

    mutating func values(of row: ReplayRow, key: VirtualKey?, policy: String?, projectPolicy: String?) -> [Value] {
        fields.map { field in
            if let value = Self.value(of: field.text, row, key, policy, projectPolicy) ?? row.observed[field.text] { return value }
            unknown[field.text, default: 0] += 1
            return .missing
        }
    }

    /// Nil: the row does not say.
    private static func value(of field: String, _ row: ReplayRow, _ key: VirtualKey?, _ policy: String?, _ projectPolicy: String?) -> Value? {
        func text(_ text: String?) -> Value { text.map { .text($0) } ?? .missing }
        switch field {
        case "request.model": return .text(row.route)
        case "request.api": return .text(row.api == .chatCompletions ? "chat" : row.api.name)
        case "request.stream": return .flag(row.logged.isStreamed)
        case "request.input_tokens": return row.logged.usage.totalInput > 0 ? .number(Double(row.logged.usage.totalInput)) : nil
        case "complexity.score": return row.appraisal.map { .number(Double($0.inContext)) }
        case "request.mode": return text(row.mode?.rawValue)
        case "request.region": return key?.region.map { .text($0) }
        case "key.name": return text(row.key)
        case "key.policy": return text(policy)
        case "key.project", "project.name": return text(row.project)
        case "project.policy": return text(projectPolicy)
        case "key.region": return text(key?.region)
        case "key.tags": return .list((key?.tags ?? []).map { .text($0) })
        case "time.hour": return .number(Double(row.unixMilliseconds / 3_600_000 % 24))
        // 1970 began on a Thursday.
        case "time.weekday": return .text(weekdays[Int((row.unixMilliseconds / 86_400_000 + 3) % 7)])
        case "request.task": return tag("task", row)
        default: return field.hasPrefix("tags.") ? tag(String(field.dropFirst("tags.".count)), row) ?? .missing : nil
        }
    }

    private static let weekdays = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

    private static func tag(_ name: String, _ row: ReplayRow) -> Value? {
        for tag in row.tags {
            if tag == name { return .flag(true) }
            guard let at = tag.firstIndex(where: { $0 == "=" || $0 == ":" }), tag[..<at] == name else { continue }
            return .text(String(tag[tag.index(after: at)...]))
        }
        return nil
    }
}
