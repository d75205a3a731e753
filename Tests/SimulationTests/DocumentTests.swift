import Foundation
import Routing
import Schema
import Settings
import Testing

@testable import Simulation

/// Scenarios as they are written, over settings as they are written.
@Suite("Scenario documents") struct DocumentTests {
    static let folder: URL = {
        var root = URL(filePath: #filePath).resolvingSymlinksInPath()
        while root.lastPathComponent != "Tests" { root = root.deletingLastPathComponent() }
        return root.deletingLastPathComponent().appending(path: "examples/scenarios")
    }()
    static let examples: [String] = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()

    static func node(_ yaml: String) throws -> Node {
        var problems: [Problem] = []
        let root = YAML.read(yaml, problems: &problems)
        #expect(problems.isEmpty)
        return try #require(root)
    }

    /// The problems of a document, in words.
    static func problems(_ yaml: String) throws -> [String] { ScenarioDocument.read(try node(yaml)).problems.map { $0.text(file: "f") } }

    static func settings(_ node: Node?) throws -> Blueprint {
        let compilation = Blueprint.compile(try #require(node), secrets: { _ in .found("simulated") })
        return try #require(compilation.blueprint, "\(compilation.problems)")
    }

    @Test("each example runs, keeps its promises and the invariants", arguments: examples)
    func example(name: String) throws {
        let text = try String(contentsOf: Self.folder.appending(path: name), encoding: .utf8)
        let root = try Self.node(text)
        let blueprint = try Self.settings(root[ScenarioDocument.settingsSection])
        var (document, problems) = ScenarioDocument.read(root)
        #expect(problems.isEmpty)
        let scenario = try #require(document).scenario(on: blueprint.table, route: { blueprint.names[$0]?.route }, &problems)
        #expect(problems.isEmpty)
        for seed in [1, LibraryTests.fresh] {
            let report = scenario.run(seed: seed)
            LibraryTests.expectWell(report, "swiftlet simulate examples/scenarios/\(name)")
            #expect(report.requests > 500)
        }
    }

    @Test("there are examples")
    func some() { #expect(Self.examples.count >= 3) }

    @Test("every word of a document reaches the run")
    func reading() throws {
        let yaml = """
            name: all of it
            deployments:
              a:
                first_token: 1s
                tail: 2s
                tokens_per_second: 3
                mishaps:
                  - { kind: fails, from: 4s, to: 5s, share: 0.5, fault: auth }
                  - { kind: rate_limit, calls: 7, every: 1m, retry_after: 9s }
            traffic:
              - { model: m, rate: 2, from: 3s, for: 4s, requests: 5, shape: ramp, to: 6, input_tokens: 7-8, output_tokens: 9, sessions: 10,
                  users: 11, keys: 12, streaming: 0.13, side_effects: 0.14, patience: 15s, leaving: 0.16, max_attempts: 17, max_cost: 0.18,
                  tags: { gold: 0.19 }, callers: { eu: 20 }, regions: [us], policy: p, values: { user.tier: { gold: 1, 3: 2 } } }
            changes:
              - { at: 1s, deployment: a, weight: 2, input_price: 1, output_price: 2, rpm: 3, paused: false, max_parallel_requests: 4, replace: true }
              - { at: 2s, signal: x, value: true }
            expect: { success: 0.5, attempts: 3 }
            """
        let document = try #require(ScenarioDocument.read(try Self.node(yaml)).document)
        let part = try #require(document.deployments["a"]?.part)
        #expect(part.least == .seconds(1) && part.tail == .seconds(2) && part.tokensPerSecond == 3)
        guard case .during(.seconds(4), .seconds(5), .fails(0.5, .auth)) = part.mishaps[0] else { throw Unexpected(what: "\(part.mishaps)") }
        guard case .limits(calls: 7, per: .seconds(60), retryAfter: .seconds(9)) = part.mishaps[1] else {
            throw Unexpected(what: "\(part.mishaps)")
        }
        let traffic = document.traffic[0].traffic
        #expect(traffic.requestsPerSecond == 2 && traffic.from == .seconds(3) && traffic.duration == .seconds(4) && traffic.atMost == 5)
        #expect(traffic.shape == .ramp(to: 6) && traffic.inputTokens == 7...8 && traffic.outputTokens == 9...9)
        #expect(traffic.sessions == 10 && traffic.users == 11 && traffic.keys == 12 && traffic.streaming == 0.13)
        #expect(traffic.hasSideEffects == 0.14 && traffic.patience == .seconds(15) && traffic.leaving == 0.16 && traffic.maxAttempts == 17)
        #expect(traffic.maxCost == Nanodollars(180_000_000) && traffic.tags == [Traffic.Part("gold", 0.19)] && traffic.allowedRegions == ["us"])
        #expect(traffic.callers == [Traffic.Part("eu", 20)] && traffic.policy == "p" && traffic.route == "m")
        #expect(traffic.values[0].field == "user.tier" && traffic.values[0].parts[1].value == .number(3))
        let edit = try #require(document.changes[0].edit)
        #expect(edit.at == .seconds(1) && edit.edit.weight == 2 && edit.edit.price == Price(input: 1_000_000_000, output: 2_000_000_000))
        #expect(edit.edit.requestsPerMinute == 3 && edit.edit.maxParallelRequests == 4 && edit.edit.isReplaced && edit.edit.paused == false)
        guard case .signal("x", .flag(true))? = document.changes[1].signalChange?.change else { throw Unexpected(what: "no signal") }
        #expect(document.expect.success == 0.5 && document.expect.attempts == 3)
    }

    struct Unexpected: Error { var what: String }

    struct Row: Sendable {
        var yaml: String
        var problem: String
    }

    @Test(
        "what is wrong is said with its line",
        arguments: [
            Row(yaml: "trafic: []", problem: "f:1: trafic: unknown setting `trafic`; did you mean `traffic`?"),
            Row(yaml: "traffic:\n  - rate: -1", problem: "f:2: traffic[0].rate: `-1` is not valid; expected 0 to 1000000"),
            Row(
                yaml: "traffic:\n  - input_tokens: 9-3",
                problem: "f:2: traffic[0].input_tokens: `9-3` is not valid; expected a number of tokens, or two such as 100-4000"),
            Row(
                yaml: "deployments:\n  a:\n    mishaps: [ { kind: fails, fault: time_out } ]",
                problem: "f:3: deployments.a.mishaps[0].fault: there is no fault `time_out`; did you mean `timeout`?"),
            Row(
                yaml: "deployments:\n  a:\n    mishaps: [ { kind: fail } ]",
                problem: "f:3: deployments.a.mishaps[0].kind: `fail` is not known; did you mean `fails`?"),
            Row(yaml: "changes: [ { deployment: a } ]", problem: "f:1: changes[0].at: is missing: When, from the beginning."),
        ])
    func wrong(_ row: Row) throws {
        #expect(try Self.problems(row.yaml) == [row.problem])
    }

    @Test("who and what the settings do not know is a problem, with a suggestion")
    func unknown() throws {
        let yaml = """
            deployments: { openai/gtp: {} }
            traffic: [ { model: chta }, { policy: none } ]
            changes: [ { at: 1s, deployment: openai/gp } ]
            """
        let blueprint = try Self.settings(
            try Self.node("providers: { openai: { type: mock } }\nmodels: { chat: { deployments: [ { provider: openai, model: gpt } ] } }"))
        let document = try #require(ScenarioDocument.read(try Self.node(yaml)).document)
        var problems: [Problem] = []
        _ = try document.scenario(on: blueprint.table, route: { blueprint.names[$0]?.route }, &problems)
        #expect(problems.count == 4)
        #expect(problems.filter { $0.message.contains("did you mean") }.count == 3)
    }

    /// Whoever tries their own settings plays the library's bad days on them.
    @Test("a bad day of the library befalls the deployments of other settings", arguments: ["primary-dead", "minute-quota", "drain", "bursts"])
    func borrowed(name: String) throws {
        let blueprint = try Self.settings(
            try Self.node(
                """
                providers: { p: { type: mock }, q: { type: mock } }
                models:
                  small: { deployments: [ { provider: p, model: s } ] }
                  chat: { strategy: fallback, deployments: [ { provider: p, model: l }, { provider: q, model: l } ] }
                """))
        let route = try #require(blueprint.names["chat"]?.route)
        let scenario = try #require(Library.named(name)).scenario(on: blueprint.table, route: blueprint.table.routes[route].name)
        let report = scenario.run(seed: 3)
        LibraryTests.expectWell(report, "\(name) on other settings")
        #expect(report.routes[route].requests == report.requests)
        #expect(report.deployments.first { $0.name == "q/l" }.map { $0.answered > 0 } == (name != "bursts"))
    }
}
