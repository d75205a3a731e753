/// What `auto` weighs most.
public enum AutoMode: String, CaseIterable, Hashable, Sendable {
    case balance, cost, quality, latency

    /// TokenRouter also writes `balanced` and `fast`.
    public init?(named name: String) {
        switch name {
        case "balanced": self = .balance
        case "fast": self = .latency
        default: self.init(rawValue: name)
        }
    }
}
