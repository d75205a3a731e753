import ArgumentParser
import Bench
import Console
import Schema

/// `swiftlet audit …`: who changed what.
struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Who changed what at a running gateway.",
        discussion: "The admin token is taken from SWIFTLET_ADMIN_TOKEN.", subcommands: [List.self, Verify.self])

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "The newest entries.")
        @Option(help: "How many, at most 1000.")
        var limit = 50
        @OptionGroup var admin: AdminOptions

        func run() throws {
            let reply = try admin.ask { try $0.get("/api/v1/audit?limit=\(limit)") }
            admin.show(reply) { node in
                let rows = (node["data"]?.items ?? []).map { entry in
                    ["number", "at", "actor", "role", "action", "subject"].map { entry[$0]?.scalar ?? "" }
                }
                return TextTable.text(["NUMBER", "AT", "BY", "ROLE", "ACTION", "SUBJECT"], rows)
            }
        }
    }

    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "verify", abstract: "Whether the audit log is as it was written; fails where not.",
            discussion: "Note the last hash elsewhere: where a later log does not lead to it, something was cut off.")
        @OptionGroup var admin: AdminOptions

        func run() throws {
            let reply = try admin.ask { try $0.get("/api/v1/audit/verify") }
            let node = reply.node
            let isGood = node["ok"]?.scalar == "true"
            admin.show(reply) { node in
                let count = node["entries"]?.scalar ?? "0"
                return isGood
                    ? "\(count) entries, all as they were written\nlast hash \(node["last_hash"]?.scalar ?? "-")\n"
                    : "entry \(node["first_broken"]?.scalar ?? "") is not as it was written\n"
            }
            if !isGood { throw ExitCode.failure }
        }
    }
}
