import ArgumentParser
import Bench

/// `swiftlet bench`: the comparison, and the two processes it starts.
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure Swiftlet beside other proxies and routers on this machine.",
        subcommands: [BenchUpstream.self, BenchLoad.self])
}

struct BenchUpstream: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "upstream", abstract: "Serve made-up chat completions at next to no cost.")

    @Option(help: "Port on 127.0.0.1.")
    var port: UInt16 = 19_000
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
    var key = "sk-bench"
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

    func run() throws {
        var plan = LoadPlan(port: port)
        plan.path = path
        plan.model = model
        plan.key = key
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
