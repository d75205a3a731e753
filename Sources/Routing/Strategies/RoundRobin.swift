/// The next in turn. A child that could not serve when its turn came has missed it.
public struct RoundRobin: Strategy {
    public static let name = "round_robin"
    public static let aliases = ["round-robin"]

    private var last = -1

    public init() {}

    public mutating func pick(among candidates: [Candidate], facts: Facts, random: inout Random) -> Int {
        let picked = candidates.firstIndex { $0.branch > last } ?? 0
        last = candidates[picked].branch
        return picked
    }
}
