/// By how hard the request is: the cheapest model that is likely to answer it well enough. Without a score the most capable.
public struct Intelligent: Strategy {
    public static let name = "intelligent"

    public enum Axis: String, CaseIterable, Hashable, Sendable {
        case cost, performance, intelligence

        /// Which share of a mixed stream is to go to the more capable half of the models.
        var share: Float {
            switch self {
            case .cost: 0.3
            case .performance: 0.5
            case .intelligence: 0.7
            }
        }
    }

    public var axis: Axis
    public var measure: Measure { Measure(.quality, axis: axis) }

    public init(axis: Axis = .performance) { self.axis = axis }

    public mutating func pick(among candidates: [Candidate], facts: Facts, random: inout Random) -> Int {
        let tiers = Tiers(candidates.map(\.quality))
        let demand = facts.complexity.map { Habit(axis).demand(Float(Self.adjusted($0, axis))) }
        return Self.pick(among: candidates, demand) { tiers.reach[$0] }
    }

    /// Merge's pages on intelligent routing, read 2026-11: squared for cost, as it is for performance, its root for intelligence.
    public static func adjusted(_ complexity: Double, _ axis: Axis) -> Double {
        let score = min(max(complexity, 0), 1)
        return switch axis {
        case .cost: score * score
        case .performance: score
        case .intelligence: score.squareRoot()
        }
    }

    /// A model must reach this far beyond what is asked: who is near the border goes upwards.
    static let margin: Float = 0.02

    /// The cheapest of those that reach far enough, the less capable of equals; where none does, or nothing is known of the request, the
    /// most capable. After a fault of the one chosen this leads to the next more capable first.
    static func pick(among candidates: [Candidate], _ demand: Float?, reach: (Int) -> Float) -> Int {
        var enough: (index: Int, cost: Double, reach: Float)?
        var most: (index: Int, cost: Double, reach: Float)?
        for index in candidates.indices {
            let own = reach(index)
            let cost = candidates[index].value.isNaN ? .infinity : candidates[index].value
            if let demand, own - demand > margin {
                if let best = enough, best.cost < cost || (best.cost == cost && best.reach <= own) { continue }
                enough = (index, cost, own)
            } else if enough == nil {
                if let best = most, best.reach > own || (best.reach == own && best.cost <= cost) { continue }
                most = (index, cost, own)
            }
        }
        return enough?.index ?? most?.index ?? 0
    }

    /// That a model answers well enough what asks for `demand`: a slope around its reach, made of arithmetic that is the same everywhere.
    static func chance(_ reach: Float, _ demand: Float) -> Float {
        let distance = 8 * (reach - demand)
        return 0.5 + 0.5 * distance / (1 + abs(distance))
    }
}

/// The models of a choice in order of what they can do.
struct Tiers: Hashable, Sendable {
    /// Models that are nearer to one another are one tier: the cheapest of them will do.
    static let width: Float = 0.03

    /// By child: the hardest request that it answers well enough, from 0 to 1; more than that for the most capable.
    private(set) var reach: [Float] = []
    /// By child, from 1 for the least capable.
    private(set) var tier: [Int] = []
    private(set) var count = 0

    /// Capabilities from 0 to 1. Not a number: unknown, which counts as the middle of those that are known.
    init(_ capabilities: [Float]) {
        let known = capabilities.filter { !$0.isNaN }.sorted()
        let middle = known.isEmpty ? 0.5 : known[known.count / 2] / 2 + known[(known.count - 1) / 2] / 2
        let all = capabilities.map { $0.isNaN ? middle : $0 }
        // The least of each.
        var tiers: [Float] = []
        for value in all.sorted() where tiers.last.map({ value - $0 > Self.width }) ?? true { tiers.append(value) }
        guard let first = tiers.first, let last = tiers.last else { return }
        count = tiers.count
        let reaches = tiers.indices.map { index in
            // Half way to the next tier, on a scale from the policy's least to its most capable.
            index + 1 < tiers.count ? ((tiers[index] + tiers[index + 1]) / 2 - first) / (last - first) : 1.5
        }
        for value in all {
            let own = tiers.lastIndex { $0 <= value } ?? 0
            tier.append(own + 1)
            reach.append(reaches[own])
        }
    }
}
