import ArgumentParser
import Bench
import Console
import Schema

/// `swiftlet requests [ID]`: what a running gateway has served, and why there.
struct RequestsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "requests", abstract: "Show the last requests of a running gateway, or one with its decision.",
        discussion: "The admin token is taken from SWIFTLET_ADMIN_TOKEN.")

    @Argument(help: "A request's id, as in the answer's x-request-id.")
    var id: String?
    @Option(help: "The gateway's admin listener; http://127.0.0.1:8081 where nothing is said.")
    var url: String?
    @Option(help: "How many.")
    var limit = 20
    @Option(name: .customLong("only"), help: "NAME=VALUE, such as project=acme, tag=nightly or state=failed; may be said more than once.")
    var filters: [String] = []
    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let reply = try AdminClient(url).get(id.map { "/api/v1/requests/\($0)" } ?? "/api/v1/requests?\(try query())")
        guard reply.isGood else { throw CommandFailure(reply.complaint) }
        if json { return StandardStream.output.write(reply.text + "\n") }
        let node = reply.node
        guard id == nil else {
            let decision = node["decision"].flatMap { $0.entries == nil ? nil : DecisionTable($0).text } ?? "no decision was kept\n"
            return StandardStream.output.write(Self.line(node) + "\n\n" + decision)
        }
        for row in node["data"]?.items ?? [] { StandardStream.output.write(Self.line(row) + "\n") }
    }

    private func query() throws -> String { "limit=\(limit)" + (try Self.query(filters)) }

    /// NAME=VALUE as parameters, each with its `&`.
    static func query(_ filters: [String]) throws -> String {
        try filters.reduce("") { query, filter in
            let halves = filter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard halves.count == 2, !halves[0].isEmpty else {
                throw ValidationError("--only takes NAME=VALUE such as project=acme, not `\(filter)`")
            }
            return query + "&\(AdminClient.segment(halves[0]))=\(AdminClient.segment(halves[1]))"
        }
    }

    private static func line(_ row: Node) -> String {
        let cost = row["cost_usd"]?.scalar.map { " $\($0)" } ?? ""
        let fields = ["id", "started", "status", "state", "key", "model", "deployment"].map { row[$0]?.scalar ?? "-" }
        return fields.joined(separator: "  ") + "  \(row["duration_ms"]?.scalar ?? "0") ms\(cost)"
    }
}
