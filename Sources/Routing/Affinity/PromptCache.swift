/// What a provider's own cache of prompts does: it charges less for a prompt whose beginning it has read a while ago.
public struct PromptCacheTerms: Hashable, Sendable {
    /// How long a beginning is kept after it was last used.
    public var lifetime: Duration
    /// Shorter beginnings are not kept.
    public var minTokens: Int
    /// Only what a request marks is kept.
    public var isExplicit: Bool

    public init(lifetime: Duration, minTokens: Int, isExplicit: Bool = false) {
        (self.lifetime, self.minTokens, self.isExplicit) = (lifetime, minTokens, isExplicit)
    }
}

/// How a request's prompt begins: digests of ever longer parts of it.
public struct PromptBeginnings: Hashable, Sendable {
    public struct Part: Hashable, Sendable {
        /// Of all up to its end.
        public var digest: UInt64
        /// Up to there, estimated as `Facts.inputTokens` is.
        public var tokens: Int

        public init(digest: UInt64, tokens: Int) { (self.digest, self.tokens) = (digest, tokens) }
    }

    /// By rising length, at most `most`.
    public var parts: [Part]
    /// The request marks what is to be kept.
    public var isMarked: Bool

    public static let most = 24

    public init(parts: [Part] = [], isMarked: Bool = false) { (self.parts, self.isMarked) = (Array(parts.suffix(Self.most)), isMarked) }
}

/// Which deployment's provider has read which beginning, and until when it remembers. Bounded: 16,384 of them, 512 KiB once there is one.
/// A digest has eight places; who comes ninth takes the one that ends first.
struct WarmBeginnings: Sendable {
    private struct Place: Sendable {
        var digest: UInt64 = 0
        /// Hash of the deployment's name.
        var deployment: UInt64 = 0
        var until = Instant.zero
        var tokens: Int32 = 0
    }

    static let sets = 2_048
    static let ways = 8
    private var places: [Place] = []

    var isEmpty: Bool { places.isEmpty }

    mutating func note(_ part: PromptBeginnings.Part, at deployment: UInt64, until: Instant, now: Instant) {
        if places.isEmpty { places = Array(repeating: Place(), count: Self.sets * Self.ways) }
        let first = Self.first(part.digest)
        var chosen = first
        for at in first..<first + Self.ways {
            if places[at].digest == part.digest, places[at].deployment == deployment {
                chosen = at
                break
            }
            if places[at].until < places[chosen].until { chosen = at }
        }
        places[chosen] = Place(digest: part.digest, deployment: deployment, until: until, tokens: Int32(clamping: part.tokens))
    }

    /// The longest that is remembered, in tokens; 0: none.
    func tokens(of beginnings: PromptBeginnings, at deployment: UInt64, now: Instant) -> Int {
        guard !places.isEmpty else { return 0 }
        for part in beginnings.parts.reversed() {
            let first = Self.first(part.digest)
            for at in first..<first + Self.ways
            where places[at].digest == part.digest && places[at].deployment == deployment && places[at].until > now {
                return Int(places[at].tokens)
            }
        }
        return 0
    }

    /// Nobody remembers this one any more: it was asked and had to read all.
    mutating func forget(_ beginnings: PromptBeginnings, at deployment: UInt64) {
        guard !places.isEmpty else { return }
        for part in beginnings.parts {
            let first = Self.first(part.digest)
            for at in first..<first + Self.ways where places[at].digest == part.digest && places[at].deployment == deployment {
                places[at] = Place()
            }
        }
    }

    private static func first(_ digest: UInt64) -> Int { Int(Random.mix(digest) % UInt64(sets)) * ways }
}

/// How often a deployment's provider remembered what it was believed to. Young guesses weigh more: both counts are halved at 64.
struct WarmthRecord: Hashable, Sendable {
    private(set) var right: Float = 3
    private(set) var wrong: Float = 1

    /// 0 ... 1. Three of four before anything was seen.
    var chance: Double { Double(right / (right + wrong)) }

    mutating func add(isRight: Bool) {
        if isRight { right += 1 } else { wrong += 1 }
        if right + wrong > 64 { (right, wrong) = (right / 2, wrong / 2) }
    }
}
