/// How far apart regions are where an operator says so, above what is known of the earth.
public struct RegionDistances: Sendable {
    private var rows: [(from: Regions.Place, to: Regions.Place, kilometres: Double)] = []

    public init() {}

    public var isEmpty: Bool { rows.isEmpty }

    /// Holds both ways, and for what lies within the two: `eu` stands for `eu-west-1`, unless a row names that itself.
    public mutating func add(_ from: String, _ to: String, kilometres: Double) {
        rows.append((Regions.place(from), Regions.place(to), kilometres))
    }

    func distance(_ from: Regions.Place, _ to: Regions.Place) -> Double {
        if rows.isEmpty { return Regions.distance(from, to) }
        return said(from, to) { $0.name == $1.name } ?? (from.name == to.name ? 0 : said(from, to) { $0.covers($1) })
            ?? Regions.distance(from, to)
    }

    /// Of the first row that fits, in either direction.
    private func said(_ from: Regions.Place, _ to: Regions.Place, _ fits: (Regions.Place, Regions.Place) -> Bool) -> Double? {
        guard from.name != 0, to.name != 0 else { return nil }
        return rows.first { fits($0.from, from) && fits($0.to, to) || fits($0.from, to) && fits($0.to, from) }?.kilometres
    }
}
