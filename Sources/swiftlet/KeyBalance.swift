import Console
import Schema

/// A key as text: its settings, what it used, how its budgets and limits stand.
struct KeyBalance {
    let left: String
    let resets: String

    /// The budget of which least is left, in proportion. Nil: it has none that is bounded.
    static func tightest(of key: Node) -> KeyBalance? {
        let budgets = (key["balances"]?.items ?? []).filter { $0["kind"]?.scalar == "budget" && number($0["limit"]) != nil }
        func share(_ line: Node) -> Double { (number(line["remaining"]) ?? 0) / max(number(line["limit"]) ?? 1, .leastNonzeroMagnitude) }
        return budgets.min { share($0) < share($1) }.map { line in
            KeyBalance(left: amount(line["remaining"], line), resets: said(line["resets"]) ?? "never")
        }
    }

    static func text(of key: Node) -> String {
        let settings = (key.entries ?? []).filter { $0.name != "usage" && $0.name != "balances" }
            .map { "\($0.name): \(line(of: $0.node))\n" }.joined()
        let spans = (key["usage"]?.entries ?? []).map { span in
            [span.name, said(span.node["requests"]) ?? "-", said(span.node["input_tokens"]) ?? "-", said(span.node["output_tokens"]) ?? "-"]
                + [said(span.node["cost_usd"]).map { "$\($0)" } ?? "-"]
        }
        let lines = (key["balances"]?.items ?? []).map { line in
            [
                "\(said(line["kind"]) ?? ""), \(said(line["unit"]) ?? "") per \(said(line["period"]) ?? "")", amount(line["limit"], line),
                amount(line["used"], line), amount(line["remaining"], line), said(line["resets"]) ?? "never",
            ]
        }
        let used =
            spans.isEmpty
            ? "\nits usage is not known: the store does not answer\n" : "\n" + TextTable.text(["", "REQUESTS", "IN", "OUT", "COST"], spans)
        return settings + used + (lines.isEmpty ? "" : "\n" + TextTable.text(["", "LIMIT", "USED", "LEFT", "RESETS"], lines))
    }

    private static func line(of node: Node) -> String {
        if let items = node.items { return items.map { line(of: $0) }.joined(separator: ", ") }
        if let entries = node.entries { return entries.map { "\($0.name) \(line(of: $0.node))" }.joined(separator: " ") }
        return node.scalar ?? ""
    }

    private static func said(_ node: Node?) -> String? { node.flatMap { $0.isNull ? nil : $0.scalar } }
    private static func number(_ node: Node?) -> Double? { said(node).flatMap { Double($0) } }
    private static func amount(_ node: Node?, _ line: Node) -> String {
        said(node).map { line["unit"]?.scalar == "usd" ? "$\($0)" : $0 } ?? "-"
    }
}
