/// What counts when all deployments of a route are weighed against each other.
public enum AutoMode: String, CaseIterable, Hashable, Sendable {
    case balance, cost, quality, latency
}
