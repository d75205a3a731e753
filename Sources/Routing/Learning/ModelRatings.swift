/// How content clients are with models, apart from how hard the prompts were that each of them got: a chance of content that falls with
/// the score, moved up or down for each model (as Elo's and Glickman's ratings are, with the prompt as the opponent). Forgets with time.
public struct ModelRatings: Hashable, Sendable {
    public struct Rating: Hashable, Sendable {
        /// On the scale of logarithms of odds: 0 is as good as the mean.
        public var effect: Double
        public var deviation: Double
        /// Opinions, in equal weights.
        public var opinions: Double

        /// Enough is known to believe it rather than prices.
        public var counts: Bool { opinions >= ModelRatings.fewest }
    }

    /// Opinions before a model's rating counts.
    public static let fewest = 50.0
    /// What a rating adds to a capability or takes from it, at most.
    public static let most = 0.15
    /// By how much the logit of content falls with the logit of a score.
    private static let slope = 0.3
    private static let prior = 0.5
    /// One tenant's opinions of a model count as no more than so many, beside those of others as no more than they.
    private static let loneTenant = 200.0

    /// By the ledger's number of a deployment.
    public private(set) var byDeployment: [UInt32: Rating] = [:]

    public init() {}

    /// - Parameter lessons: Of all tenants, already weighed by age.
    public init(_ lessons: [RatedLesson]) {
        let usual = Odds.logit(Tally(lessons).smoothed(by: 5, towards: 0.8).mean)
        let place = Tally(lessons).position
        for (deployment, own) in Dictionary(grouping: lessons, by: \.lesson.deployment) where deployment != 0 {
            byDeployment[deployment] = Self.rate(Self.bounded(own), usual, place)
        }
    }

    private static func bounded(_ lessons: [RatedLesson]) -> [RatedLesson] {
        var tenants: [UInt32: Double] = [:]
        for one in lessons { tenants[one.lesson.tenant, default: 0] += one.weight }
        let all = tenants.sorted { $0.key < $1.key }.reduce(0) { $0 + $1.value }
        return lessons.map { one in
            var one = one
            let own = tenants[one.lesson.tenant] ?? 0
            one.weight *= min(1, max(all - own, loneTenant) / max(own, 1e-9))
            return one
        }
    }

    /// The most likely effect, by Newton's steps on a curve with one top.
    private static func rate(_ lessons: [RatedLesson], _ usual: Double, _ place: Double) -> Rating {
        var (effect, curvature) = (0.0, 1 / (prior * prior))
        for _ in 0..<12 {
            var gradient = -effect / (prior * prior)
            curvature = 1 / (prior * prior)
            for one in lessons {
                let expected = Odds.share(usual - slope * (Odds.logit(Double(one.lesson.frozen)) - place) + effect)
                gradient += one.weight * (one.score - expected)
                curvature += one.weight * expected * (1 - expected)
            }
            effect += min(max(gradient / curvature, -1), 1)
        }
        return Rating(effect: effect, deviation: 1 / curvature.squareRoot(), opinions: Tally(lessons).effective)
    }

    /// What a model of `capability` is thought to be able to do now. Nil: too little is known of it.
    public func capability(of deployment: UInt32, from capability: Double) -> Double? {
        guard let rating = byDeployment[deployment], rating.counts else { return nil }
        return min(max(capability + Self.most * rating.effect / (1 + abs(rating.effect)), 0), 1)
    }
}
