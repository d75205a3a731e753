import ArgumentParser
import Bench
import Console
import Schema

/// `swiftlet providers test NAME`: whether a provider of a running gateway is there, takes the credential, and answers.
struct ProvidersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "providers", abstract: "Look at the providers of a running gateway.", subcommands: [List.self, TestCommand.self])

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "All providers, and how the last look at each ended.")
        @OptionGroup var admin: AdminOptions

        func run() throws {
            let reply = try admin.ask { try $0.get("/api/v1/providers") }
            admin.show(reply) { node in
                let rows = (node["data"]?.items ?? []).map { provider in
                    let test = provider["last_test"].flatMap { $0.isNull ? nil : $0 }
                    let steps = ["reachable", "key", "answers"].map { test?[$0]?["state"]?.scalar ?? "-" }
                    let outcome = test.map { $0["outdated"]?.scalar == "true" ? "outdated" : $0["ok"]?.scalar == "true" ? "ok" : "failed" } ?? "never"
                    return [provider["name"]?.scalar ?? "", provider["type"]?.scalar ?? "-", outcome] + steps
                        + [test?["latency_ms"].flatMap { $0.isNull ? nil : $0.scalar } ?? "-", test?["at"]?.scalar ?? "-"]
                }
                return TextTable.text(["NAME", "TYPE", "TEST", "REACHABLE", "KEY", "ANSWERS", "MS", "AT"], rows)
            }
        }
    }

    struct TestCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "test", abstract: "Ask a provider for one token, and say what is wrong where it does not answer.",
            discussion: "The admin token is taken from SWIFTLET_ADMIN_TOKEN. Fails where the provider does.")

        @Argument(help: "The provider's name in the settings.")
        var name: String
        @Option(help: "The model to ask; the first that the settings have of it where nothing is said.")
        var model: String?
        @Option(help: "The gateway's admin listener; http://127.0.0.1:8081 where nothing is said.")
        var url: String?
        @Flag(help: "Print JSON.")
        var json = false

        func run() throws {
            let body = ProviderTestBody.text(model: model)
            let reply = try AdminClient(url).post("/api/v1/providers/\(name)/test", body)
            guard reply.isGood else { throw CommandFailure(reply.complaint) }
            let node = reply.node
            StandardStream.output.write(json ? reply.text + "\n" : Self.text(node))
            if node["ok"]?.scalar != "true" { throw ExitCode.failure }
        }

        private static func text(_ node: Node) -> String {
            let model = node["model"].flatMap { $0.isNull ? nil : $0.scalar }
            var lines = [(node["provider"]?.scalar ?? "-") + (model.map { ", model \($0)" } ?? "")]
            for step in ["reachable", "key", "answers"] {
                let reason = node[step]?["reason"].flatMap { $0.isNull ? nil : $0.scalar }.map { ": \($0)" } ?? ""
                lines.append("  \(step): \(node[step]?["state"]?.scalar ?? "unknown")\(reason)")
            }
            if let latency = node["latency_ms"], !latency.isNull { lines.append("  latency: \(latency.scalar ?? "-") ms") }
            return lines.joined(separator: "\n") + "\n"
        }
    }
}
