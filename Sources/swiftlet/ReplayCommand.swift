import ArgumentParser
import Bench
import Console
import FoundationEssentials
import Gateway
import Routing
import Schema
import Settings
import Simulation
import Storage

/// `swiftlet replay --policy FILE`: what a proposed policy would have made of logged requests.
struct ReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay", abstract: "Run logged requests through a proposed policy, and say what would have come of them.",
        discussion: """
            --policy is a policy by itself, as the section `policies` has it, or whole settings. --config names the settings in force: \
            their store has the ledger. Nothing is sent and nothing is changed. Ends with 0; with 1 when a gate failed; with 2 when \
            something that was given cannot be used.
            """)

    @Option(help: "The policy that is proposed, or whole settings: a YAML file.")
    var policy: String
    @Option(name: .shortAndLong, help: "The settings in force, a YAML file.")
    var config: String
    @Option(help: "The policy whose place it takes.")
    var name = "default"
    @Option(help: "Requests from then on: a day, a time such as 2027-01-31T12:00:00Z, milliseconds since 1970, or 24h for that long ago.")
    var from = "24h"
    @Option(help: "Requests before then; a day means all of it. Without it: now.")
    var to: String?
    @Option(help: "Only requests of this key.")
    var key: String?
    @Option(help: "Only requests for this model.")
    var model: String?
    @Option(help: "The newest so many.")
    var limit = 100_000
    @Option(help: "Names the chance of the replay.")
    var seed: UInt64 = 1
    @Option(help: "How many differences are told one by one.")
    var differences = 20
    @Option(help: "Gate: cost may grow by so many percent.")
    var maxCostIncrease: String?
    @Option(help: "Gate: the mean time of an answer may grow by so many percent.")
    var maxLatencyIncrease: String?
    @Option(help: "Gate: so many percent of requests may be refused.")
    var maxRefusals: String?
    @Option(help: "Gate: so many percent of requests may fail at all that is tried.")
    var maxFailures: String?
    @Option(help: "Gate: so many percent of requests may go elsewhere.")
    var maxChanged: String?
    @Flag(help: "Gates look at the upper end of each interval instead of the estimate.")
    var strict = false
    @Flag(help: "Print the report as JSON.")
    var json = false

    func run() async throws {
        let report: ReplayReport
        let gates: ReplayGates
        do {
            gates = try self.gates()
            report = try await replay()
        } catch {
            StandardStream.errors.write("swiftlet: \(error)\n")
            throw ExitCode(2)
        }
        let breaches = gates.breaches(in: report)
        let id: (UInt64) -> String = { RequestID(rawValue: Int64(bitPattern: $0))?.description ?? "" }
        StandardStream.output.write(json ? report.json(breaches, name: id).text() + "\n" : report.text(breaches, name: id))
        if !breaches.isEmpty { throw ExitCode.failure }
    }

    private func replay() async throws -> ReplayReport {
        let now = WallClock.milliseconds()
        let begin = try Self.moment(from, "--from", now: now, roundedUp: false)
        let end = try to.map { try Self.moment($0, "--to", now: now, roundedUp: true) } ?? now + 1
        guard begin < end else { throw BadInput("--from must be before --to") }
        guard limit > 0, differences >= 0 else { throw BadInput("--limit must be 1 or more, and --differences 0 or more") }
        let file = try Self.document(config)
        let first = try Self.blueprint(file, config)
        let stores = try ReplayStores(first.store)
        defer { stores.close() }
        let document = try stores.document(above: file)
        let current = try Self.blueprint(document, config)
        let written = try Self.document(policy)
        guard written.entries != nil else { throw BadInput("\(policy) is neither a policy nor settings") }
        let isWhole = ReplayProposal.isWhole(written)
        let proposed = try Self.blueprint(
            isWhole ? written : ReplayProposal.document(document, with: written, named: name), policy)
        var replay = PolicyReplay(from: begin, to: end, limit: limit)
        (replay.key, replay.model, replay.seed, replay.differences) = (key, model, seed, differences)
        let reading = Progress("reading the ledger", of: limit)
        replay.progress = { reading.update($0) }
        defer { reading.end() }
        return try replay.run(proposed, current: current, ledger: stores.ledger)
    }

    private func gates() throws -> ReplayGates {
        func part(_ text: String?, _ name: String) throws -> Double? {
            guard var text else { return nil }
            if text.hasSuffix("%") { text.removeLast() }
            guard let percent = Double(text), percent.isFinite else { throw BadInput("\(name) takes a number of percent such as 10, not `\(text)`") }
            return percent / 100
        }
        var gates = ReplayGates()
        gates.costIncrease = try part(maxCostIncrease, "--max-cost-increase")
        gates.latencyIncrease = try part(maxLatencyIncrease, "--max-latency-increase")
        gates.refusals = try part(maxRefusals, "--max-refusals")
        gates.failures = try part(maxFailures, "--max-failures")
        gates.changed = try part(maxChanged, "--max-changed")
        gates.isStrict = strict
        return gates
    }

    private static func document(_ path: String) throws -> Node {
        var problems: [Problem] = []
        let node = Blueprint.document(path: path, problems: &problems)
        guard let node, problems.errors.isEmpty else { throw SettingsSource.Refused(problems: problems.errors, file: path) }
        return node
    }

    private static func blueprint(_ document: Node, _ file: String) throws -> Blueprint {
        let environment = ProcessInfo.processInfo.environment
        let compilation = ReplayProposal.compiled(document, environment: environment, version: TableVersion.next())
        guard let blueprint = compilation.blueprint else {
            throw SettingsSource.Refused(problems: compilation.problems.errors, file: file)
        }
        return blueprint
    }

    private static func moment(_ text: String, _ name: String, now: Int64, roundedUp: Bool) throws -> Int64 {
        if let milliseconds = Int64(text), milliseconds >= 0 { return milliseconds }
        if let moment = Moment(written: text) { return moment.seconds * 1000 + (roundedUp && text.count == 10 ? 86_400_000 : 0) }
        let units: [Character: Int64] = ["m": 60_000, "h": 3_600_000, "d": 86_400_000]
        if let unit = text.last.flatMap({ units[$0] }), let count = Int64(text.dropLast()), 0...1_000_000 ~= count { return now - count * unit }
        throw BadInput("\(name) takes a day such as 2027-01-31, a time such as 2027-01-31T12:00:00Z, or 24h for that long ago, not `\(text)`")
    }

    struct BadInput: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }
}

/// The stores of settings, opened to look.
private struct ReplayStores {
    let ledger: any Store
    private let settings: (any Store)?

    init(_ location: StoreLocation) throws {
        var options = SQLiteStore.Options()
        options.mayCreate = false
        switch location {
        case .memory: throw ReplayCommand.BadInput("a ledger in memory ends with its gateway: ask it, by POST /api/v1/replay")
        case .sqlite(let path):
            ledger = try SQLiteStore(path: SQLiteStore.ledgerPath(for: path), options: options)
            settings = FileManager.default.fileExists(atPath: path) ? try SQLiteStore(path: path, options: options) : nil
        case .postgres(let url):
            let store = try PostgresStore(PostgresAddress(url.reveal()))
            (ledger, settings) = (store, store)
        }
    }

    /// With what was changed through the API.
    func document(above file: Node) throws -> Node { try settings.map { try StoredSettings.document(file, $0) } ?? file }

    func close() {
        for store in [settings, ledger] { try? store?.close() }  // they were only read
    }
}
