import Schema

/// The figures as lines of a terminal: as many and as wide as there is room.
struct TopScreen {
    /// A key or a model, and what it came to today.
    struct Today {
        var name: String
        var requests: String
        var failed: String
        var tokens: String
        var dollars: String
    }

    var figures: TopFigures
    var gateway: String
    var today: String?
    var month: String?
    var keys: [Today]
    var models: [Today]
    /// Why there is nothing newer.
    var trouble: String?

    func lines(columns: Int, rows: Int, colours: Bool) -> [String] {
        var lines = [Line(text: head, paint: .bold)]
        if let trouble { lines.append(Line(text: trouble, paint: .red)) }
        lines.append(Line(text: summary, paint: (figures.success ?? 1) < 0.99 ? .yellow : nil))
        lines.append(Line(text: spending))
        // Each table takes a blank line, its head, and at least one row: the last ones go where there is no room for all.
        let tables = self.tables.prefix(max(0, (rows - lines.count) / 3))
        let room = max(0, rows - lines.count - tables.count * 2)
        let shares = Self.shares(tables.map(\.rows.count), of: room)
        for (table, share) in zip(tables, shares) where share > 0 {
            lines.append(Line(text: ""))
            lines += table.lines(most: share)
        }
        return lines.prefix(rows).map { $0.written(columns: columns, colours: colours) }
    }

    private var head: String { "swiftlet top   \(gateway)   every \(Self.number(figures.seconds)) s   q quits" }

    private var summary: String {
        let parts = [
            "\(Self.number(figures.rate)) requests/s", "success \(Self.percent(figures.success))", "p50 \(Self.milliseconds(figures.median))",
            "p95 \(Self.milliseconds(figures.p95))", "\(Int(figures.inFlight)) in flight",
        ]
        return (parts + (figures.refused > 0 ? ["\(Self.number(figures.refused)) refused by limits/s"] : [])).joined(separator: "   ")
    }

    private var spending: String {
        let now = figures.deployments.reduce(0) { $0 + $1.dollarsPerHour }
        return "spend: today $\(today ?? "?")   this month $\(month ?? "?")   now $\(Self.number(now)) an hour"
    }

    // MARK: Tables

    private struct Line {
        var text: String
        var paint: Paint?

        func written(columns: Int, colours: Bool) -> String {
            let cut = String(text.prefix(columns))
            return colours ? paint?.around(cut) ?? cut : cut
        }
    }

    private struct Table {
        var head: [String]
        var rows: [(cells: [String], paint: Paint?)]

        func lines(most: Int) -> [Line] {
            let isCut = rows.count > most
            let shown = rows.prefix(isCut ? max(0, most - 1) : most)
            let widths = head.indices.map { column in ([head] + shown.map(\.cells)).map { $0[column].count }.max() ?? 0 }
            func line(_ cells: [String]) -> String {
                cells.enumerated().map { index, cell in
                    let space = String(repeating: " ", count: widths[index] - cell.count)
                    return index == 0 ? cell + space : space + cell
                }.joined(separator: "  ")
            }
            var lines = [Line(text: line(head), paint: .bold)] + shown.map { Line(text: line($0.cells), paint: $0.paint) }
            if isCut { lines.append(Line(text: "... \(rows.count - shown.count) more", paint: .faint)) }
            return lines
        }
    }

    private var tables: [Table] {
        func attempts(_ title: String, _ rows: [TopFigures.Row]) -> Table {
            Table(
                head: [title, "STATE", "TRIES/S", "SUCCESS", "IN FLIGHT", "$/HOUR", "ANSWERED", "FAILED"],
                rows: rows.map { row in
                    let cells = [
                        row.name, row.state, Self.number(row.rate), Self.percent(row.success), "\(Int(row.inFlight))",
                        Self.number(row.dollarsPerHour), "\(Int(row.answered))", "\(Int(row.failed))",
                    ]
                    return (cells, row.state == "open" ? .red : row.state == "closed" ? nil : .yellow)
                })
        }
        func today(_ title: String, _ rows: [Today]) -> Table {
            Table(
                head: [title, "TODAY", "FAILED", "TOKENS", "COST"],
                rows: rows.map { ([$0.name, $0.requests, $0.failed, $0.tokens, "$" + $0.dollars], nil) })
        }
        return [
            attempts("PROVIDER", figures.providers), attempts("DEPLOYMENT", figures.deployments), today("MODEL", models), today("KEY", keys),
        ].filter { !$0.rows.isEmpty }
    }

    /// So many rows for each, the smallest wishes first, so that one long table leaves room for the others.
    static func shares(_ wishes: [Int], of room: Int) -> [Int] {
        var shares = wishes.map { _ in 0 }
        var left = room
        for (place, index) in wishes.indices.sorted(by: { wishes[$0] < wishes[$1] }).enumerated() {
            shares[index] = min(wishes[index], left / (wishes.count - place))
            left -= shares[index]
        }
        return shares
    }

    // MARK: Numbers

    static func number(_ value: Double) -> String {
        if value >= 100 || value == value.rounded() { return "\(Int(min(value, 1e15).rounded()))" }
        let tenths = (value * (value < 1 ? 1000 : 10)).rounded()
        return "\(tenths / (value < 1 ? 1000 : 10))"
    }

    /// To a millionth: what small models cost.
    static func dollars(_ value: Double) -> String {
        let millionths = Int((min(value, 1e12) * 1e6).rounded())
        let rest = String(1_000_000 + millionths % 1_000_000).dropFirst()
        let digits = String(rest.reversed().drop { $0 == "0" }.reversed())
        return "\(millionths / 1_000_000)" + (digits.isEmpty ? "" : "." + digits)
    }

    static func percent(_ share: Double?) -> String { share.map { number(($0 * 1000).rounded() / 10) + " %" } ?? "-" }

    static func milliseconds(_ value: Double?) -> String {
        value.map { $0 >= 10_000 ? number($0 / 1000) + " s" : number($0) + " ms" } ?? "-"
    }
}
