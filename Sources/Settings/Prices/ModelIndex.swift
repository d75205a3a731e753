/// Rows of one provider by the names of their models. Those of the binary stay the lines that they are, since of hundreds a gateway
/// uses a few: a row that is read takes some kilobytes.
struct ModelIndex: Sendable {
    /// A row, or where it stands.
    enum Place: Sendable {
        case embedded(EmbeddedRow)
        indirect case read(ModelFacts)

        /// Nil: what stands there is no row.
        var facts: ModelFacts? {
            switch self {
            case .embedded(let row): row.facts
            case .read(let facts): facts
            }
        }
    }

    private struct Name {
        var at: Int32
        var isAlias: Bool
    }

    private var places: [Place] = []
    private var byName: [String: Name] = [:]
    /// When prices begin to hold, by row.
    private var beginnings: [Int32: [Moment]] = [:]

    init() {}

    /// In order.
    var rows: [ModelFacts] { places.compactMap(\.facts) }

    mutating func put(_ row: ModelFacts) { put(.read(row), row) }

    /// In place of a row of the same model. Of two rows that claim an alias the first has it; a model's own name is always its own.
    mutating func put(_ place: Place, _ row: ModelFacts) {
        let name = row.model.lowercased()
        var at = Int32(places.count)
        if let known = byName[name], !known.isAlias {
            at = known.at
            places[Int(at)] = place
        } else {
            byName[name] = Name(at: at, isAlias: false)
            places.append(place)
        }
        for alias in row.aliases where byName[alias.lowercased()] == nil { byName[alias.lowercased()] = Name(at: at, isAlias: true) }
        let moments = row.periods.compactMap(\.from)
        beginnings[at] = moments.isEmpty ? nil : moments
    }

    /// It is none of the rows in the binary.
    func isRead(_ model: String) -> Bool {
        guard let found = byName[model.lowercased()], case .read = places[Int(found.at)] else { return false }
        return true
    }

    func named(_ model: String) -> ModelFacts? { byName[model.lowercased()].flatMap { places[Int($0.at)].facts } }

    /// When a price of any row may change next.
    func change(after moment: Moment) -> Moment? { beginnings.values.joined().filter { $0 > moment }.min() }

    /// By name or alias, else without the date or version at the name's end: a snapshot costs and can what its model does unless a
    /// row of its own says otherwise.
    func find(_ model: String) -> ModelFacts? {
        var name = model.lowercased()[...]
        while true {
            if let found = byName[String(name)] { return places[Int(found.at)].facts }
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
