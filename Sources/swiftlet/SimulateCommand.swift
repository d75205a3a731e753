import ArgumentParser
import Bench
import FoundationEssentials
import Routing
import Schema
import Settings
import Simulation

/// `swiftlet simulate SCENARIO`.
struct Simulate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the router against made-up deployments on virtual time, and report what it came to.",
        discussion: """
            SCENARIO is a name of the library (--list) or a YAML file. The same scenario with the same seed is the same run, event for
            event. Ends with 1 when an invariant or a promise of the scenario was broken.
            """)

    @Argument(help: "A bad day of the library, or a file that describes one.")
    var scenario: String?
    @Option(help: "Names the run.")
    var seed: UInt64 = 1
    @Option(help: "Your settings file: its routes and rules decide, over imaginary deployments of the same names.")
    var policy: String?
    @Option(help: "The model that requests of a library scenario name, with --policy. Without it, the first of the settings.")
    var model: String?
    @Flag(help: "Print the report as JSON.")
    var json = false
    @Flag(help: "Print the library's scenarios.")
    var list = false

    func validate() throws {
        if !list, scenario == nil { throw ValidationError("which scenario? `swiftlet simulate --list` names those of the library") }
    }

    func run() throws {
        if list { return StandardStream.output.write(json ? Self.libraryJSON : Self.library) }
        if let plan = BudgetPlan.named(scenario ?? "") {
            let report = Progress.during("simulating") { plan.run(seed: seed) }
            StandardStream.output.write(json ? report.json : report.description)
            if report.breach != nil { throw ExitCode.failure }
            return
        }
        if let plan = LearningPlan.named(scenario ?? "") {
            let report = try Progress.during("simulating") { try plan.run(seed: seed) }
            StandardStream.output.write(json ? report.json : report.description)
            if report.breach != nil { throw ExitCode.failure }
            return
        }
        let source = try ScenarioSource(policy: policy, model: model)
        let played = try source.scenario(scenario ?? "")
        let report = Progress.during("simulating") { played.run(seed: seed) }
        StandardStream.output.write(json ? report.json : report.description)
        if !report.violations.isEmpty { throw ExitCode.failure }
    }

    private static var rows: [(String, String)] {
        Library.plots.map { ($0.name, $0.summary) } + [("random-N", "Anything: routes, deployments and mishaps by chance.")]
            + BudgetPlan.plans.map { ("budgets-\($0.name)", $0.summary) } + LearningPlan.plans.map { ("learning-\($0.name)", $0.summary) }
    }

    static var names: [String] { rows.map(\.0).filter { $0 != "random-N" } }

    static var library: String {
        let width = rows.map(\.0.count).max() ?? 0
        return rows.map { "\($0.0)\(String(repeating: " ", count: width - $0.0.count))  \($0.1)\n" }.joined()
    }

    private static var libraryJSON: String {
        let list = JSONText.list(rows.map { .object([("name", .string($0.0)), ("summary", .string($0.1))]) })
        return JSONText.object([("data", list)]).text() + "\n"
    }
}

/// Finds a scenario and the settings that it runs under.
struct ScenarioSource {
    private let settings: Blueprint?
    private let model: String?

    init(policy: String?, model: String?) throws {
        self.model = model
        settings = try policy.map { try Self.compile(Self.node($0), document: $0) }
    }

    func scenario(_ name: String) throws -> Scenario {
        if let plot = Library.named(name) { return try self.scenario(plot) }
        if name.hasPrefix("random-"), let seed = UInt64(name.dropFirst("random-".count)) { return try Scenario.random(seed: seed) }
        guard FileManager.default.fileExists(atPath: name) else {
            let help = Spelling.help(for: name, among: Simulate.names)
            throw ValidationError("there is no file and no scenario `\(name)`\(help)")
        }
        return try scenario(file: name)
    }

    private func scenario(_ plot: Plot) throws -> Scenario {
        guard let settings else { return try plot.scenario() }
        return try plot.scenario(on: settings.table, route: try route(of: settings))
    }

    private func scenario(file: String) throws -> Scenario {
        let root = try Self.node(file)
        var (document, problems) = ScenarioDocument.read(root)
        let blueprint = try settings ?? Self.compile(root[ScenarioDocument.settingsSection] ?? .map([]), document: file)
        guard let document else { throw SettingsSource.Refused(problems: problems, file: file) }
        var scenario = try document.scenario(on: blueprint.table, route: { blueprint.names[$0]?.route }, &problems)
        guard problems.errors.isEmpty else { throw SettingsSource.Refused(problems: problems, file: file) }
        let route = try self.route(of: blueprint)
        for index in scenario.traffic.indices where scenario.traffic[index].route == nil { scenario.traffic[index].route = route }
        return scenario
    }

    /// The route of `--model`; else of requests that name none; else of the first model.
    private func route(of blueprint: Blueprint) throws -> String {
        if let model {
            guard let named = blueprint.names[model] else {
                throw ValidationError("no model is named `\(model)`\(Spelling.help(for: model, among: blueprint.names.keys.sorted()))")
            }
            return blueprint.table.routes[named.route].name
        }
        let shown = blueprint.names.values.filter { !$0.hidden && !$0.name.contains("/") }.map(\.route).min()
        guard let route = blueprint.defaultRoute ?? shown ?? blueprint.names.values.map(\.route).min() else {
            throw ValidationError("the settings have no models; a scenario of your own needs a section `settings`, or --policy FILE")
        }
        return blueprint.table.routes[route].name
    }

    // MARK: Reading

    private static func node(_ path: String) throws -> Node {
        guard let data = FileManager.default.contents(atPath: path), let text = String(validating: data, as: UTF8.self) else {
            throw ValidationError("\(path) cannot be read")
        }
        var problems: [Problem] = []
        guard let root = YAML.read(text, problems: &problems), problems.errors.isEmpty else {
            throw SettingsSource.Refused(problems: problems, file: path)
        }
        return root
    }

    /// Nobody is called, so secrets need not be there; two of them differ, as keys must.
    private static func compile(_ root: Node, document: String) throws -> Blueprint {
        let compilation = Blueprint.compile(root, secrets: { .found("simulated \($0)") })
        guard let blueprint = compilation.blueprint else {
            throw SettingsSource.Refused(problems: compilation.problems.errors, file: document)
        }
        return blueprint
    }
}
