import ArgumentParser
import Bench
import Console
import Schema

/// `swiftlet deployments …`: who serves, how well, and who rests.
struct DeploymentsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deployments", abstract: "State, latency and error rate of a running gateway's deployments; and the end of a rest.",
        discussion: "The admin token is taken from SWIFTLET_ADMIN_TOKEN.", subcommands: [List.self, Reset.self], defaultSubcommand: List.self)

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "All deployments.")
        @OptionGroup var admin: AdminOptions

        func run() throws {
            try admin.table(
                "/api/v1/deployments",
                [
                    AdminOptions.column("NAME", "name"), AdminOptions.column("STATE", "state"), AdminOptions.column("RESTS UNTIL", "rests_until"),
                    AdminOptions.column("IN FLIGHT", "in_flight"), AdminOptions.column("ERROR RATE", "error_rate"),
                    AdminOptions.column("P50 MS", "latency_p50_ms"), AdminOptions.column("P95 MS", "latency_p95_ms"),
                    AdminOptions.column("SUCCESSES", "successes"), AdminOptions.column("FAULTS", "faults"),
                ], none: "there are no deployments: the settings name no models")
        }
    }

    struct Reset: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "reset", abstract: "Make a deployment serve again, whatever its faults were.")
        @Argument(help: "The deployment, as PROVIDER/MODEL.")
        var name: String
        @OptionGroup var admin: AdminOptions

        func run() throws {
            let path = "/api/v1/deployments/" + name.split(separator: "/").map { AdminClient.segment(String($0)) }.joined(separator: "/")
            admin.show(try admin.ask { try $0.post(path + "/reset", "") }) { _ in "\(name) serves again\n" }
        }
    }
}

/// `swiftlet events`: what moved traffic.
struct EventsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events", abstract: "What moved traffic at a running gateway, the newest first: failovers, breakers, rules, canaries.",
        discussion: "The admin token is taken from SWIFTLET_ADMIN_TOKEN.")
    @Option(help: "How many, at most 1000.")
    var limit = 50
    @Option(help: "Events of this kind only, such as breaker_opened.")
    var kind: String?
    @OptionGroup var admin: AdminOptions

    func run() throws {
        let query = "limit=\(limit)" + (kind.map { "&kind=\(AdminClient.segment($0))" } ?? "")
        try admin.table(
            "/api/v1/events?\(query)",
            [
                AdminOptions.column("AT", "at"), AdminOptions.column("KIND", "kind"), AdminOptions.column("ROUTE", "detail.route"),
                AdminOptions.column("FROM", "detail.from"), AdminOptions.column("TO", "detail.to"), AdminOptions.column("FAULT", "detail.fault"),
                AdminOptions.column("REQUEST", "request"), AdminOptions.column("WHAT", "detail.message"),
            ], none: "nothing has happened")
    }
}

/// `swiftlet usage`: what was used, and what it cost.
struct UsageCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "usage", abstract: "Requests, tokens and cost at a running gateway, by what they are grouped by.",
        discussion: "The admin token is taken from SWIFTLET_ADMIN_TOKEN. `swiftlet export usage` writes CSV.")
    @Option(help: "key, project, customer, model, provider, deployment, policy, tag, day or hour; two of them with a comma between.")
    var groupBy = "model"
    @Option(help: "From then on: a day or a time; 30 days ago where nothing is said.")
    var from: String?
    @Option(help: "Before then; a day means all of it.")
    var to: String?
    @OptionGroup var admin: AdminOptions

    func run() throws {
        var query = "group_by=\(AdminClient.segment(groupBy))"
        for (name, value) in [("from", from), ("to", to)] { if let value { query += "&\(name)=\(AdminClient.segment(value))" } }
        let groups = groupBy.split(separator: ",").map { $0.filter { $0 != " " } }
        try admin.table(
            "/api/v1/usage?\(query)",
            groups.map { AdminOptions.column($0.uppercased(), $0) } + [
                AdminOptions.column("REQUESTS", "requests"), AdminOptions.column("FAILED", "failed"), AdminOptions.column("INPUT", "input_tokens"),
                AdminOptions.column("OUTPUT", "output_tokens"), AdminOptions.column("COST", "cost_usd", before: "$"),
                AdminOptions.column("SAVED", "saved_usd", before: "$"),
            ], none: "nothing was used in that time")
    }
}

/// `swiftlet budgets`: how budgets and limits stand.
struct BudgetsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "budgets", abstract: "How budgets and limits of a running gateway stand: used, held by requests in flight, left.",
        discussion: "The admin token is taken from SWIFTLET_ADMIN_TOKEN.")
    @OptionGroup var admin: AdminOptions

    func run() throws {
        try admin.table(
            "/api/v1/budgets",
            [
                AdminOptions.column("OF", "scope"), AdminOptions.column("NAME", "name"), AdminOptions.column("UNIT", "unit"),
                AdminOptions.column("PERIOD", "period"), AdminOptions.column("LIMIT", "limit"), AdminOptions.column("USED", "used"),
                AdminOptions.column("HELD", "held"), AdminOptions.column("LEFT", "remaining"), AdminOptions.column("USED %", "used_percent"),
                AdminOptions.column("RESETS", "resets"),
            ], none: "no budget and no limit is set: keys and projects may have them")
    }
}
