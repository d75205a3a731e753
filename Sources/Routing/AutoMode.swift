/// What `auto` weighs most.
public enum AutoMode: String, CaseIterable, Hashable, Sendable {
    case balance, cost, quality, latency
}
