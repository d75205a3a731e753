/// When a rule or a branch applies. A value; a table compiles it to a flat array.
public indirect enum Condition: Hashable, Sendable {
    case always
    case all([Condition])
    case any([Condition])
    case not(Condition)
    case test(FieldName, Comparison)

    public static let never = Condition.not(.always)

    /// The fields it asks for, each once, in the order written.
    public var fields: [FieldName] {
        var found: [FieldName] = []
        collect(&found)
        return found
    }

    private func collect(_ found: inout [FieldName]) {
        switch self {
        case .always: break
        case .all(let parts), .any(let parts): for part in parts { part.collect(&found) }
        case .not(let part): part.collect(&found)
        case .test(let field, _): if !found.contains(field) { found.append(field) }
        }
    }

    /// Whether it holds where fields have these values. For looking; deciding uses the compiled form.
    public func holds(_ value: (FieldName) -> Value) -> Bool {
        switch self {
        case .always: true
        case .all(let parts): parts.allSatisfy { $0.holds(value) }
        case .any(let parts): parts.contains { $0.holds(value) }
        case .not(let part): !part.holds(value)
        case .test(let field, let comparison): comparison.holds(value(field))
        }
    }
}

extension Condition: CustomStringConvertible {
    /// As a sentence says it.
    public var description: String {
        switch self {
        case .always: "always"
        case .not(.always), .any([]): "never"
        case .all(let parts): parts.isEmpty ? "always" : parts.map(\.description).joined(separator: " and ")
        case .any(let parts): "(" + parts.map(\.description).joined(separator: " or ") + ")"
        case .not(let part): "not (\(part))"
        case .test(let field, let comparison): "\(field) \(comparison)"
        }
    }
}
