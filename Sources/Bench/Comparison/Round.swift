/// All targets at once beside one upstream. Each figure is measured in turns that are shorter than the quiet and the busy whiles of a
/// machine with other guests, so that a ratio is one of neighbours in time.
final class Round {
    private struct Place: Hashable {
        var target: Int
        var turn: Int
    }

    /// One figure, or two that are measured together.
    private struct Figure: Sendable {
        var milliseconds: Int
        /// Of the seconds that the plan gives each figure, how much this one takes.
        var share = 1.0
        var measure: @Sendable (Station, Int, inout Sample) throws -> Void
    }

    private static let figures = [
        Figure(milliseconds: 600) { try $0.measureRequests(milliseconds: $1, &$2) },
        Figure(milliseconds: 1_000) { try $0.measureLatency(milliseconds: $1, &$2) },
        Figure(milliseconds: 1_000) { try $0.measureStreams(milliseconds: $1, &$2) },
        Figure(milliseconds: 500, share: 0.5) { $2.cpu20K = try $0.measureBody(.medium, milliseconds: $1, &$2) },
        Figure(milliseconds: 500, share: 0.5) { $2.cpu200K = try $0.measureBody(.large, milliseconds: $1, &$2) },
    ]
    /// A slow target takes one turn of each figure, which is as long as this.
    private static let slowMilliseconds = 5_000

    private let number: Int
    private let targets: [Target]
    private let plan: ComparisonPlan
    private let surroundings: Surroundings
    private var stations: [(index: Int, station: Station)] = []
    private var samples: [Place: Sample] = [:]

    init(_ number: Int, _ targets: [Target], _ plan: ComparisonPlan, _ surroundings: Surroundings) {
        self.number = number
        self.targets = targets
        self.plan = plan
        self.surroundings = surroundings
    }

    /// The samples of all turns, by target.
    func run() throws -> [Sample] {
        let upstream = try Station.upstream(plan, surroundings)
        defer {
            for (_, station) in stations { station.end() }
            upstream.end()
        }
        for index in targets.indices {
            attempt(index, 0) { sample in
                let station = try Station(targets[index], plan, surroundings, upstream)
                stations.append((index, station))
                try station.begin(&sample)
            }
        }
        for figure in Self.figures { takeTurns(figure) }
        Monotonic.sleep(milliseconds: 2_000)
        for (index, station) in stations { attempt(index, 0) { try station.finish(&$0) } }
        return samples.sorted { ($0.key.target, $0.key.turn) < ($1.key.target, $1.key.turn) }.map(\.value)
    }

    private func takeTurns(_ figure: Figure) {
        let turns = max(1, Int((plan.seconds * figure.share * 1_000 / Double(figure.milliseconds)).rounded()))
        for turn in 0..<turns {
            // Each turn starts one further, and every other one goes backwards, so that no target always follows the same one.
            let order = stations.indices.map { stations[($0 + turn + number) % stations.count] }
            for (index, station) in turn % 2 == 0 ? order : order.reversed() {
                let isSlow = targets[index].isSlow
                guard !isSlow || turn == 0 else { continue }
                attempt(index, turn) { try figure.measure(station, isSlow ? Self.slowMilliseconds : figure.milliseconds, &$0) }
            }
        }
    }

    /// A target that fails is not asked again in this round.
    private func attempt(_ index: Int, _ turn: Int, _ body: (inout Sample) throws -> Void) {
        var sample = samples[Place(target: index, turn: turn)] ?? Sample(target: targets[index].name, round: number, turn: turn)
        do { try body(&sample) } catch {
            sample.problem = "\(error)"
            stations.removeAll { place in
                if place.index == index { place.station.end() }
                return place.index == index
            }
        }
        samples[Place(target: index, turn: turn)] = sample
    }
}
