import ArgumentParser
import Bench
import Console
import Schema
import Settings

/// `swiftlet settings …`: what was changed through the API, above the file.
struct SettingsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "settings", abstract: "Look at, write back and take back changes of a running gateway's settings.",
        discussion: "The admin token is taken from SWIFTLET_ADMIN_TOKEN.",
        subcommands: [Diff.self, Export.self, History.self, Rollback.self])

    struct Diff: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "diff", abstract: "What differs from the file, or between two versions. Fails where something does.")
        @Option(help: "A version to begin from; without it the file.")
        var from: Int?
        @Option(help: "A version to end with; without it what runs.")
        var to: Int?
        @OptionGroup var admin: AdminOptions

        func run() throws {
            let query = [from.map { "from=\($0)" }, to.map { "to=\($0)" }].compactMap(\.self).joined(separator: "&")
            let reply = try admin.ask { try $0.get("/api/v1/settings/diff" + (query.isEmpty ? "" : "?\(query)")) }
            let changes = reply.node["data"]?.items ?? []
            admin.show(reply) { _ in
                changes.map { change in
                    let path = change["path"]?.scalar ?? ""
                    return [("-", change["before"]), ("+", change["after"])].map { sign, node in
                        node.map { $0.isNull ? "" : "\(sign) \(path): \(Self.line($0))\n" } ?? ""
                    }.joined()
                }.joined()
            }
            if !changes.isEmpty { throw ExitCode.failure }
        }

        /// On one line.
        private static func line(_ node: Node) -> String { node.scalar ?? AdminBody.json(node) }
    }

    struct Export: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "export", abstract: "File and changes as one YAML document.",
            discussion:
                "Keys are digests and credentials stay encrypted, for the same secrets_key. Literal secrets of the file are covered."
        )
        @OptionGroup var admin: AdminOptions

        func run() throws {
            let reply = try admin.ask { try $0.get("/api/v1/settings/export") }
            admin.show(reply) { YAMLText.text($0) }
        }
    }

    struct History: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "history", abstract: "Versions, the newest first.")
        @OptionGroup var admin: AdminOptions

        func run() throws {
            let reply = try admin.ask { try $0.get("/api/v1/settings/versions?limit=1000") }
            admin.show(reply) { node in
                let running = node["running"]?.scalar
                let rows = (node["data"]?.items ?? []).map { version in
                    let number = version["version"]?.scalar ?? ""
                    return [number, version["at"]?.scalar ?? "", version["actor"]?.scalar ?? "", number == running ? "runs" : ""]
                }
                return TextTable.text(["VERSION", "AT", "BY", ""], rows)
            }
        }
    }

    struct Rollback: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "rollback", abstract: "Make what an earlier version had a new version; 0 is the file alone.")
        @Argument(help: "The version.")
        var version: Int
        @Option(help: "`keys` or `admin`: what is to come back as well; may be said more than once.")
        var include: [String] = []
        @OptionGroup var admin: AdminOptions

        func run() throws {
            let body = AdminBody.text([("version", .plain("\(version)")), ("include", .list(include.map { .text($0) }))])
            let reply = try admin.ask { try $0.post("/api/v1/settings/rollback", body) }
            admin.show(reply) { "version \($0["version"]?.scalar ?? "") runs, as version \(version)\n" }
        }
    }
}
