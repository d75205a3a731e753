/// The strategies in a form whose state moves in place: mutating `any Strategy` inside an array would box it on every request.
enum Picker: Sendable {
    case fallback, single, conditional
    case percentage(Percentage)
    case simpleShuffle(Shuffle)
    case roundRobin(RoundRobin)
    case leastBusy(LeastBusy)
    /// Picked by what its node measures.
    case measured(any Strategy)
    case auto(Auto)
    case intelligent(Intelligent)
    case other(any Strategy)

    /// The ways of asking: what needs no state is asked without the moving picker.
    enum Kind: UInt8 { case first, shuffle, leastBusy, measured, auto, intelligent, other }

    var kind: Kind {
        switch self {
        case .fallback, .single, .conditional: .first
        case .simpleShuffle: .shuffle
        case .leastBusy: .leastBusy
        case .measured: .measured
        case .auto: .auto
        case .intelligent: .intelligent
        case .percentage, .roundRobin, .other: .other
        }
    }

    init(_ strategy: any Strategy) {
        self =
            switch strategy {
            case is Fallback: .fallback
            case is Conditional: .conditional
            case is Single: .single
            case let percentage as Percentage: .percentage(percentage)
            case let shuffle as Shuffle: .simpleShuffle(shuffle)
            case let roundRobin as RoundRobin: .roundRobin(roundRobin)
            case let leastBusy as LeastBusy: .leastBusy(leastBusy)
            case let auto as Auto: .auto(auto)
            case let intelligent as Intelligent: .intelligent(intelligent)
            case is any MeasuredStrategy: .measured(strategy)
            default: .other(strategy)
            }
    }

    mutating func pick(among candidates: [Candidate], facts: Facts, random: inout Random) -> Int {
        switch self {
        case .fallback, .single, .conditional: return 0
        case .percentage(var strategy): return strategy.pick(among: candidates, facts: facts, random: &random)
        case .simpleShuffle(var strategy): return strategy.pick(among: candidates, facts: facts, random: &random)
        case .leastBusy(var strategy): return strategy.pick(among: candidates, facts: facts, random: &random)
        case .roundRobin(var strategy):
            let picked = strategy.pick(among: candidates, facts: facts, random: &random)
            self = .roundRobin(strategy)
            return picked
        case .auto(var strategy): return strategy.pick(among: candidates, facts: facts, random: &random)
        case .intelligent(var strategy): return strategy.pick(among: candidates, facts: facts, random: &random)
        case .measured(var strategy): return strategy.pick(among: candidates, facts: facts, random: &random)
        case .other(var strategy):
            let picked = strategy.pick(among: candidates, facts: facts, random: &random)
            self = .other(strategy)
            precondition(candidates.indices.contains(picked), "\(type(of: strategy).name) picked outside its candidates")
            return picked
        }
    }

    /// Whether it looks at what is in flight below choices; the others are spared the count.
    var countsFlights: Bool {
        switch self {
        case .leastBusy, .other: true
        default: false
        }
    }

    /// What its candidates are measured by.
    var measure: Measure {
        switch self {
        case .measured(let strategy), .other(let strategy): strategy.measure
        case .auto(let strategy): strategy.measure
        case .intelligent(let strategy): strategy.measure
        default: .nothing
        }
    }

    var name: String {
        switch self {
        case .fallback: Fallback.name
        case .single: Single.name
        case .conditional: Conditional.name
        case .percentage: Percentage.name
        case .simpleShuffle: Shuffle.name
        case .roundRobin: RoundRobin.name
        case .leastBusy: LeastBusy.name
        case .auto: Auto.name
        case .intelligent: Intelligent.name
        case .measured(let strategy), .other(let strategy): type(of: strategy).name
        }
    }
}
