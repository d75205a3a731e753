import ArgumentParser
import Bench
import Console
import Schema
import Settings

/// `swiftlet keys …`: virtual keys of a running gateway.
struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "Make, look at, rotate and take away virtual keys of a running gateway.",
        discussion: "The admin token is taken from SWIFTLET_ADMIN_TOKEN.",
        subcommands: [List.self, Show.self, Create.self, Rotate.self, Pause.self, Resume.self, Delete.self])

    private static let path = "/api/v1/keys"

    private static func path(_ name: String) -> String { "\(path)/\(AdminClient.segment(name))" }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "All keys, without their secrets: what they cost this month and what is left of their tightest budget.")
        @OptionGroup var admin: AdminOptions

        func run() throws {
            let reply = try admin.ask { try $0.get("\(path)?usage=true") }
            admin.show(reply) { node in
                let rows = (node["data"]?.items ?? []).map { key in
                    let tightest = KeyBalance.tightest(of: key)
                    return [
                        key["name"]?.scalar ?? "", key["prefix"]?.scalar ?? "-", state(of: key),
                        key["project"]?.scalar ?? "-", key["owner"]?.scalar ?? "-", key["expires"]?.scalar ?? "-",
                        key["usage"]?["month"]?["cost_usd"]?.scalar.map { "$\($0)" } ?? "-", tightest?.left ?? "-", tightest?.resets ?? "-",
                    ]
                }
                return TextTable.text(["NAME", "BEGINS", "STATE", "PROJECT", "OWNER", "EXPIRES", "MONTH", "LEFT", "RESETS"], rows)
            }
        }

        private func state(of key: Node) -> String {
            if key["paused"]?.scalar == "true" { return "paused" }
            guard let end = key["expires"]?.scalar.flatMap(Moment.init(written:)) else { return "active" }
            return end <= .now ? "expired" : "active"
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "One key: its settings, what it used today, this month and ever, how its budgets and limits stand.")
        @Argument(help: "The key's name.")
        var name: String
        @OptionGroup var admin: AdminOptions

        func run() throws {
            let reply = try admin.ask { try $0.get(path(name)) }
            admin.show(reply) { KeyBalance.text(of: $0) }
        }
    }

    struct Create: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "create", abstract: "Make a key. It is shown once and never again.",
            discussion: "Budgets are PERIOD=AMOUNT in USD, such as month=20, or PERIOD=AMOUNT:tokens and PERIOD=AMOUNT:requests.")

        @Argument(help: "Its name.")
        var name: String
        @Option(help: "The project it belongs to.")
        var project: String?
        @Option(help: "The customer it is for.")
        var customer: String?
        @Option(help: "Who answers for it.")
        var owner: String?
        @Option(name: .customLong("model"), help: "A name that it may send; may be said more than once.")
        var models: [String] = []
        @Option(name: .customLong("provider"), help: "A provider that may serve it; may be said more than once.")
        var providers: [String] = []
        @Option(name: .customLong("tag"), help: "A tag of all its requests; may be said more than once.")
        var tags: [String] = []
        @Option(name: .customLong("budget"), help: "What it may spend: month=20, day=100000:tokens; may be said more than once.")
        var budgets: [String] = []
        @Option(help: "Requests per minute.")
        var rpm: Int?
        @Option(help: "Tokens per minute.")
        var tpm: Int?
        @Option(help: "Requests in flight at once.")
        var maxParallelRequests: Int?
        @Option(help: "From when on it is refused: 2027-01-31.")
        var expires: String?
        @OptionGroup var admin: AdminOptions

        func run() throws {
            var members: [(String, Node)] = [("name", .text(name))]
            for (key, value) in [("project", project), ("customer", customer), ("owner", owner), ("expires", expires)] {
                if let value { members.append((key, .text(value))) }
            }
            for (key, values) in [("models", models), ("providers", providers), ("tags", tags)] where !values.isEmpty {
                members.append((key, .list(values.map { .text($0) })))
            }
            for (key, value) in [("rpm", rpm), ("tpm", tpm), ("max_parallel_requests", maxParallelRequests)] {
                if let value { members.append((key, .plain("\(value)"))) }
            }
            if !budgets.isEmpty { members.append(("budget", .list(try budgets.map { try Self.budget($0) }))) }
            let reply = try admin.ask { try $0.post(path, AdminBody.text(members)) }
            admin.show(reply) { KeysCommand.shown($0) }
        }

        private static func budget(_ text: String) throws -> Node {
            let halves = text.split(separator: "=", maxSplits: 1).map(String.init)
            guard halves.count == 2 else { throw ValidationError("--budget takes PERIOD=AMOUNT such as month=20, not `\(text)`") }
            let amount = halves[1].split(separator: ":", maxSplits: 1).map(String.init)
            guard let number = amount.first, Double(number) != nil else { throw ValidationError("`\(halves[1])` is no amount") }
            return .map([("amount", .plain(number)), ("period", .text(halves[0])), ("unit", .text(amount.count > 1 ? amount[1] : "usd"))])
        }
    }

    struct Rotate: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "rotate", abstract: "A new key in place of the old one.")
        @Argument(help: "The key's name.")
        var name: String
        @Option(help: "How long the old one holds yet, such as 24h; without it not at all.")
        var grace: String?
        @OptionGroup var admin: AdminOptions

        func run() throws {
            let body = AdminBody.text(grace.map { [("grace", .text($0))] } ?? [])
            admin.show(try admin.ask { try $0.post(path(name) + "/rotate", body) }) { KeysCommand.shown($0) }
        }
    }

    struct Pause: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "pause", abstract: "Refuse a key from the next request on.")
        @Argument(help: "The key's name.")
        var name: String
        @OptionGroup var admin: AdminOptions

        func run() throws { try KeysCommand.set(name, isPaused: true, admin) }
    }

    struct Resume: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "resume", abstract: "Serve a key that was paused.")
        @Argument(help: "The key's name.")
        var name: String
        @OptionGroup var admin: AdminOptions

        func run() throws { try KeysCommand.set(name, isPaused: false, admin) }
    }

    struct Delete: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "delete", abstract: "Take a key away.")
        @Argument(help: "The key's name.")
        var name: String
        @OptionGroup var admin: AdminOptions

        func run() throws {
            _ = try admin.ask { try $0.delete(path(name)) }
            admin.show(.deleted) { _ in "\(name) is gone\n" }
        }
    }

    private static func set(_ name: String, isPaused: Bool, _ admin: AdminOptions) throws {
        let reply = try admin.ask { try $0.patch(path(name), AdminBody.text([("paused", .plain("\(isPaused)"))])) }
        admin.show(reply) { _ in "\(name) is \(isPaused ? "paused" : "active")\n" }
    }

    private static func shown(_ node: Node) -> String {
        "\(node["key"]?.scalar ?? "")\n"
    }
}
