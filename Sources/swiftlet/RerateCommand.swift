import ArgumentParser
import Bench
import Console
import Schema

extension PricesCommand {
    /// `swiftlet prices rerate`: goes on until all rows of the time have been looked at.
    struct Rerate: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Price logged requests of a running gateway again, each by the price of its own day.",
            discussion: """
                Says what would change; with --apply rows, usage and budgets are corrected, and the audit log says so. Without --all only \
                requests whose price was unknown.
                """)

        @Option(help: "Requests from then on: a day or a time in UTC. Without it: 30 days ago.")
        var from: String?
        @Option(help: "Requests before then; a day means all of it. Without it: now.")
        var to: String?
        @Option(help: "Only requests that this deployment answered.")
        var deployment: String?
        @Flag(help: "Requests that had a price, too: prices that were wrong are put right.")
        var all = false
        @Flag(help: "Change rows, usage and budgets.")
        var apply = false
        @OptionGroup var admin: AdminOptions

        func run() throws {
            var asked: [(String, Node)] = [("only", .text(all ? "all" : "unpriced")), ("apply", .plain("\(apply)"))]
            for (name, value) in [("from", from), ("to", to), ("deployment", deployment)] { if let value { asked.append((name, .text(value))) } }
            var cursor: String?
            repeat {
                let body = asked + (cursor.map { [("cursor", Node.text($0))] } ?? [])
                let reply = try admin.ask { try $0.post("/api/v1/prices/rerate", AdminBody.text(body)) }
                admin.show(reply, Self.text)
                cursor = reply.node["next"]?.scalar.flatMap { $0 == "null" ? nil : $0 }
            } while cursor != nil
        }

        private static func text(_ report: Node) -> String {
            func member(_ name: String) -> String { report[name]?.scalar ?? "" }
            let isApplied = member("applied") == "true"
            let count = isApplied ? member("changed") : member("requests")
            var text =
                "\(member("looked_at")) requests looked at, \(count) \(isApplied ? "changed" : "would change"): "
                + "$\(member("cost_before_usd")) -> $\(member("cost_after_usd"))\n"
            let rows = (report["deployments"]?.items ?? []).map { part in
                ["deployment", "requests", "cost_before_usd", "cost_after_usd"].map { part[$0]?.scalar ?? "" }
            }
            if !rows.isEmpty { text += TextTable.text(["DEPLOYMENT", "REQUESTS", "BEFORE", "AFTER"], rows) }
            for entry in report["left_out"]?["unpriced"]?.entries ?? [] {
                text += "\(entry.name): \(entry.node.scalar ?? "") requests stay unpriced; give it input_price and output_price, or a base_model\n"
            }
            if let mixed = report["left_out"]?["several_paid"]?.scalar, mixed != "0" {
                text += "\(mixed) requests were paid to more than one provider, and stay as they are\n"
            }
            return text
        }
    }
}
