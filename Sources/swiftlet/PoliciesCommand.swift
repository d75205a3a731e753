import ArgumentParser
import Bench
import Console
import FoundationEssentials
import Schema
import Settings

/// `swiftlet policies …`: who decides, and by which rules.
struct PoliciesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policies", abstract: "Look at, set and take away policies of a running gateway.",
        discussion: "The admin token is taken from SWIFTLET_ADMIN_TOKEN.", subcommands: [List.self, Show.self, Set.self, Delete.self],
        defaultSubcommand: List.self)

    private static func path(_ name: String) -> String { "/api/v1/policies/\(AdminClient.segment(name))" }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "All policies: the route of each, and how many rules it has.")
        @OptionGroup var admin: AdminOptions

        func run() throws {
            try admin.table(
                "/api/v1/policies",
                [
                    AdminOptions.column("NAME", "name"), AdminOptions.column("ROUTE", "route"), ("RULES", { "\($0["rules"]?.items?.count ?? 0)" }),
                    AdminOptions.column("TIMEOUT", "timeout"),
                ], none: "there is no policy: each model's own route decides")
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "show", abstract: "One policy as a settings file has it.")
        @Argument(help: "The policy's name.")
        var name: String
        @OptionGroup var admin: AdminOptions

        func run() throws {
            let reply = try admin.ask { try $0.get(path(name)) }
            admin.show(reply) { node in YAMLText.text(.map((node.entries ?? []).filter { $0.name != "name" }.map { ($0.name, $0.node) })) }
        }
    }

    struct Set: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "set", abstract: "Make a policy what a file says; it is checked whole, and holds from the next request on.")
        @Argument(help: "The policy's name.")
        var name: String
        @Argument(help: "The policy, as the section `policies` has it, in YAML or JSON.", completion: .file())
        var file: String
        @OptionGroup var admin: AdminOptions

        func run() throws {
            var problems: [Problem] = []
            guard let node = Blueprint.document(path: file, problems: &problems), problems.errors.isEmpty, node.entries != nil else {
                throw CommandFailure(
                    problems.errors.map { $0.text(file: file) }.joined(separator: "\n") + (problems.isEmpty ? "\(file) is no policy" : ""))
            }
            let path = "/api/v1/settings/policies/\(AdminClient.segment(name))"
            admin.show(try admin.ask { try $0.put(path, AdminBody.json(node)) }) { _ in "policy \(name) holds\n" }
        }
    }

    struct Delete: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "delete", abstract: "Take a policy away.")
        @Argument(help: "The policy's name.")
        var name: String
        @OptionGroup var admin: AdminOptions

        func run() throws {
            _ = try admin.ask { try $0.delete(path(name)) }
            admin.show(.deleted) { _ in "\(name) is gone\n" }
        }
    }
}
