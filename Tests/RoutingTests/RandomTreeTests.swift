import Routing
import Testing

/// Random trees of `fallback` against a plain recursive model of "a node is used up before its parent goes on".
@Suite("Random trees against a model") struct RandomTreeTests {
    /// A tree of ordered children with deployments at its leaves.
    indirect enum Model {
        case leaf(Int)
        case chain([(child: Model, on: FaultSet?)])

        var route: Route {
            switch self {
            case .leaf(let id): .deployment(id)
            case .chain(let children): .choice(Fallback(), children.map { Branch($0.child.route, on: $0.on) })
            }
        }

        static func random(_ random: inout Random, depth: Int, deployments: Int) -> Model {
            if depth == 0 || random.below(3) == 0 { return .leaf(random.below(deployments)) }
            return .chain(
                (0..<1 + random.below(4)).map { _ in
                    let on: FaultSet? = random.below(4) == 0 ? FaultSet(.timeout) : nil
                    return (Model.random(&random, depth: depth - 1, deployments: deployments), on)
                })
        }

        /// Everything that is tried when each attempt fails by `faults`, in order. `down` may not serve. A child is entered when it is
        /// the first of its node to be tried, or when the last fault leads to it.
        func tried(faults: (Int) -> Fault, down: Set<Int>) -> [Int] {
            var order: [Int] = []
            walk(&order, faults, down)
            return order
        }

        private func walk(_ order: inout [Int], _ faults: (Int) -> Fault, _ down: Set<Int>) {
            switch self {
            case .leaf(let id):
                if !down.contains(id), !order.contains(id) { order.append(id) }
            case .chain(let children):
                let before = order.count
                var unused = Array(children.indices)
                while let next = unused.firstIndex(where: { Self.leads(to: children[$0].on, order, since: before, faults) }) {
                    children[unused.remove(at: next)].child.walk(&order, faults, down)
                }
            }
        }

        private static func leads(to on: FaultSet?, _ order: [Int], since before: Int, _ faults: (Int) -> Fault) -> Bool {
            guard order.count > before, let last = order.last else { return true }
            return (on ?? FaultSet.all.subtracting(FaultSet(.badRequest, .cancelled))).contains(faults(last))
        }
    }

    @Test("the router walks as the model does", arguments: UInt64(1)...400)
    func walks(seed: UInt64) throws {
        var random = Random(seed: seed)
        let names = (0..<8).map { "d\($0)" }
        let model = Model.random(&random, depth: 4, deployments: names.count)
        let down = Set((0..<names.count).filter { _ in random.below(5) == 0 })
        let kinds: [Fault] = [.serverError, .timeout, .unavailable]
        let faults = names.map { _ in kinds[random.below(kinds.count)] }
        let all = names.enumerated().map { Deployment(name: $1, paused: down.contains($0)) }
        let table = try table(all, model.route, retry: RetryPolicy(maxRetries: 0))
        var router = Router(table: table, seed: seed)
        let run = router.run { .badly(faults[$0]) }
        #expect(run.tried == model.tried(faults: { faults[$0] }, down: down), "seed \(seed)")
    }

    @Test("any strategies: all that may serve is tried once, and a healthy one ends the search", arguments: UInt64(1)...200)
    func anyStrategy(seed: UInt64) throws {
        var random = Random(seed: seed)
        let strategies = Strategies.all.filter { !($0 is Single) }
        func tree(_ depth: Int) -> Route {
            if depth == 0 || random.below(3) == 0 { return .deployment(random.below(8)) }
            let strategy = strategies[random.below(strategies.count)]
            return .choice(strategy, (0..<1 + random.below(4)).map { _ in Branch(tree(depth - 1), weight: Double(1 + random.below(5))) })
        }
        let route = tree(4)
        let all = (0..<8).map { Deployment(name: "d\($0)", paused: random.below(4) == 0) }
        let table = try table(all, route, retry: RetryPolicy(maxRetries: 0))
        let able = Set(table.deployments(of: 0).filter { !all[$0].paused })
        var router = Router(table: table, seed: seed)
        let failing = router.run { _ in .badly(.serverError) }
        #expect(Set(failing.tried) == able && failing.tried.count == able.count, "seed \(seed)")
        if let healthy = able.randomElement(using: &random) {
            var fresh = Router(table: table, seed: seed)
            let run = fresh.run { $0 == healthy ? .well : .badly(.timeout) }
            #expect(run.succeeded && run.tried.last == healthy, "seed \(seed)")
        }
        #expect(router.healthReports(at: .zero).allSatisfy { $0.inFlight == 0 })
    }
}
