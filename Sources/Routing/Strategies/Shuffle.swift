/// At random: by weight if the first candidate says one, else by requests per minute, else by tokens per minute, else evenly. What
/// a candidate does not say counts 0 (LiteLLM's simple-shuffle).
public struct Shuffle: Strategy {
    public static let name = "shuffle"
    public static let aliases = ["simple-shuffle"]

    public init() {}

    public mutating func pick(among candidates: [Candidate], facts: Facts, random: inout Random) -> Int {
        Self.pick(among: candidates, random: &random)
    }

    /// Without the request's facts, which would be copied to be passed.
    static func pick(among candidates: [Candidate], random: inout Random) -> Int {
        let picked =
            if candidates[0].weight != nil {
                random.index(of: candidates) { $0.weight ?? 0 }
            } else if candidates[0].requestsPerMinute != nil {
                random.index(of: candidates) { Double($0.requestsPerMinute ?? 0) }
            } else if candidates[0].tokensPerMinute != nil {
                random.index(of: candidates) { Double($0.tokensPerMinute ?? 0) }
            } else {
                nil as Int?
            }
        return picked ?? random.below(candidates.count)
    }
}

extension Random {
    /// In proportion to `weight`. Nil when the weights' sum is not positive.
    @inline(__always)
    mutating func index(of candidates: [Candidate], by weight: (Candidate) -> Double) -> Int? {
        var total = 0.0
        for candidate in candidates { total += max(0, weight(candidate)) }
        guard total > 0 else { return nil }
        var mark = unit() * total
        var last = 0
        for index in candidates.indices {
            let share = max(0, weight(candidates[index]))
            guard share > 0 else { continue }
            if mark < share { return index }
            mark -= share
            last = index
        }
        return last
    }
}
