import NIOPosix
import Routing
import Schema
import Settings
import Simulation
import Storage
import Wire

/// `GET|POST /api/v1/simulate`: runs of the simulator, beside everything else: on threads of their own, few at once, bounded in time.
final class SimulatorDesk: Sendable {
    private let book: SettingsBook
    private let running = Locked(0)

    init(book: SettingsBook) { self.book = book }

    static let members: [AdminRoute.Parameter] = [
        .init(name: "scenario", help: "A name of the library; or `document`."),
        .init(name: "document", help: "A scenario of one's own: YAML as a text, or an object.", schema: "any"),
        .init(name: "seed", help: "Names the run; 1 without it.", schema: "integer"),
        .init(name: "on_settings", help: "Whether it befalls this gateway's own routes and deployments.", schema: "boolean"),
        .init(name: "model", help: "The model that requests name which say none."),
    ]

    private static let threads: NIOThreadPool = {
        let pool = NIOThreadPool(numberOfThreads: 2)
        pool.start()
        return pool
    }()
    /// Running and waiting for a thread.
    static let mostAtOnce = 4
    static let longest = Duration.seconds(30)
    static let mostEvents = 20_000_000
    static let mostBytes = 256 << 10

    // MARK: The library

    func list(_ call: AdminCall) throws -> AdminAnswer {
        try call.checkQuery([])
        let plots = Library.plots.map { ($0.name, "router", $0.summary) }
        let budgets = BudgetPlan.plans.map { ("budgets-\($0.name)", "budgets", $0.summary) }
        let learning = LearningPlan.plans.map { ("learning-\($0.name)", "learning", $0.summary) }
        return AdminAnswer { whole in
            whole.object { whole in
                whole.key("data")
                whole.array { list in
                    for (name, kind, summary) in plots + budgets + learning {
                        list.object { line in
                            line.member("name", name)
                            line.member("kind", kind)
                            line.member("summary", summary)
                        }
                    }
                }
            }
        }
    }

    // MARK: A run

    func answer(_ call: AdminCall) async throws -> AdminAnswer {
        let asked = try call.object(Self.members.map(\.name))
        let run = try await plan(asked)
        let mayBegin = running.withLock { running in
            guard running < Self.mostAtOnce else { return false }
            running += 1
            return true
        }
        guard mayBegin else {
            var refusal = AdminRefusal(503, "too_many_simulations", "\(Self.mostAtOnce) simulations run already: try again when one has ended")
            refusal.retryAfter = 5
            throw refusal
        }
        let isAsked = call.accept?.contains("text/event-stream") ?? false
        let flow = begin(run, tells: isAsked)
        if isAsked {
            var answer = AdminAnswer(text: "", type: "text/event-stream")
            answer.flow = flow
            return answer
        }
        var result: [UInt8] = []
        for await piece in flow.pieces { result = piece }
        var answer = AdminAnswer(text: "", type: "application/json")
        answer.body = result
        return answer
    }

    /// - Parameter tells: Events of how far it is, and the report as one; else the report alone.
    private func begin(_ run: Run, tells: Bool) -> AdminFlow {
        let (pieces, tell) = AsyncStream.makeStream(of: [UInt8].self, bufferingPolicy: .bufferingNewest(16))
        let flag = StopFlag()
        Self.threads.submit { [self] state in
            defer { running.withLock { $0 -= 1 } }
            guard case .active = state else { return tell.finish() }
            let begun = ContinuousClock.now
            var told = begun
            let report = run.report { progress in
                let now = ContinuousClock.now
                if tells, now - told >= .milliseconds(100) {
                    told = now
                    tell.yield(Self.event("progress", Self.text(progress)))
                }
                return !flag.isSet.withLock { $0 } && now - begun < Self.longest && progress.events < Self.mostEvents
            }
            let line = Array(report.utf8.map { $0 == 0x0a ? 0x20 : $0 })
            tell.yield(tells ? Self.event("result", line) : line)
            tell.finish()
        }
        return AdminFlow(pieces: pieces, more: {}, stop: { flag.isSet.withLock { $0 = true } })
    }

    private final class StopFlag: Sendable { let isSet = Locked(false) }

    private static func event(_ name: String, _ data: [UInt8]) -> [UInt8] { Array("event: \(name)\ndata: ".utf8) + data + Array("\n\n".utf8) }

    private static func text(_ progress: Scenario.Progress) -> [UInt8] {
        let share = min(0.999, Double(progress.at.nanoseconds) / Double(max(1, progress.end.nanoseconds)))
        var line = JSONWriter()
        line.object { line in
            line.key("share")
            line.raw("\(share)")
            line.member("requests", progress.requests)
            line.key("seconds")
            line.raw("\(Double(progress.at.nanoseconds / 1_000_000) / 1_000)")
        }
        return line.bytes
    }

    // MARK: What is to run

    private enum Run: Sendable {
        case scenario(Scenario, seed: UInt64)
        case budgets(BudgetPlan, seed: UInt64)
        case learning(LearningPlan, seed: UInt64)

        func report(_ watch: (Scenario.Progress) -> Bool) -> String {
            switch self {
            case .scenario(let scenario, let seed): scenario.run(seed: seed, watch: watch).json
            case .budgets(let plan, let seed): plan.run(seed: seed).json
            case .learning(let plan, let seed): (try? plan.run(seed: seed, watch: watch))?.json ?? "{}"  // its table is a constant that compiles
            }
        }
    }

    private func plan(_ asked: Node) async throws -> Run {
        let seed = try Self.seed(asked["seed"])
        let own = asked["on_settings"]?.scalar == "true" ? try await book.compiled(await book.document) : nil
        let model = asked["model"].flatMap { $0.isNull ? nil : $0.scalar }
        do {
            switch (asked["scenario"]?.scalar, asked["document"]) {
            case (let name?, nil):
                if let plan = BudgetPlan.named(name) { return .budgets(plan, seed: seed) }
                if let plan = LearningPlan.named(name) { return .learning(plan, seed: seed) }
                return .scenario(try Self.named(name, own, model), seed: seed)
            case (nil, let document?): return .scenario(try Self.written(document, own, model), seed: seed)
            default: throw AdminRefusal(400, "invalid_value", "say what to run: either `scenario` or `document`")
            }
        } catch let error as RoutingTableError {
            throw AdminRefusal(422, "invalid_scenario", "the scenario does not go with these routes: \(error)")
        }
    }

    private static func seed(_ node: Node?) throws -> UInt64 {
        guard let node, !node.isNull else { return 1 }
        guard let seed = node.scalar.flatMap(UInt64.init) else { throw AdminRefusal(400, "invalid_value", "`seed` must be a whole number from 0 on") }
        return seed
    }

    private static func named(_ name: String, _ own: Blueprint?, _ model: String?) throws -> Scenario {
        if name.hasPrefix("random-"), let seed = UInt64(name.dropFirst("random-".count)) { return try Scenario.random(seed: seed) }
        guard let plot = Library.named(name) else { throw AdminRefusal.unknown("scenario", name, among: Library.plots.map(\.name)) }
        guard let own else { return try plot.scenario() }
        return try plot.scenario(on: own.table, route: try route(model, of: own))
    }

    private static func written(_ node: Node, _ own: Blueprint?, _ model: String?) throws -> Scenario {
        var problems: [Problem] = []
        var root = node
        if let text = node.scalar {
            guard text.utf8.count <= mostBytes else { throw AdminRefusal(413, "request_too_large", "a scenario has at most \(mostBytes) bytes") }
            guard let read = YAML.read(text, problems: &problems), problems.errors.isEmpty else {
                throw SettingsBook.Refused(problems: problems.errors)
            }
            root = read
        }
        let (document, found) = ScenarioDocument.read(root)
        guard let document else { throw SettingsBook.Refused(problems: found.errors) }
        let settings = try own ?? compiled(root[ScenarioDocument.settingsSection] ?? .map([]))
        var scenario = try document.scenario(on: settings.table, route: { settings.names[$0]?.route }, &problems)
        guard problems.errors.isEmpty else { throw SettingsBook.Refused(problems: problems.errors) }
        let route = try route(model, of: settings)
        for index in scenario.traffic.indices where scenario.traffic[index].route == nil { scenario.traffic[index].route = route }
        return scenario
    }

    /// Nobody is called, so secrets need not be there; and no file is read of those that settings may name.
    private static func compiled(_ root: Node) throws -> Blueprint {
        let bare = ["prices_file", "server", "store", "ledger", "admin"].reduce(root) { $0.setting($1, nil) }
        let compilation = Blueprint.compile(bare, secrets: { .found("simulated \($0)") })
        guard let blueprint = compilation.blueprint else { throw SettingsBook.Refused(problems: compilation.problems.errors) }
        return blueprint
    }

    /// That of `model`; else of requests that name none; else of the first model.
    private static func route(_ model: String?, of settings: Blueprint) throws -> String {
        if let model {
            guard let named = settings.names[model] else { throw AdminRefusal.unknown("model", model, among: settings.names.keys.sorted()) }
            return settings.table.routes[named.route].name
        }
        let shown = settings.names.values.filter { !$0.hidden && !$0.name.contains("/") }.map(\.route).min()
        guard let route = settings.defaultRoute ?? shown ?? settings.names.values.map(\.route).min() else {
            throw AdminRefusal(422, "invalid_scenario", "these settings have no models: add one, or a section `settings` to the scenario")
        }
        return settings.table.routes[route].name
    }
}
