import ArgumentParser
import Bench
import Console
import FoundationEssentials
import Gateway
import Logging
import Schema
import Settings
import Storage

/// `swiftlet explain`: where a request would go, and why.
struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Say where a request would go, and why, without sending it.",
        discussion: """
            With --url a running gateway is asked, with all it knows of its deployments' health; with --config the settings alone \
            answer, as a gateway that has just been started. The admin token is taken from SWIFTLET_ADMIN_TOKEN.
            """)

    @Option(name: .shortAndLong, help: "The settings, a YAML file.")
    var config: String?
    @Option(help: "A running gateway's admin listener. Without --config: http://127.0.0.1:8081.")
    var url: String?
    @Option(help: "The model that the request names.")
    var model: String?
    @Option(help: "What the user says.")
    var message: String?
    @Option(help: "The request's body, a JSON file, in place of --message; --model stands above it.")
    var body: String?
    @Option(help: "The API: chat_completions, completions, embeddings.")
    var api: String?
    @Option(help: "The name of the virtual key that asks.")
    var key: String?
    @Option(help: "A header as NAME:VALUE; may be given several times.")
    var header: [String] = []
    @Flag(help: "Print the decision record as JSON.")
    var json = false

    func run() async throws {
        let call = try ExplainBody.text(api: api, body: request(), headers: headers(), key: key)
        let reply = if let config { try await alone(config, call) } else { try AdminClient(url).post("/api/v1/explain", call) }
        guard reply.isGood else { throw CommandFailure(reply.complaint) }
        StandardStream.output.write(json ? reply.text + "\n" : DecisionTable(reply.node).text)
    }

    private func request() throws -> Node {
        var node = Node.map([])
        if let body {
            guard let data = FileManager.default.contents(atPath: body) else { throw ValidationError("\(body) cannot be read") }
            guard let read = JSONNode.read(String(decoding: data, as: UTF8.self)), read.entries != nil else {
                throw ValidationError("\(body) is no JSON object")
            }
            node = read
        }
        var members = (node.entries ?? []).map { ($0.name, $0.node) }
        func set(_ name: String, _ value: Node) { members = members.filter { $0.0 != name } + [(name, value)] }
        if let model { set("model", .text(model)) }
        if let message { set("messages", .list([.map([("role", .text("user")), ("content", .text(message))])])) }
        if members.isEmpty { throw ValidationError("say what to explain: --model and --message, or --body") }
        return .map(members)
    }

    private func headers() throws -> [(String, String)] {
        try header.map { line in
            let parts = line.split(separator: ":", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { throw ValidationError("--header takes NAME:VALUE, not `\(line)`") }
            return (parts[0], String(parts[1].drop { $0 == " " }))
        }
    }

    /// A gateway of its own, which nobody can find, with a store that ends with it.
    private func alone(_ config: String, _ call: String) async throws -> AdminReply {
        let log = Logger(label: "swiftlet") { _ in SwiftLogNoOpLogHandler() }
        let source = try SettingsSource(file: config, flags: [])
        var blueprint = try source.blueprint(source.compile(source.document()), log)
        blueprint.server.listen = ListenAddress(host: "127.0.0.1", port: 0)
        blueprint.server.admin = ListenAddress(host: "127.0.0.1", port: 0)
        blueprint.server.accessLog = false
        let server = try Server(blueprint, store: MemoryStore(), journal: nil, adminToken: nil, seed: 0, log: log)
        try await server.start(blueprint)
        let reply = await ExplainBody.answer(call, by: server)
        await server.drain(grace: .zero)
        return reply
    }
}
