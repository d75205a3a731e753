import ArgumentParser
import Console
import Schema
import Wire

/// `swiftlet learning …`: what feedback has taught a running gateway, and the way back.
struct LearningCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "learning", abstract: "What feedback has taught a running gateway; `reset` goes back to the scorer as it came.",
        discussion: "The admin token is taken from SWIFTLET_ADMIN_TOKEN.", subcommands: [Status.self, Reset.self], defaultSubcommand: Status.self)

    struct Status: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "status", abstract: "Corrections with the gate's verdicts, and ratings of models.")
        @OptionGroup var admin: AdminOptions

        func run() throws {
            let reply = try admin.ask { try $0.get("/api/v1/learning") }
            admin.show(reply) { LearningText.text($0) }
        }
    }

    struct Reset: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "reset", abstract: "Forgets corrections and ratings, and the feedback they came from: the scorer is as it was shipped.")
        @Option(help: "Only what was learnt of this project.")
        var project: String?
        @OptionGroup var admin: AdminOptions

        func run() throws {
            var body = JSONWriter()
            body.object { whole in if let project { whole.member("project", project) } }
            let reply = try admin.ask { try $0.post("/api/v1/learning/reset", String(decoding: body.bytes, as: UTF8.self)) }
            admin.show(reply) { _ in project.map { "project \($0): as the scorer came\n" } ?? "everything is as the scorer came\n" }
        }
    }
}

private enum LearningText {
    static func text(_ node: Node) -> String {
        guard node["enabled"]?.scalar == "true" else { return "learning is off: set learning.enabled\n" }
        var rows: [[String]] = []
        for project in node["projects"]?.items ?? [] {
            for task in project["tasks"]?.items ?? [] {
                let gate = task["gate"]
                let change = gate?["change"]
                let interval = [change?["low"], change?["high"]].map { $0?.scalar ?? "-" }.joined(separator: " to ")
                rows.append([
                    project["project"]?.scalar ?? "-", task["task"]?.scalar ?? "", list(task["correction"]), gate?["verdict"]?.scalar ?? "-",
                    interval,
                    gate?["opinions"]?.scalar ?? "-",
                ])
            }
        }
        let ratings = (node["ratings"]?.items ?? []).map { rating in
            ["deployment", "opinions", "capability_before", "capability"].map { rating[$0]?.scalar ?? "-" }
        }
        return TextTable.text(["PROJECT", "TASK", "CORRECTION", "GATE", "CHANGE", "OPINIONS"], rows) + "\n"
            + TextTable.text(["MODEL", "OPINIONS", "BEFORE", "NOW"], ratings)
    }

    private static func list(_ node: Node?) -> String { (node?.items ?? []).map { $0.scalar ?? "" }.joined(separator: " ") }
}
