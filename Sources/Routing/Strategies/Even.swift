/// At random, all alike: whatever weights say.
public struct Even: Strategy {
    public static let name = "random"

    public init() {}

    public mutating func pick(among candidates: [Candidate], facts: Facts, random: inout Random) -> Int { random.below(candidates.count) }
}
