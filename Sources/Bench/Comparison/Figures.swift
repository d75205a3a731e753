/// The middle of a figure over the rounds, and how far it went.
struct Spread: Sendable {
    var median: Double
    var low: Double
    var high: Double

    init?(_ values: [Double]) {
        guard !values.isEmpty else { return nil }
        let sorted = values.sorted()
        let middle = sorted.count / 2
        median = sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
        low = sorted[0]
        high = sorted[sorted.count - 1]
    }
}

/// All samples of a run, read as figures.
struct Figures: Sendable {
    let samples: [Sample]

    /// Over the rounds in which it was measured.
    func spread(_ target: String, _ value: (Sample) -> Double?) -> Spread? {
        Spread(samples.filter { $0.target == target }.compactMap(value))
    }

    /// Of a figure that two targets have in the same round: what is slow for a while is slow for both.
    func spread(_ target: String, beside other: String, _ value: (Sample, Sample) -> Double?) -> Spread? {
        Spread(
            samples.filter { $0.target == target }.compactMap { sample in
                samples.first { $0.target == other && $0.round == sample.round }.flatMap { value(sample, $0) }
            })
    }

    func ratio(_ target: String, to other: String, _ value: (Sample) -> Double?) -> Spread? {
        spread(target, beside: other) { quotient(value($0), value($1)) }
    }

    func difference(_ target: String, to other: String, _ value: (Sample) -> Double?) -> Spread? {
        spread(target, beside: other) { mine, theirs in value(mine).flatMap { mine in value(theirs).map { mine - $0 } } }
    }

    /// Of what each adds to the time to the first byte that "direct" needs in the same round.
    func addedFirstByteRatio(_ target: String, to other: String) -> Spread? {
        spread(target, beside: other) { mine, theirs in
            guard let direct = samples.first(where: { $0.target == "direct" && $0.round == mine.round })?.firstByte else { return nil }
            return quotient(mine.firstByte.map { $0 - direct }, theirs.firstByte.map { $0 - direct })
        }
    }

    private func quotient(_ numerator: Double?, _ denominator: Double?) -> Double? {
        guard let numerator, let denominator, denominator > 0 else { return nil }
        return numerator / denominator
    }
}
