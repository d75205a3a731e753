/// The fewest requests in flight; ties fall at random.
public struct LeastBusy: Strategy {
    public static let name = "least_busy"
    public static let aliases = ["least-busy", "least_loaded"]

    public init() {}

    public mutating func pick(among candidates: [Candidate], facts: Facts, random: inout Random) -> Int {
        Self.pick(among: candidates, random: &random)
    }

    /// Without the request's facts, which would be copied to be passed.
    static func pick(among candidates: [Candidate], random: inout Random) -> Int {
        var picked = 0
        var ties = 1
        for index in candidates.indices.dropFirst() {
            if candidates[index].inFlight < candidates[picked].inFlight {
                picked = index
                ties = 1
            } else if candidates[index].inFlight == candidates[picked].inFlight {
                ties += 1
                if random.below(ties) == 0 { picked = index }
            }
        }
        return picked
    }
}
