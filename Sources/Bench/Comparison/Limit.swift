/// A figure that Swiftlet has to reach, and one that it wants to.
struct Limit: Sendable {
    var figure: String
    var unit: String
    var must: Double
    var aim: Double
    var places: Int
    var value: @Sendable (Figures) -> Spread?

    enum Verdict: String { case aim = "aim met", must = "must met", missed = "**missed**", unknown = "not measured" }

    /// The median decides.
    func verdict(_ measured: Spread?) -> Verdict {
        guard let median = measured?.median else { return .unknown }
        return median <= aim ? .aim : median <= must ? .must : .missed
    }

    static let own = ["swiftlet", "swiftlet-all"]

    /// In the order of the page.
    static func all(instructions: Double?) -> [Limit] {
        cpu + [
            Limit(figure: "user instructions per request", unit: "", must: 50_000, aim: 35_000, places: 0) { _ in
                Spread(instructions.map { [$0] } ?? [])
            }
        ] + carrying("swiftlet") + waiting + carrying("swiftlet-all") + own.flatMap(keeping) + [
            Limit(figure: "start to ready with an existing database", unit: "ms", must: 250, aim: 100, places: 0) {
                $0.spread("swiftlet-all", \.restart)
            }
        ]
    }

    private static let cpu: [Limit] = [
        ratio("swiftlet", to: "nginx", 1.4, 1.0), ratio("swiftlet-all", to: "nginx", 2.0, 1.4), ratio("swiftlet-all", to: "envoy", 0.55, 0.4),
        ratio("swiftlet-all", to: "vllm", 0.55, 0.4), ratio("swiftlet-all", to: "sglang", 0.45, 0.3),
        ratio("swiftlet-budgets", to: "swiftlet-all", 1.1, 1.03),
    ]

    private static func ratio(_ target: String, to peer: String, _ must: Double, _ aim: Double) -> Limit {
        Limit(figure: "\(target): CPU per 1 KB request, ratio to \(peer)", unit: "×", must: must, aim: aim, places: 2) {
            $0.ratio(target, to: peer, \.cpu)
        }
    }

    private static func carrying(_ target: String) -> [Limit] {
        [
            Limit(figure: "\(target): CPU per relayed event, ratio to nginx", unit: "×", must: 1.3, aim: 1.0, places: 2) {
                $0.ratio(target, to: "nginx", \.chunkCPU)
            },
            Limit(figure: "\(target): added time to first byte p50, ratio to nginx", unit: "×", must: 1.5, aim: 1.0, places: 2) {
                $0.addedFirstByteRatio(target, to: "nginx")
            },
            Limit(figure: "\(target): CPU per 200 KB request, ratio to nginx", unit: "×", must: 2.5, aim: 1.4, places: 2) {
                $0.ratio(target, to: "nginx", \.cpu200K)
            },
        ]
    }

    /// Not of "all": its answers end once their rows are on the disk, which nginx does not wait for.
    private static let waiting: [Limit] = [
        Limit(figure: "swiftlet: p50 at 1,000 requests/s above nginx", unit: "µs", must: 50, aim: 0, places: 0) {
            $0.difference("swiftlet", to: "nginx", \.p50)
        },
        Limit(figure: "swiftlet: p99 at 1,000 requests/s above nginx", unit: "µs", must: 100, aim: 0, places: 0) {
            $0.difference("swiftlet", to: "nginx", \.p99)
        },
    ]

    private static func keeping(_ target: String) -> [Limit] {
        [
            Limit(figure: "\(target): memory idle", unit: "MiB", must: 40, aim: 20, places: 1) { $0.spread(target, \.idle) },
            Limit(figure: "\(target): memory with 64 connections loaded", unit: "MiB", must: 60, aim: 40, places: 1) { $0.spread(target, \.loaded) },
            Limit(figure: "\(target): memory after load", unit: "MiB", must: 45, aim: 25, places: 1) { $0.spread(target, \.after) },
            Limit(figure: "\(target): idle keep-alive connection", unit: "KiB", must: 6, aim: 3, places: 1) { $0.spread(target, \.idleConnection) },
        ]
    }
}
