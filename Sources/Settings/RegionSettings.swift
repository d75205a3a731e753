import Routing
import Schema

/// Where callers are, by their addresses, and how far apart regions are beyond what is built in.
public struct RegionSettings: Configurable {
    public var prefixes = PrefixTable()
    public var distances = DistanceTable()

    public init() {}

    public static let fields: [Field<Self>] = [
        .setting("prefixes", \.prefixes, "The region of callers by prefixes of their addresses, such as { 10.1.0.0/16: eu }; the longest counts."),
        .setting("distances", \.distances, "How far regions are from one another, in kilometres and both ways, such as { eu: { dc1: 200 } }."),
    ]
}

/// `{ 10.1.0.0/16: eu, 2001:db8::/32: us }`.
public struct PrefixTable: SettingValue {
    public var table = RegionTable()

    public static let shape = Shape.names(of: .text("region"))
    public var written: String? { table.isEmpty ? "{}" : nil }

    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> PrefixTable? {
        var list = PrefixTable()
        if node.isNull { return list }
        guard let entries = reading.entries(of: node, at: path, expected: "prefixes and their regions") else { return nil }
        for entry in entries {
            let place = path.setting(entry.name)
            guard let region = String.read(entry.node, at: place, &reading) else { continue }
            if !list.table.add(entry.name, region: region) {
                reading.problem(place, entry.line, "is no prefix of addresses; expected such as 10.1.0.0/16 or 2001:db8::/32")
            }
        }
        return list
    }
}

/// `{ eu: { dc1: 200 } }`, in kilometres.
public struct DistanceTable: SettingValue {
    public struct Row: Hashable, Sendable {
        public var from: String
        public var to: String
        public var distance: Double
    }

    public var rows: [Row] = []

    public var table: RegionDistances {
        var table = RegionDistances()
        for row in rows { table.add(row.from, row.to, kilometres: row.distance) }
        return table
    }

    public static let shape = Shape.names(of: .names(of: .number))
    public var written: String? { rows.isEmpty ? "{}" : nil }

    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> DistanceTable? {
        var list = DistanceTable()
        if node.isNull { return list }
        guard let entries = reading.entries(of: node, at: path, expected: "regions and their distances") else { return nil }
        for entry in entries {
            let place = path.setting(entry.name)
            for other in reading.entries(of: entry.node, at: place, expected: "regions and their distances") ?? [] {
                guard let distance = Double.read(other.node, at: place.setting(other.name), &reading) else { continue }
                if distance < 0 { reading.refuse(other.node, at: place.setting(other.name), expected: "0 or more") }
                list.rows.append(Row(from: entry.name, to: other.name, distance: distance))
            }
        }
        return list
    }
}
