/// By how hard the request is: simple ones go to modest models, hard ones to capable ones. Without a score to the most capable.
public struct Intelligent: Strategy {
    public static let name = "intelligent"

    public enum Axis: String, CaseIterable, Hashable, Sendable { case cost, performance, intelligence }

    public var axis: Axis
    public var measure: Measure { Measure(.quality, axis: axis) }

    public init(axis: Axis = .performance) { self.axis = axis }

    public mutating func pick(among candidates: [Candidate], facts: Facts, random: inout Random) -> Int {
        Self.pick(among: candidates, axis, complexity: facts.complexity)
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

    /// Scores between these are too near to the middle to trust: of the two models around it the more capable serves.
    static let unsure = 0.4...0.6

    static func pick(among candidates: [Candidate], _ axis: Axis, complexity: Double?) -> Int {
        let scale = Blend(.of(.quality), candidates)
        guard let complexity, !complexity.isNaN else { return nearest(to: 2, candidates, scale, orAbove: false) }
        return nearest(to: Float(adjusted(complexity, axis)), candidates, scale, orAbove: unsure.contains(complexity))
    }

    private static func nearest(to wanted: Float, _ candidates: [Candidate], _ scale: Blend, orAbove: Bool) -> Int {
        var picked = 0
        var least = Float.infinity
        var quality = -Float.infinity
        for index in candidates.indices {
            let own = scale.quality(candidates[index])
            // Below the wanted is farther than anything above it.
            let distance = abs(own - wanted) + (orAbove && own < wanted ? 2 : 0)
            if distance < least || (distance == least && own > quality) {
                picked = index
                least = distance
                quality = own
            }
        }
        return picked
    }
}
