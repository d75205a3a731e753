/// What deployments must be to get the data of a request: what its key and its project demand, beside the regions of its key. Hard:
/// nothing loosens it, and where no deployment meets it none serves.
public struct Residency: Hashable, Sendable {
    /// Kinds of deployments.
    public struct Kinds: OptionSet, Hashable, Sendable {
        public let rawValue: UInt8
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        public static let all = Kinds(rawValue: .max)

        public init(_ kinds: some Sequence<Deployment.Kind>) { self = kinds.reduce(into: []) { $0.insert(Kinds(of: $1)) } }

        init(of kind: Deployment.Kind) { self.init(rawValue: 1 << kind.rawValue) }
    }

    public var kinds = Kinds.all
    /// Only those that promise to keep nothing of what they are sent.
    public var needsZeroRetention = false
    /// Of the project: where deployments may be; empty: anywhere. Those of the key stand in `Facts.regions`.
    public var regions: [String] = []
    public var deniedRegions: [String] = []

    public init() {}

    public var demandsNothing: Bool { self == Residency() }

    /// Of kind and promise; regions are asked for apart, since their names are to be resolved once.
    func verdict(on deployment: Deployment) -> Ineligibility? {
        if !kinds.contains(Kinds(of: deployment.kind)) { return .kind }
        return needsZeroRetention && !deployment.keepsNothing ? .retention : nil
    }

    /// Why what is described so may not get the data, for what no router chooses; nil: it may.
    /// - Parameters:
    ///   - regions: Of the key.
    ///   - deniedRegions: Of the key.
    public static func verdict(
        on deployment: Deployment, _ residency: Residency?, regions: [String], deniedRegions: [String]
    ) -> Ineligibility? {
        if let reason = residency?.verdict(on: deployment) { return reason }
        let place = deployment.region.map(Regions.place) ?? .nowhere
        let own = RegionRule(allowed: regions, denied: deniedRegions)
        let project = residency.flatMap { RegionRule(allowed: $0.regions, denied: $0.deniedRegions) }
        return own?.permits(place) ?? true && project?.permits(place) ?? true ? nil : .region
    }
}
