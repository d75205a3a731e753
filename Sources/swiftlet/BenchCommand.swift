import ArgumentParser
import Bench
import Console
import Schema
import Settings

/// `swiftlet bench`: the comparison and the two processes it starts, and router and dialects by themselves.
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure Swiftlet beside other proxies and routers on this machine.",
        subcommands: [BenchCompare.self, BenchRouting.self, BenchTranslation.self, BenchUpstream.self, BenchLoad.self, BenchSettings.self],
        defaultSubcommand: BenchCompare.self)
}

struct BenchCompare: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare", abstract: "Run all targets by turns, print the table and write it down. The default.")

    @Option(help: "How often all is started anew.")
    var rounds: Int?
    @Option(help: "Seconds that each target gets for a figure in a round, in turns.")
    var seconds: Double?
    @Option(help: "Which targets, separated by commas: nginx, haproxy, swiftlet, swiftlet-all, swiftlet-budgets, envoy, vllm, sglang.")
    var targets: String?
    @Option(help: "The page to write.")
    var output = ComparisonPlan().output
    @Option(help: "File to which every sample is added as a line of JSON.")
    var raw: String?
    @Option(help: "The first of the ports used, on 127.0.0.1.")
    var basePort = ComparisonPlan().basePort
    @Option(help: "Idle connections opened on Swiftlet.")
    var idleConnections = ComparisonPlan().idleConnections
    @Option(help: "User instructions per request as scripts/instructions counted them.")
    var instructions: Double?
    @Option(help: "Python environment with Envoy and the routers.")
    var peers = ComparisonPlan().peers
    @Option(help: "Python environment with LiteLLM.")
    var litellmFolder = ComparisonPlan().litellm
    @Flag(help: "One round of one second each: rough.")
    var quick = false
    @Flag(help: "LiteLLM's proxy too.")
    var litellm = false
    @Flag(help: "Pin nothing; every target gets as many workers as there are processors.")
    var free = false
    @Flag(help: "End with 1 when a figure that must be reached is not.")
    var strict = false
    @Flag(help: "Print every sample as a line of JSON, and no page.")
    var json = false
    @Flag(help: "Keep the folder with configurations and logs, /tmp/swiftlet-bench-*.")
    var keep = false

    func run() throws {
        var plan = ComparisonPlan()
        if quick { plan.quicken() }
        plan.rounds = rounds ?? plan.rounds
        plan.seconds = seconds ?? plan.seconds
        plan.targets = targets?.split(separator: ",").map(String.init)
        plan.output = output
        plan.raw = raw ?? (json ? "/dev/stdout" : nil)
        plan.basePort = basePort
        plan.idleConnections = idleConnections
        plan.instructions = instructions
        plan.peers = peers
        plan.litellm = litellmFolder
        plan.withLiteLLM = litellm
        plan.isPinned = !free
        plan.keepsFolder = keep
        let (page, isReached) = try Comparison(plan).run()
        if !json { StandardStream.output.write(page) }
        if strict, !isReached { throw ExitCode.failure }
    }
}

struct BenchUpstream: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "upstream", abstract: "Serve made-up chat completions at next to no cost.")

    @Option(help: "Port on 127.0.0.1.")
    var port: UInt16 = 21_000
    @Option(help: "Events of a stream.")
    var chunks = 50
    @Option(help: "Time between events: 2ms, 500us.")
    var interval = TimeSpan(.milliseconds(2))
    @Option(help: "The processor to stay on.")
    var core: Int?

    func run() throws {
        try Upstream(Upstream.Plan(port: port, chunks: chunks, interval: interval.duration, core: core)).run()
    }
}

struct BenchLoad: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load",
        abstract: "Send chat requests to a port of this machine, check every answer, print one line of JSON.")

    @Option(help: "Port on 127.0.0.1.")
    var port: UInt16 = 8_080
    @Option(help: "Path of the request.")
    var path = "/v1/chat/completions"
    @Option(help: "Model named in the request.")
    var model = "chat"
    @Option(help: "Virtual key sent as bearer token.")
    var key: String?
    @Option(help: "Which request: \(ChatBody.allCases.map(\.rawValue).joined(separator: ", ")).")
    var body = ChatBody.small
    @Option(help: "Connections kept open.")
    var connections = 64
    @Option(help: "Requests per second whether answers come or not; without it each connection sends when it has its answer.")
    var rate: Double?
    @Option(help: "How long to measure.")
    var duration = TimeSpan(.seconds(3))
    @Option(help: "How long to send before measuring.")
    var warmUp = TimeSpan(.zero)
    @Option(help: "Stop after this many requests.")
    var requests: Int?
    @Option(help: "Bytes that every answer must have.")
    var expectBytes: Int?
    @Option(help: "Events that every stream must have.")
    var expectEvents: Int?
    @Option(help: "The processor to stay on.")
    var core: Int?
    @Flag(help: "Send one request on each connection, then hold them for the duration.")
    var idle = false
    @Flag(help: "Print JSON, as it does anyhow.")
    var json = false

    func run() throws {
        var plan = LoadPlan(port: port)
        plan.path = path
        plan.model = model
        plan.key = key ?? plan.key
        plan.body = body
        plan.connections = connections
        plan.rate = rate
        plan.duration = duration.duration
        plan.warmUp = warmUp.duration
        plan.requests = requests
        plan.expectedBytes = expectBytes
        plan.expectedEvents = expectEvents
        plan.core = core
        if idle {
            let holder = IdleConnections(plan)
            try JSONLine.write(holder.open())
            try JSONLine.write(holder.hold())
        } else {
            try JSONLine.write(LoadClient(plan).run())
        }
    }
}

struct BenchSettings: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "settings", abstract: "Print the settings with which Swiftlet is measured.")

    @Option(help: "Port for clients on 127.0.0.1; the admin API gets the next one.")
    var port: UInt16 = 8_080
    @Option(help: "Port of the upstream.")
    var upstream: UInt16 = 21_000
    @Option(help: "Where keys and ledger are kept.")
    var store = "memory:"
    @Option(help: "Event loops.")
    var threads = 1
    @Flag(help: "With budgets and limits above every request.")
    var budgets = false
    @Flag(help: "Print them as JSON.")
    var json = false

    func run() {
        let text = Ourselves.settings(store: store, budgets: budgets, listen: port, admin: port + 1, upstream: upstream, threads: threads)
        var problems: [Problem] = []
        let node = json ? YAML.read(text, problems: &problems) : nil
        StandardStream.output.write(node.map { AdminBody.json($0) + "\n" } ?? text)
    }
}

extension ChatBody: ExpressibleByArgument {}

/// A number with its unit: `us`, `ms` or `s`.
struct TimeSpan: ExpressibleByArgument {
    var duration: Duration
    var defaultValueDescription: String { "\(duration)" }

    init(_ duration: Duration) { self.duration = duration }

    init?(argument: String) {
        let digits = argument.prefix { $0.isNumber || $0 == "." }
        guard let number = Double(digits), number >= 0 else { return nil }
        switch argument.dropFirst(digits.count) {
        case "us": duration = .microseconds(number)
        case "ms": duration = .milliseconds(number)
        case "s": duration = .seconds(number)
        default: return nil
        }
    }
}
