/// In proportion to weight. `stickyBy` keeps a caller on its side, by hash.
public struct Percentage: Strategy {
    public static let name = "percentage"
    public static let aliases = ["ab_testing", "weighted"]

    public enum Sticky: String, CaseIterable, Sendable { case session, user, key }

    public var stickyBy: Sticky?
    /// Two splits with different salts divide their callers independently. The route's name, hashed, does well.
    public var salt: UInt64

    public init(stickyBy: Sticky? = nil, salt: UInt64 = 0) {
        self.stickyBy = stickyBy
        self.salt = salt
    }

    public mutating func pick(among candidates: [Candidate], facts: Facts, random: inout Random) -> Int {
        if let caller = caller(of: facts), let picked = Self.side(of: caller ^ salt, among: candidates) { return picked }
        return random.index(of: candidates) { $0.weight ?? 1 } ?? random.below(candidates.count)
    }

    /// Nil: the request does not say, so chance decides.
    private func caller(of facts: Facts) -> UInt64? {
        let hash: UInt64 =
            switch stickyBy {
            case nil: 0
            case .session: facts.session
            case .user: facts.user
            case .key: facts.key
            }
        return hash == 0 ? nil : hash
    }

    /// Weighted rendezvous hashing: when a side is taken out, only its own callers move, and they divide by weight.
    private static func side(of caller: UInt64, among candidates: [Candidate]) -> Int? {
        var best: (index: Int, score: Double)?
        for (index, candidate) in candidates.enumerated() {
            let weight = candidate.weight ?? 1
            guard weight > 0 else { continue }
            let bits = Random.mix(caller &+ Random.mix(UInt64(candidate.branch) &+ 1))
            let score = -Random.logarithm(Random.unit(bits | 1 << 11)) / weight
            if best.map({ score < $0.score }) ?? true { best = (index, score) }
        }
        return best?.index
    }
}
