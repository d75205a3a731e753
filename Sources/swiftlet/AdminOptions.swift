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
        guard reply.isGood else { throw CommandFailure(reply.complaint) }
        return reply
    }

    /// Shows `data` of an answer as a table: a head, and where each column's text comes from.
    func table(_ path: String, _ columns: [(head: String, text: (Node) -> String)], none: String) throws {
        let reply = try ask { try $0.get(path) }
        show(reply) { node in
            let rows = (node["data"]?.items ?? []).map { row in columns.map { $0.text(row) } }
            return rows.isEmpty ? none + "\n" : TextTable.text(columns.map(\.head), rows)
        }
    }

    /// A column of a member's text, which may lie deeper: `usage.month.cost_usd`.
    static func column(_ head: String, _ path: String, before: String = "") -> (head: String, text: (Node) -> String) {
        let names = path.split(separator: ".").map(String.init)
        return (
            head,
            { row in
                let node = names.reduce(Optional(row)) { $0?[$1] }
                guard let node, !node.isNull else { return "-" }
                return node.scalar.map { before + $0 } ?? node.items?.compactMap(\.scalar).joined(separator: " ") ?? AdminBody.json(node)
            }
        )
    }

    func show(_ reply: AdminReply, _ text: (Node) -> String) {
        StandardStream.output.write(json ? reply.text + "\n" : text(reply.node))
    }
}

/// What ends a command with 1 and a sentence.
struct CommandFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Rows with a head, columns as wide as they need to be.
enum TextTable {
    static func text(_ head: [String], _ rows: [[String]]) -> String {
        let widths = head.indices.map { column in ([head] + rows).map { $0[column].count }.max() ?? 0 }
        return ([head] + rows).enumerated().map { number, row in
            let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
            let line = String(cells.joined(separator: "  ").reversed().drop { $0 == " " }.reversed())
            return (number == 0 ? Terminal.output.paint(line, .bold) : line) + "\n"
        }.joined()
    }
}
