import Gateway
import Routing
import Storage
import Wire

/// Rows of usage, as they are answered.
struct UsageTable {
    private let query: UsageQuery
    private let rows: [UsageRow]
    private let names: [NameID: StoredName]

    init(_ query: UsageQuery, _ rows: [UsageRow], _ names: [NameID: StoredName]) { (self.query, self.rows, self.names) = (query, rows, names) }

    /// What the savings are measured against.
    static let baseline = """
        the same tokens at the primary model of the route that the request came for, that of its policy or of the model it named; where that \
        route is not tried in order, at its most capable model, which is its dearest
        """

    private func group(_ row: UsageRow) -> [String?] {
        zip(query.groupBy, row.group).map { dimension, value in
            guard dimension.kind != nil else { return Timestamp.text(unixMilliseconds: value) }
            return names[NameID(rawValue: Int32(clamping: value))]?.name
        }
    }

    var json: AdminAnswer {
        AdminAnswer { whole in
            whole.object { whole in
                whole.member("from", Timestamp.text(unixMilliseconds: query.from))
                whole.member("to", Timestamp.text(unixMilliseconds: query.to))
                whole.key("group_by")
                whole.array { list in for dimension in query.groupBy { list.string(dimension.rawValue) } }
                whole.member("baseline", Self.baseline)
                whole.key("data")
                whole.array { list in
                    for row in rows {
                        list.object { line in
                            for (dimension, name) in zip(query.groupBy, group(row)) { line.member(dimension.rawValue, orNull: name) }
                            for column in Self.columns { column.write(row.totals, &line) }
                        }
                    }
                }
            }
        }
    }

    var csv: AdminAnswer {
        let head = query.groupBy.map(\.rawValue) + Self.columns.map(\.name)
        let lines = rows.map { row in
            group(row).map { Self.field($0 ?? "") } + Self.columns.map { $0.text(row.totals) }
        }
        let text = ([head] + lines).map { $0.joined(separator: ",") }.joined(separator: "\r\n") + "\r\n"
        return AdminAnswer(text: text, type: "text/csv; charset=utf-8")
    }

    /// Also in the width that East Asian keyboards write.
    private static let formula = Set("=+-@\t\r\n|%\u{ff1d}\u{ff0b}\u{ff0d}\u{ff20}".unicodeScalars)
    /// A semicolon separates where the comma is for decimals.
    private static let special = Set(",;\"\r\n\t".unicodeScalars)

    /// As RFC 4180 quotes it. A name that a spreadsheet would take for a formula has an apostrophe in front.
    static func field(_ text: String) -> String {
        // By scalars: what is combined with a sign would hide it.
        let safe = text.unicodeScalars.first.map(formula.contains) ?? false ? "'" + text : text
        guard safe.unicodeScalars.contains(where: special.contains) || safe.first == " " || safe.last == " " else { return safe }
        return "\"" + safe.unicodeScalars.reduce(into: "") { $1 == "\"" ? $0 += "\"\"" : $0.unicodeScalars.append($1) } + "\""
    }

    // MARK: Columns

    struct Column: Sendable {
        enum Value {
            case number(Int64)
            case dollars(Nanodollars)
        }

        var name: String
        var value: @Sendable (LedgerTotals) -> Value

        func text(_ totals: LedgerTotals) -> String {
            switch value(totals) {
            case .number(let number): "\(number)"
            case .dollars(let dollars): dollars.dollars
            }
        }

        func write(_ totals: LedgerTotals, _ line: inout JSONWriter) {
            line.key(name)
            line.raw(text(totals))
        }
    }

    static let columns: [Column] = [
        Column(name: "requests") { .number($0.requests) }, Column(name: "failed") { .number($0.failed) },
        Column(name: "cancelled") { .number($0.cancelled) }, Column(name: "unknown") { .number($0.unknown) },
        Column(name: "attempts") { .number($0.attempts) }, Column(name: "estimated") { .number($0.estimated) },
        Column(name: "unpriced") { .number($0.requests - $0.priced) }, Column(name: "input_tokens") { .number(Int64($0.usage.input)) },
        Column(name: "cached_input_tokens") { .number(Int64($0.usage.cachedInput)) },
        Column(name: "output_tokens") { .number(Int64($0.usage.output)) },
        Column(name: "reasoning_tokens") { .number(Int64($0.usage.reasoning)) }, Column(name: "cost_usd") { .dollars($0.cost) },
        Column(name: "compared_usd") { .dollars($0.compared) }, Column(name: "baseline_usd") { .dollars($0.baseline) },
        Column(name: "saved_usd") { .dollars(Nanodollars($0.baseline.amount - $0.compared.amount)) },
        Column(name: "compression_saved_tokens") { .number($0.savedTokens) }, Column(name: "compression_saved_usd") { .dollars($0.savedCost) },
    ]
}
