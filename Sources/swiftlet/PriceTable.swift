import Schema
import Settings

/// Rows of the catalogue for people, and differences between two of them.
enum PriceTable {
    static func lines(_ rows: [ModelFacts], at moment: Moment) -> [String] {
        let head = ["model", "context", "input", "cached", "write", "output", "retires"]
        let all = [head] + rows.map { cells($0, at: moment) }
        let widths = head.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { row in
            let padded = row.enumerated().map { column, cell in
                let space = String(repeating: " ", count: widths[column] - cell.count)
                return column == 0 || column == row.count - 1 ? cell + space : space + cell
            }
            let line = padded.joined(separator: "  ")
            return String(line.reversed().drop { $0 == " " }.reversed())
        }
    }

    private static func cells(_ row: ModelFacts, at moment: Moment) -> [String] {
        let price = row.price(at: moment)
        let said = Dictionary(price?.said.map { ($0.name, $0.dollars) } ?? []) { first, _ in first }
        let mark = price?.above.isEmpty ?? true ? "" : "+"
        func dollars(_ name: String) -> String { said[name].map { $0 + mark } ?? "-" }
        return [
            row.name, (row.context ?? row.maxInput).map { "\($0)" } ?? "-", dollars("input"), dollars("cached_input"), dollars("cache_write"),
            dollars("output"), row.retires?.day ?? "",
        ]
    }

    static func page(_ row: ModelFacts, in catalogue: PriceCatalogue, at moment: Moment) -> [String] {
        var lines = [row.name]
        func add(_ name: String, _ value: String) {
            lines.append("  " + name + String(repeating: " ", count: max(1, 12 - name.count)) + value)
        }
        for (name, value) in row.described where name != "prices" { if let value { add(name, value) } }
        let inForce = row.period(at: moment)
        if row.periods.isEmpty { add("price", "unknown") }
        for period in row.periods {
            add(period == inForce ? "price" : period.from.map { $0 > moment } ?? false ? "later" : "before", period.described)
        }
        add("set in", catalogue.origin(of: row).rawValue)
        add("source", row.source.isEmpty ? "-" : row.source)
        add("read", (row.read?.day ?? "-") + (row.via.map { ", through \($0)" } ?? ""))
        return lines
    }

    static func lines(_ diff: CatalogueDiff) -> [String] {
        func price(_ row: ModelFacts) -> String { row.period(at: .now).map { "  \($0.described)" } ?? "" }
        let changed = diff.changed.flatMap { change in
            ["~ \(change.name)"] + change.members.map { "    \($0.name): \($0.old ?? "-") -> \($0.new ?? "-")" }
        }
        let count = "\(diff.added.count) added, \(diff.removed.count) removed, \(diff.changed.count) changed"
        return diff.added.map { "+ \($0.name)\(price($0))" } + diff.removed.map { "- \($0.name)\(price($0))" } + changed + [count]
    }

    /// Of rows that change nothing while settings say otherwise.
    static func note(_ covered: [String]) -> [String] {
        guard !covered.isEmpty else { return [] }
        let names = covered.prefix(5).joined(separator: ", ") + (covered.count > 5 ? " and others" : "")
        return ["\(covered.count) below the settings' own `prices`, which hold: \(names)"]
    }

    static func json(_ diff: CatalogueDiff, covered: [String]) -> String {
        func quoted(_ text: String?) -> String { text.map { JSONText.string($0).text() } ?? "null" }
        let changed = diff.changed.map { change in
            let members = change.members.map { "\(quoted($0.name)):{\"old\":\(quoted($0.old)),\"new\":\(quoted($0.new))}" }
            return "{\"name\":\(quoted(change.name)),\"members\":{\(members.joined(separator: ","))}}"
        }
        return "{\"added\":[\(diff.added.map(\.row).joined(separator: ","))],\"removed\":[\(diff.removed.map(\.row).joined(separator: ","))],"
            + "\"changed\":[\(changed.joined(separator: ","))],\"set_in_settings\":[\(covered.map { quoted($0) }.joined(separator: ","))]}"
    }
}
