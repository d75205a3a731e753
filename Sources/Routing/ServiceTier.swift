/// How soon a provider serves a request, where it asks another price for that than its usual one.
public enum ServiceTier: UInt8, CaseIterable, Sendable {
    // Their numbers stand in ledgers.
    case standard = 0
    /// Slower, when there is room.
    case flex = 1
    case priority = 2
    /// Faster words from the same model; what some providers call their `priority`.
    case fast = 3
    case ultrafast = 4
    /// Answered within a day.
    case batch = 5
    /// Served for another latency than the usual one.
    case optimized = 6
    /// In a word of the provider's own that names none of these.
    case other = 255

    /// As settings and rows of prices name it.
    public var name: StaticString {
        switch self {
        case .standard: "standard"
        case .flex: "flex"
        case .priority: "priority"
        case .fast: "fast"
        case .ultrafast: "ultrafast"
        case .batch: "batch"
        case .optimized: "optimized"
        case .other: "other"
        }
    }

    /// Those that may have a price beside the usual one, by name.
    public static let priced: [ServiceTier] = [.flex, .priority, .fast, .ultrafast, .batch, .optimized]

    /// Whose price is meant where this one has none.
    var alias: ServiceTier? { self == .fast ? .priority : nil }
}
