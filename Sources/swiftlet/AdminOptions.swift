import ArgumentParser
import Bench
import Console
import Schema

/// What commands have in common that ask a running gateway.
struct AdminOptions: ParsableArguments {
    @Option(help: "The gateway's admin listener; http://127.0.0.1:8081 where nothing is said.")
    var url: String?
    @Flag(help: "Print JSON.")
    var json = false

    /// The answer where it is good; else the reason goes to standard error, and the command fails.
    func ask(_ call: (AdminClient) throws -> AdminReply) throws -> AdminReply {
        let reply = try call(AdminClient(url))
        guard 200..<300 ~= reply.status else {
            StandardStream.errors.write("swiftlet: \(reply.problem)\n")
            throw ExitCode.failure
        }
        return reply
    }

    func show(_ reply: AdminReply, _ text: (Node) -> String) {
        StandardStream.output.write(json ? reply.text + "\n" : text(reply.node))
    }
}

/// Rows with a head, columns as wide as they need to be.
enum TextTable {
    static func text(_ head: [String], _ rows: [[String]]) -> String {
        let widths = head.indices.map { column in ([head] + rows).map { $0[column].count }.max() ?? 0 }
        return ([head] + rows).map { row in
            let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
            return cells.joined(separator: "  ").reversed().drop { $0 == " " }.reversed() + "\n"
        }.joined()
    }
}
