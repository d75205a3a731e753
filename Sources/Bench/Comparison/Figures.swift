/// The middle of a figure over the turns, and between what its middle half lies; of three turns or fewer, all of them.
struct Spread: Sendable {
    var median: Double
    var low: Double
    var high: Double

    init?(_ values: [Double]) {
        guard !values.isEmpty else { return nil }
        let sorted = values.sorted()
        median = Self.middle(sorted[...])
        let half = sorted.count / 2
        low = sorted.count > 3 ? Self.middle(sorted.prefix(half)) : sorted[0]
        high = sorted.count > 3 ? Self.middle(sorted.suffix(half)) : sorted[sorted.count - 1]
    }

    private static func middle(_ sorted: ArraySlice<Double>) -> Double {
        let upper = sorted.startIndex + sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[upper] : (sorted[upper - 1] + sorted[upper]) / 2
    }
}

/// All samples of a run, read as figures.
struct Figures: Sendable {
    let samples: [Sample]

    /// Over the turns in which it was measured.
    func spread(_ target: String, _ value: (Sample) -> Double?) -> Spread? {
        Spread(samples.filter { $0.target == target }.compactMap(value))
    }

    /// Of a figure that two targets have in the same turn: what is slow for a while is slow for both.
    func spread(_ target: String, beside other: String, _ value: (Sample, Sample) -> Double?) -> Spread? {
        Spread(
            samples.filter { $0.target == target }.compactMap { sample in
                samples.first { $0.target == other && $0.round == sample.round && $0.turn == sample.turn }.flatMap { value(sample, $0) }
            })
    }

    func ratio(_ target: String, to other: String, _ value: (Sample) -> Double?) -> Spread? {
        spread(target, beside: other) { quotient(value($0), value($1)) }
    }

    func difference(_ target: String, to other: String, _ value: (Sample) -> Double?) -> Spread? {
        spread(target, beside: other) { mine, theirs in value(mine).flatMap { mine in value(theirs).map { mine - $0 } } }
    }

    /// Of what each adds to the time to the first byte that "direct" needs, both over the turns of a round: a turn's are small differences.
    func addedFirstByteRatio(_ target: String, to other: String) -> Spread? {
        Spread(
            Set(samples.map(\.round)).sorted().compactMap { round in
                let own = Figures(samples: samples.filter { $0.round == round })
                return quotient(
                    own.difference(target, to: "direct", \.firstByte)?.median, own.difference(other, to: "direct", \.firstByte)?.median)
            })
    }

    private func quotient(_ numerator: Double?, _ denominator: Double?) -> Double? {
        guard let numerator, let denominator, denominator > 0 else { return nil }
        return numerator / denominator
    }
}
