/// Rows of one provider by the names of their models.
struct ModelIndex: Sendable {
    private(set) var rows: [ModelFacts] = []
    private var byName: [String: Int] = [:]

    init(_ rows: [ModelFacts] = []) {
        for row in rows { put(row) }
    }

    /// In place of a row of the same model. Of two rows that claim an alias the first has it; a model's own name is always its own.
    mutating func put(_ row: ModelFacts) {
        let name = row.model.lowercased()
        if let at = byName[name], rows[at].model.lowercased() == name {
            rows[at] = row
        } else {
            byName[name] = rows.count
            rows.append(row)
        }
        guard let at = byName[name] else { return }
        for alias in row.aliases where byName[alias.lowercased()] == nil { byName[alias.lowercased()] = at }
    }

    func named(_ model: String) -> ModelFacts? { byName[model.lowercased()].map { rows[$0] } }

    /// By name or alias, else without the date or version at the name's end: a snapshot costs and can what its model does unless a
    /// row of its own says otherwise.
    func find(_ model: String) -> ModelFacts? {
        var name = model.lowercased()[...]
        while true {
            if let at = byName[String(name)] { return rows[at] }
            guard let shorter = Self.withoutSnapshot(name) else { return nil }
            name = shorter
        }
    }

    /// `-2027-01-31`, `-20270131`, `@20270131`, `-0131`, `-001`, `-latest`, `-v1:0`, `:0` are cut off. Nil: there is none.
    static func withoutSnapshot(_ name: Substring) -> Substring? {
        if name.hasSuffix("-latest") { return name.dropLast(7) }
        if let colon = name.lastIndex(of: ":"), name[name.index(after: colon)...].allSatisfy(\.isNumber) { return some(name[..<colon]) }
        guard let mark = name.lastIndex(where: { $0 == "-" || $0 == "@" }) else { return nil }
        let last = name[name.index(after: mark)...]
        let isNumber = !last.isEmpty && last.utf8.allSatisfy { 0x30...0x39 ~= $0 }
        if isNumber, last.count == 8, last.hasPrefix("20") { return some(name[..<mark]) }
        if name[mark] == "@" { return nil }
        if isNumber, last.count == 4 || last.count == 3 { return some(name[..<mark]) }
        if last.hasPrefix("v"), last.count == 2, last.dropFirst().allSatisfy(\.isNumber) { return some(name[..<mark]) }
        // YYYY-MM-DD
        let parts = name.split(separator: "-", omittingEmptySubsequences: false).suffix(3)
        guard parts.map(\.count) == [4, 2, 2], parts.allSatisfy({ $0.utf8.allSatisfy { 0x30...0x39 ~= $0 } }) else { return nil }
        return some(name.dropLast(11))
    }

    private static func some(_ name: Substring) -> Substring? { name.isEmpty ? nil : name }
}
