/// Chances as logarithms of odds, by plain arithmetic: the same on every platform.
enum Odds {
    static func logit(_ share: Double) -> Double {
        let kept = min(max(share, 0.001), 0.999)
        return Random.logarithm(kept / (1 - kept))
    }

    static func share(_ logit: Double) -> Double {
        let power = exponential(logit)
        return power / (1 + power)
    }

    /// Between -40 and 40, to some twelve digits.
    static func exponential(_ x: Double) -> Double {
        let bounded = min(max(x, -40), 40)
        let twos = (bounded / 0.693_147_180_559_945_3).rounded()
        let rest = bounded - twos * 0.693_147_180_559_945_3
        var (sum, term) = (1.0, 1.0)
        for step in 1...13 {
            term *= rest / Double(step)
            sum += term
        }
        return sum * Double(sign: .plus, exponent: Int(twos), significand: 1)
    }

    /// That a number of the standard normal distribution is below `x`, to a hundredth: the logistic curve that is nearest to it.
    static func below(_ x: Double) -> Double { share(1.702 * x) }
}
