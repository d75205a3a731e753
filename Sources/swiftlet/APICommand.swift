import ArgumentParser
import Bench
import Console
import FoundationEssentials
import Schema

/// `swiftlet api METHOD PATH`: whatever the admin API can do.
struct APICommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "api", abstract: "Send one call to a running gateway's admin API and print its answer: all that it can do.",
        discussion: """
            PATH may leave out /api/v1: `swiftlet api GET breaches`, `swiftlet api PUT settings/router/num_retries --body 3`. \
            `swiftlet api GET openapi.json` describes all paths. The admin token is taken from SWIFTLET_ADMIN_TOKEN.
            """)

    @Argument(help: "GET, POST, PUT, PATCH or DELETE.", completion: .list(["GET", "POST", "PUT", "PATCH", "DELETE"]))
    var method: String
    @Argument(help: "The path, with its query.")
    var path: String
    @Option(help: "The body: JSON, @FILE for a file's, - for standard input's.")
    var body = ""
    @Option(help: "The gateway's admin listener; http://127.0.0.1:8081 where nothing is said.")
    var url: String?

    func run() throws {
        let place = path.hasPrefix("/") ? path : "/api/v1/\(path)"
        guard place.utf8.allSatisfy({ 0x21...0x7e ~= $0 }) else { throw ValidationError("write `\(path)` percent-encoded, as in a URL") }
        let reply = try AdminClient(url).send(method.uppercased(), place, text())
        if !reply.text.isEmpty { StandardStream.output.write(reply.text + (reply.text.hasSuffix("\n") ? "" : "\n")) }
        guard reply.isGood else { throw CommandFailure(reply.complaint) }
    }

    private func text() throws -> String {
        guard body.hasPrefix("@") || body == "-" else { return body }
        let file = body == "-" ? "/dev/stdin" : String(body.dropFirst())
        guard let data = try? Data(contentsOf: URL(filePath: file)) else { throw CommandFailure("\(file) cannot be read") }
        return String(decoding: data, as: UTF8.self)
    }
}

/// `swiftlet webhooks test`: whether those who are to be told hear it.
struct WebhooksCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "webhooks", abstract: "The webhooks of a running gateway, and whether they take what they are sent.",
        discussion: "The admin token is taken from SWIFTLET_ADMIN_TOKEN.", subcommands: [List.self, TestCommand.self], defaultSubcommand: List.self)

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "All webhooks, what each is told, and its last delivery.")
        @OptionGroup var admin: AdminOptions

        func run() throws {
            try admin.table(
                "/api/v1/webhooks",
                [
                    AdminOptions.column("NUMBER", "number"), AdminOptions.column("URL", "url"), AdminOptions.column("EVENTS", "events"),
                    AdminOptions.column("SIGNED", "signed"), AdminOptions.column("SENT", "sent"), AdminOptions.column("RETRIED", "retried"),
                    AdminOptions.column("LOST", "lost"), AdminOptions.column("WAITING", "waiting"), AdminOptions.column("LAST", "last.outcome"),
                    AdminOptions.column("AT", "last.at"),
                ], none: "no webhook is set: `alerts.webhooks` names them")
        }
    }

    struct TestCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "test", abstract: "Send every webhook, or one, an event of the kind `test`. Fails where one does not take it.")
        @Argument(help: "The webhook's number, from 1, as `swiftlet webhooks` has it; all where nothing is said.")
        var number: Int?
        @OptionGroup var admin: AdminOptions

        func run() throws {
            let body = AdminBody.text(number.map { [("number", .plain("\($0)"))] } ?? [])
            let reply = try admin.ask { try $0.post("/api/v1/webhooks/test", body) }
            let results = reply.node["data"]?.items ?? []
            admin.show(reply) { _ in
                results.map { one in
                    let isTaken = one["taken"]?.scalar == "true"
                    let problem = one["problem"].flatMap { $0.isNull ? nil : $0.scalar }.map { ": \($0)" } ?? ""
                    return "\(isTaken ? "taken" : "not taken")  \(one["url"]?.scalar ?? "")\(problem)\n"
                }.joined()
            }
            if results.contains(where: { $0["taken"]?.scalar != "true" }) { throw ExitCode.failure }
        }
    }
}

/// `swiftlet completion SHELL`.
struct CompletionCommand: ParsableCommand {
    enum Shell: String, CaseIterable, ExpressibleByArgument { case bash, zsh, fish }

    static let configuration = CommandConfiguration(
        commandName: "completion", abstract: "Print what completes this command's words in a shell.",
        discussion: """
            bash: swiftlet completion bash > ~/.local/share/bash-completion/completions/swiftlet
            zsh:  swiftlet completion zsh > a folder of $fpath, as _swiftlet
            fish: swiftlet completion fish > ~/.config/fish/completions/swiftlet.fish

            The Debian package has put them in place.
            """)

    @Argument(help: "bash, zsh or fish.")
    var shell: Shell

    func run() {
        let which: CompletionShell =
            switch shell {
            case .bash: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        StandardStream.output.write(Swiftlet.completionScript(for: which) + "\n")
    }
}
