import Schema

/// A decision record for a reader: the sentence, then the candidates.
struct DecisionTable {
    let record: Node

    init(_ record: Node) { self.record = record }

    var text: String {
        var out = (record["reason"]?.scalar ?? "") + "\n\n"
        let heads = [("policy", "policy"), ("route", "route"), ("rule", "rule"), ("strategy", "strategy"), ("chosen", "chosen")]
        for (title, name) in heads {
            if let value = record[name]?.scalar { out += "\(title): \(value)\n" }
        }
        let rows = (record["candidates"]?.items ?? []).map { candidate in
            [
                candidate["deployment"]?.scalar ?? "", candidate["eligible"]?.scalar == "true" ? "eligible" : "excluded",
                candidate["score"]?.scalar ?? "-", candidate["detail"]?.scalar ?? candidate["excluded_because"]?.scalar ?? "",
            ]
        }
        guard !rows.isEmpty else { return out }
        out += "\n" + Self.table([["deployment", "state", "score", "because"]] + rows)
        let attempts = (record["attempts"]?.items ?? []).map { attempt in
            ["deployment", "outcome", "fault", "status", "ended_ms"].map { attempt[$0]?.scalar ?? "-" }
        }
        if !attempts.isEmpty { out += "\n" + Self.table([["attempt at", "outcome", "fault", "status", "ended ms"]] + attempts) }
        return out
    }

    private static func table(_ rows: [[String]]) -> String {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
            return String(cells.joined(separator: "  ").reversed().drop { $0 == " " }.reversed())
        }.joined(separator: "\n") + "\n"
    }
}
