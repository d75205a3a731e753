import Routing

@testable import Storage

/// How binaries of schema version 1 lock, read and write slices: kept as it was, for tests of gateways of two versions side by side.
struct FirstLeases {
    struct Window: Hashable {
        var account: String
        var start: Int64
    }

    struct Held {
        var slice: LeaseSlice
        var window: Window
        var gateway: Int64
    }

    private(set) var windows: [Window: LeaseWindow] = [:]
    private(set) var slices: [Int64: Held] = [:]
    private var before: (windows: [Window: LeaseWindow], slices: [Int64: LeaseSlice]) = ([:], [:])

    /// Which slices are read, and which windows are locked beside theirs.
    struct Choice {
        var leases: [Int64] = []
        /// Of these gateways all that are not closed.
        var gateways: [Int64] = []
        /// With the open slices of `gateway`.
        var windows: [Window] = []
        var gateway: Int64 = 0
    }

    init(_ choice: Choice, _ connection: PostgresConnection, within limit: Duration) throws(StoreFailure) {
        let accounts = PostgresParameter.texts(choice.windows.map(\.account))
        let starts = PostgresParameter.int8s(choice.windows.map(\.start))
        let results = try connection.run(
            [
                PostgresQuery(Self.lock, .int8s(choice.leases), .int8s(choice.gateways), accounts, starts),
                PostgresQuery(Self.read, .int8s(choice.leases), .int8s(choice.gateways), accounts, starts, .int8(choice.gateway)),
            ], within: limit)
        for row in 0..<results[0].count {
            windows[Window(account: results[0].text(row, 0), start: results[0].int(row, 1))] = LeaseWindow(
                used: results[0].int(row, 2), writtenOff: results[0].int(row, 3), leased: results[0].int(row, 4))
        }
        for row in 0..<results[1].count { take(results[1], row) }
        before = (windows, slices.mapValues(\.slice))
    }

    private mutating func take(_ result: PostgresResult, _ row: Int) {
        var slice = LeaseSlice(LeaseKind(rawValue: UInt8(truncatingIfNeeded: result.int(row, 4))) ?? .budget)
        slice.state = LeaseSlice.State(rawValue: UInt8(truncatingIfNeeded: result.int(row, 5))) ?? .closed
        slice.granted = result.int(row, 6)
        slice.used = result.int(row, 7)
        slice.held = result.int(row, 8)
        let window = Window(account: result.text(row, 1), start: result.int(row, 2))
        slices[result.int(row, 0)] = Held(slice: slice, window: window, gateway: result.int(row, 3))
    }

    private static let lock = """
        SELECT account, start_ms, used, written_off, leased FROM lease_windows
        WHERE (account, start_ms) IN (
            SELECT account, start_ms FROM leases WHERE id = ANY($1)
            UNION SELECT account, start_ms FROM leases WHERE gateway = ANY($2) AND state <> 2
            UNION SELECT * FROM unnest($3::text[], $4::bigint[])
        )
        ORDER BY account, start_ms FOR UPDATE
        """

    private static let columns = "l.id, l.account, l.start_ms, l.gateway, l.kind, l.state, l.granted, l.used, l.held"
    private static let read = """
        SELECT \(columns) FROM leases l WHERE id = ANY($1)
        UNION SELECT \(columns) FROM leases l WHERE gateway = ANY($2) AND state <> 2
        UNION SELECT \(columns) FROM leases l JOIN unnest($3::text[], $4::bigint[]) AS w(account, start_ms) USING (account, start_ms)
            WHERE l.gateway = $5 AND l.state = 0
        """

    /// Nothing where the slice is unknown, forgotten, or another gateway's than `gateway`.
    mutating func change(_ lease: Int64, of gateway: Int64? = nil, _ body: (inout LeaseSlice, inout LeaseWindow) -> Void) {
        guard var held = slices[lease], gateway == nil || held.gateway == gateway, var window = windows[held.window] else { return }
        body(&held.slice, &window)
        slices[lease] = held
        windows[held.window] = window
    }

    /// A slice that has just been made.
    mutating func add(_ lease: Int64, _ kind: LeaseKind, _ window: Window, _ gateway: Int64) {
        slices[lease] = Held(slice: LeaseSlice(kind), window: window, gateway: gateway)
        before.slices[lease] = slices[lease]?.slice
    }

    /// What writes back what has changed.
    var writing: [PostgresQuery] {
        var queries: [PostgresQuery] = []
        let leases = slices.filter { before.slices[$0.key] != $0.value.slice }.sorted { $0.key < $1.key }.map { ($0.key, $0.value.slice) }
        if !leases.isEmpty {
            queries.append(
                PostgresQuery(
                    """
                    UPDATE leases l SET state = n.state, granted = n.granted, used = n.used, held = n.held
                    FROM unnest($1::bigint[], $2::integer[], $3::bigint[], $4::bigint[], $5::bigint[]) AS n(id, state, granted, used, held)
                    WHERE l.id = n.id
                    """, .int8s(leases.map(\.0)), .int4s(leases.map { Int32($0.1.state.rawValue) }), .int8s(leases.map(\.1.granted)),
                    .int8s(leases.map(\.1.used)), .int8s(leases.map(\.1.held))))
        }
        let changed = windows.filter { before.windows[$0.key] != $0.value }.map { ($0.key, $0.value) }
        if !changed.isEmpty {
            queries.append(
                PostgresQuery(
                    """
                    UPDATE lease_windows w SET used = n.used, written_off = n.written_off, leased = n.leased
                    FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[]) AS n(account, start_ms, used, written_off, leased)
                    WHERE w.account = n.account AND w.start_ms = n.start_ms
                    """, .texts(changed.map(\.0.account)), .int8s(changed.map(\.0.start)), .int8s(changed.map(\.1.used)),
                    .int8s(changed.map(\.1.writtenOff)), .int8s(changed.map(\.1.leased))))
        }
        return queries
    }

    /// What rows use up of slices. Slices that are forgotten are charged no more.
    static func charge(
        _ rows: ArraySlice<LedgerEntry>, _ connection: PostgresConnection, within limit: Duration
    ) throws(StoreFailure) -> [PostgresQuery] {
        var sums: [Int64: Int64] = [:]
        for row in rows {
            for charge in row.charges where charge.amount > 0 { sums[charge.lease] = (sums[charge.lease] ?? 0).saturatingAdd(charge.amount) }
        }
        guard !sums.isEmpty else { return [] }
        var leases = try FirstLeases(Choice(leases: sums.keys.sorted()), connection, within: limit)
        for (lease, amount) in sums { leases.change(lease) { $0.charge(amount, &$1) } }
        return leases.writing
    }
}
