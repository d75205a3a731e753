/// Where regions are and how far apart: names of the large clouds' regions, of continents and of countries.
public enum Regions {
    /// A region, resolved: without references, so that comparing costs no look-up.
    struct Place: Hashable, Sendable {
        /// Of the name in lower case; 0: no region.
        var name: UInt64
        /// What it is itself, where it is an area such as `eu`.
        var own: Areas
        /// All that lie around it, and itself.
        var within: Areas
        /// A unit vector, times 10,000. All 0: unknown.
        var x: Int16 = 0
        var y: Int16 = 0
        var z: Int16 = 0

        static let nowhere = Place(name: 0, own: [], within: [])
        var isKnown: Bool { x != 0 || y != 0 || z != 0 }

        /// The same, or an area around it.
        func covers(_ other: Place) -> Bool { name != 0 && (name == other.name || !own.isDisjoint(with: other.within)) }
    }

    /// What nothing known is farther than: the way around half the earth, in kilometres, is 20,015.
    static let unknown = Double.infinity

    /// In kilometres, roughly. 0: the same region; 1: one lies within the other; infinite: one is not known.
    public static func distance(from: String, to: String) -> Double { distance(place(from), place(to)) }

    /// Whether `area` is `region` or lies around it: `eu` covers `eu-west-1` and `europe-west4`.
    public static func covers(_ area: String, _ region: String) -> Bool { place(area).covers(place(region)) }

    /// Whether the table knows the name, or a prefix of it.
    public static func isKnown(_ region: String) -> Bool { place(region).isKnown }

    static func distance(_ from: Place, _ to: Place) -> Double {
        if from.name != 0, from.name == to.name { return 0 }
        guard from.isKnown, to.isKnown else { return unknown }
        if from.covers(to) || to.covers(from) { return 1 }
        // The angle between them by its chord: 2 asin(c / 2), of which three terms are right to 6 % even for antipodes.
        let dx = Double(from.x) - Double(to.x)
        let dy = Double(from.y) - Double(to.y)
        let dz = Double(from.z) - Double(to.z)
        let half = (dx * dx + dy * dy + dz * dz).squareRoot() / 20_000
        let square = half * half
        return 1 + 12_742 * half * (1 + square * (1 / 6 + square * (3 / 40 + square * (15 / 336 + square * 0.28))))
    }

    static func place(_ name: String) -> Place {
        if name.isEmpty { return .nowhere }
        if let known = table[name] { return known }
        let lower = name.lowercased()
        if let known = table[lower] { return known }
        var place = Place.nowhere
        for (prefix, area) in prefixes where lower.hasPrefix(prefix) {
            place = table[area] ?? .nowhere
            break
        }
        place.name = Random.hash(lower.utf8)
        place.own = []
        return place
    }

    private static let table: [String: Place] = {
        var table: [String: Place] = [:]
        for row in RegionRow.all {
            let first = row.names[0]
            for name in row.names {
                var place = Place(name: Random.hash(first.utf8), own: row.own, within: row.within)
                (place.x, place.y, place.z) = vector(row.latitude, row.longitude)
                table[name] = place
            }
        }
        return table
    }()

    private static func vector(_ latitude: Double, _ longitude: Double) -> (Int16, Int16, Int16) {
        let (sinLatitude, cosLatitude) = sinCos(latitude)
        let (sinLongitude, cosLongitude) = sinCos(longitude)
        func scaled(_ value: Double) -> Int16 { Int16((value * 10_000).rounded()) }
        return (scaled(cosLatitude * cosLongitude), scaled(cosLatitude * sinLongitude), scaled(sinLatitude))
    }

    /// Of degrees, with plain arithmetic: the same on every platform. Halved three times and doubled back, so that short series do.
    private static func sinCos(_ degrees: Double) -> (Double, Double) {
        let x = degrees * 0.017_453_292_519_943_295 / 8
        let q = x * x
        var sine = x * (1 - q / 6 * (1 - q / 20 * (1 - q / 42)))
        var cosine = 1 - q / 2 * (1 - q / 12 * (1 - q / 30 * (1 - q / 56)))
        for _ in 0..<3 { (sine, cosine) = (2 * sine * cosine, cosine * cosine - sine * sine) }
        return (sine, cosine)
    }

    /// What a region that the table lacks is taken for, by how it begins; the first that fits.
    private static let prefixes: [(String, String)] = [
        ("us-gov-", "us"), ("us-east", "us-east"), ("us-west", "us-west"), ("us-", "us"), ("eastus", "us-east"), ("westus", "us-west"),
        ("centralus", "us"), ("northcentralus", "us"), ("southcentralus", "us"), ("us", "us"), ("northamerica", "na"), ("canada", "ca"),
        ("ca-", "ca"), ("mx-", "mx"), ("mexico", "mx"), ("southamerica", "sa"), ("sa-", "sa"), ("brazil", "br"), ("europe", "europe"),
        ("eu", "eu"), ("uk", "gb"), ("france", "fr"), ("germany", "de"), ("switzerland", "ch"), ("norway", "no"), ("sweden", "se"),
        ("poland", "pl"), ("italy", "it"), ("spain", "es"), ("austria", "at"), ("israel", "il"), ("il-", "il"), ("me-", "me"), ("uae", "ae"),
        ("qatar", "me"), ("africa", "af"), ("af-", "af"), ("southafrica", "za"), ("china", "cn"), ("cn-", "cn"), ("japan", "jp"),
        ("korea", "kr"), ("india", "in"), ("centralindia", "in"), ("australia", "au"), ("ap-south-", "in"), ("ap-northeast-", "jp"),
        ("ap-southeast-", "sg"), ("asia-south", "in"), ("asia-northeast", "jp"), ("asia-southeast", "sg"), ("asia-east", "asia"),
        ("asia", "asia"), ("ap-", "apac"), ("apac", "apac"),
    ]
}

extension Regions {
    /// Areas that regions lie in; one may lie in several.
    struct Areas: OptionSet, Hashable, Sendable {
        let rawValue: UInt64
        static let europe = Areas(rawValue: 1 << 0)
        static let northAmerica = Areas(rawValue: 1 << 1)
        static let southAmerica = Areas(rawValue: 1 << 2)
        static let asia = Areas(rawValue: 1 << 3)
        static let oceania = Areas(rawValue: 1 << 4)
        static let africa = Areas(rawValue: 1 << 5)
        static let middleEast = Areas(rawValue: 1 << 6)
        static let usEast = Areas(rawValue: 1 << 7)
        static let usWest = Areas(rawValue: 1 << 8)
        /// The European Union, of which not all of Europe is: what must stay in `eu` must not go to London or Zurich.
        static let union = Areas(rawValue: 1 << 9)

        /// A country by its two letters.
        static func country(_ code: String) -> Areas {
            RegionRow.countries.firstIndex(of: code).map { Areas(rawValue: 1 << UInt64(16 + $0)) } ?? []
        }
    }
}

/// Which regions may serve. The first two of each list stand here themselves, so that most requests allocate nothing for it.
struct RegionRule {
    private struct List {
        var first = Regions.Place.nowhere
        var second = Regions.Place.nowhere
        var others: [Regions.Place] = []

        init(_ names: [String]) {
            if names.count > 0 { first = Regions.place(names[0]) }
            if names.count > 1 { second = Regions.place(names[1]) }
            if names.count > 2 { others = names[2...].map(Regions.place) }
        }

        func covers(_ place: Regions.Place) -> Bool {
            first.covers(place) || second.covers(place) || others.contains { $0.covers(place) }
        }
    }

    private let allowed: List?
    private let denied: List

    /// Nil: any region will do.
    init?(allowed: [String], denied: [String]) {
        if allowed.isEmpty, denied.isEmpty { return nil }
        self.allowed = allowed.isEmpty ? nil : List(allowed)
        self.denied = List(denied)
    }

    /// A deployment from nowhere may serve where no list says which may.
    func permits(_ place: Regions.Place) -> Bool { !denied.covers(place) && (allowed?.covers(place) ?? true) }
}
