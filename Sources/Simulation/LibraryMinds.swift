import Routing

extension Library {
    // MARK: Choices by complexity

    /// Two models, eight times as dear the one as the other; `a` is the capable one.
    private static func stage(_ axis: Intelligent.Axis) -> Stage {
        var stage = Stage(strategy: Intelligent(axis: axis), count: 2)
        stage.prices = [(2, 8), (0.25, 1)]
        return stage
    }

    private static func asked(_ complexity: ClosedRange<Double>, from: Double = 0, lasting: Double = 300, sessions: Int = 0) -> Traffic {
        var traffic = Traffic(requestsPerSecond: 20, duration: .milliseconds(Int64(lasting * 1000)))
        traffic.from = .milliseconds(Int64(from * 1000))
        traffic.complexity = complexity
        traffic.sessions = sessions
        return traffic
    }

    static let minds: [Plot] = [
        Plot("mixed-cost", "A mixed stream by the axis cost: three of ten requests are a capable model's.", on: stage(.cost), leastSuccess: 1) {
            $0.traffic = [asked(0...1)]
            $0.shares = [("a", 0.27...0.35)]
        },
        Plot(
            "mixed-performance", "A mixed stream by the axis performance: half of it is a capable model's.", on: stage(.performance), leastSuccess: 1
        ) {
            $0.traffic = [asked(0...1)]
            $0.shares = [("a", 0.47...0.56)]
        },
        Plot(
            "mixed-intelligence", "A mixed stream by the axis intelligence: seven of ten requests are a capable model's.", on: stage(.intelligence),
            leastSuccess: 1
        ) {
            $0.traffic = [asked(0...1)]
            $0.shares = [("a", 0.67...0.75)]
        },
        Plot(
            "shifted-stream", "Prompts become somewhat harder after five minutes: the border follows, and half of them stay a capable model's.",
            on: stage(.performance), leastSuccess: 1
        ) {
            $0.traffic = [asked(0...0.95, lasting: 300), asked(0.2...1, from: 300, lasting: 600)]
            $0.shares = [("a", 0.45...0.58)]
        },
        Plot(
            "all-hard", "Nothing but hard prompts: the border does not follow them, whoever saves.", on: stage(.cost), leastSuccess: 1
        ) {
            $0.traffic = [asked(0.8...1)]
            $0.shares = [("a", 1...1)]
        },
        Plot(
            "long-talks", "Conversations of easy and hard turns keep to a model rather than go to and fro, and so need more of the capable one.",
            on: stage(.performance), leastSuccess: 1
        ) {
            $0.traffic = [asked(0...1, sessions: 300)]
            $0.shares = [("a", 0.5...0.8)]
        },
        Plot(
            "capable-down", "The capable model is down for a minute: the other answers what it would have, and nobody waits.",
            on: stage(.performance), leastSuccess: 1
        ) {
            $0.cast = [part(.outage(from: .seconds(30), to: .seconds(90), .serverError))]
            $0.traffic = [asked(0...1)]
        },
    ]
}
