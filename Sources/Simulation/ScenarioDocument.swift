import Routing
import Schema

/// A scenario as somebody writes it: how deployments behave, who asks, what changes. The settings under which it runs are a section of
/// the same document that others read, or a document of their own.
public struct ScenarioDocument: Configurable {
    /// The section that holds settings; not read here.
    public static let settingsSection = "settings"

    public var name = "scenario"
    public var deployments = Named<PartDocument>()
    public var traffic: [TrafficDocument] = []
    public var changes: [ChangeDocument] = []
    public var expect = PromiseDocument()

    public init() {}

    public static let fields: [Field<Self>] = [
        .setting("name", \.name, "What reports call it."),
        .setting("deployments", \.deployments, "How each deployment behaves, by its name in the settings; those that are missing are well."),
        .setting("traffic", \.traffic, "Who asks: one or several streams of requests. Without any, twenty a second for two minutes."),
        .setting("changes", \.changes, "What operators do meanwhile, in any order."),
        .setting("expect", \.expect, "What must be true at the end; the run fails otherwise."),
    ]

    /// Everything but `settings`, with what is wrong with it.
    public static func read(_ root: Node) -> (document: ScenarioDocument?, problems: [Problem]) {
        var reading = Reading()
        let document = read(root, at: "", &reading, besides: [settingsSection])
        return (reading.problems.errors.isEmpty ? document : nil, reading.problems)
    }

    /// On a table. `route` finds the route of a name that clients may send. Who or what the table does not know is a problem.
    public func scenario(
        on table: RoutingTable, route: (String) -> Route.ID?, _ problems: inout [Problem]
    ) throws(RoutingTableError) -> Scenario {
        var scenario = Scenario(name: name, table: table, leastSuccess: expect.success)
        scenario.mostAttempts = expect.attempts ?? .infinity
        for entry in expect.shares.entries {
            check(entry.name, "expect.shares", line: entry.line, table, &problems)
            scenario.shares.append((entry.name, entry.value.range))
        }
        for entry in deployments.entries {
            check(entry.name, "deployments", line: entry.line, table, &problems)
            scenario.deployments[entry.name] = entry.value.part
        }
        if !traffic.isEmpty { scenario.traffic = traffic.map(\.traffic) }
        for index in scenario.traffic.indices { resolve(&scenario.traffic[index], index, table, route, &problems) }
        for (index, change) in changes.enumerated() {
            if let name = change.deployment { check(name, "changes".item(index).setting("deployment"), line: 0, table, &problems) }
        }
        try scenario.change(changes.compactMap(\.edit))
        scenario.changes += changes.compactMap(\.signalChange)
        return scenario
    }

    private func resolve(
        _ traffic: inout Traffic, _ index: Int, _ table: RoutingTable, _ route: (String) -> Route.ID?, _ problems: inout [Problem]
    ) {
        if let name = traffic.route {
            if let id = route(name) {
                traffic.route = table.routes[id].name
            } else {
                let help = Spelling.help(for: name, among: table.routes.map(\.name))
                problems.append(Problem("traffic".item(index).setting("model"), line: 0, "no model is named `\(name)`\(help)"))
            }
        }
        if let policy = traffic.policy, table.policy(named: policy) == nil {
            problems.append(Problem("traffic".item(index).setting("policy"), line: 0, "no policy with rules is named `\(policy)`"))
        }
    }

    private func check(_ name: String, _ path: String, line: Int, _ table: RoutingTable, _ problems: inout [Problem]) {
        guard table.deployment(named: name) == nil else { return }
        let help = Spelling.help(for: name, among: table.deployments.map(\.name))
        problems.append(Problem(path, line: line, "the settings have no deployment `\(name)`\(help)"))
    }
}

/// `expect: { success: 0.99, attempts: 1.2 }`.
public struct PromiseDocument: Configurable {
    public var success = 0.0
    public var attempts: Double?
    public var shares = Named<ShareRange>()

    public init() {}

    public static let fields: [Field<Self>] = [
        .setting("success", \.success, in: 0...1, "The least share of requests that must be answered, clients that left aside."),
        .setting("attempts", \.attempts, in: 0...1000, "The most attempts for each request, on average."),
        .setting("shares", \.shares, "Which share of first attempts each deployment must have, such as { p/large: 0.4-0.6 }."),
    ]
}

/// One thing that an operator does, at a time.
public struct ChangeDocument: Configurable {
    public var at = Duration.zero
    public var deployment: String?
    public var weight: Double?
    public var inputPrice: Double?
    public var outputPrice: Double?
    public var paused: Bool?
    public var requestsPerMinute: Int?
    public var tokensPerMinute: Int?
    public var maxParallelRequests: Int?
    public var replace = false
    public var reset = false
    public var signal: String?
    public var value: String?

    public init() {}

    public static let fields: [Field<Self>] = [
        .setting("at", \.at, "When, from the beginning.").required,
        .setting("deployment", \.deployment, "Whose settings change."),
        .setting("weight", \.weight, in: 0...1e6, "Its new weight."),
        .setting("input_price", \.inputPrice, in: 0...1e6, "Its new price of a million tokens of prompt, in dollars; needs output_price too."),
        .setting("output_price", \.outputPrice, in: 0...1e6, "Its new price of a million tokens of answer, in dollars."),
        .setting("paused", \.paused, "Whether it is taken out."),
        .setting("rpm", \.requestsPerMinute, in: 1...1_000_000_000, "Its new limit of requests in a minute."),
        .setting("tpm", \.tokensPerMinute, in: 1...1_000_000_000_000, "Its new limit of tokens in a minute."),
        .setting("max_parallel_requests", \.maxParallelRequests, in: 1...1_000_000, "Its new limit of requests at once."),
        .setting("replace", \.replace, "Whether its address or key is another from here on, so that its health begins anew."),
        .setting("reset", \.reset, "Whether the operator closes its breaker."),
        .setting("signal", \.signal, "The name of a signal that rules ask for as signal.NAME."),
        .setting("value", \.value, "The signal's value from here on; without one the signal is gone."),
    ]

    var edit: (at: Instant, deployment: String, edit: Edit)? {
        guard let deployment else { return nil }
        var edit = Edit()
        edit.weight = weight
        if let inputPrice, let outputPrice {
            edit.price = Price(input: Int64((inputPrice * 1e9).rounded()), output: Int64((outputPrice * 1e9).rounded()))
        }
        edit.paused = paused
        edit.requestsPerMinute = requestsPerMinute
        edit.tokensPerMinute = tokensPerMinute
        edit.maxParallelRequests = maxParallelRequests
        edit.isReplaced = replace
        edit.isReset = reset
        return (.zero + at, deployment, edit)
    }

    var signalChange: (at: Instant, change: Scenario.Change)? {
        signal.map { (.zero + at, .signal($0, value.map(Value.init(written:)))) }
    }
}

extension Value {
    /// As a document says it: a number where it looks like one, true and false, else text.
    init(written text: String) {
        if let number = Value.text(text).number {
            self = .number(number)
        } else if text == "true" || text == "false" {
            self = .flag(text == "true")
        } else {
            self = .text(text)
        }
    }
}
