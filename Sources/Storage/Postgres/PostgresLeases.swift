import Routing

/// Windows and slices that a transaction works on: locked, read, changed by the arithmetic of all stores, written back.
///
/// What rows charge stands in `lease_charges`, one sum for each slice, and is counted in slices and windows by the next transaction that
/// locks these: `leases.folded` says how much of it was. A charge only makes used what was leased, so until then windows say the same of
/// what may still be granted. In this way rows and lease calls lock nothing in common, and neither waits for the other's disk.
///
/// The order in which lease calls lock: their gateway, windows by name, then slices, which need no lock of their own. Nobody waits in a
/// circle. Windows that are not there yet are made before, by a statement that locks nothing else.
struct PostgresLeases {
    struct Window: Hashable {
        var account: String
        var start: Int64
    }

    struct Held {
        var slice: LeaseSlice
        var window: Window
        var gateway: Int64
        /// Of what rows charged, what `slice` and its window have counted.
        var folded: Int64 = 0
    }

    private(set) var windows: [Window: LeaseWindow] = [:]
    private(set) var slices: [Int64: Held] = [:]
    private var before: (windows: [Window: LeaseWindow], slices: [Int64: LeaseSlice]) = ([:], [:])

    /// Whose windows are locked. Of these all slices are read that are not closed, and those that rows have charged since.
    struct Choice {
        var leases: [Int64] = []
        /// All of theirs that are not closed.
        var gateways: [Int64] = []
        var windows: [Window] = []
    }

    init(_ choice: Choice, _ connection: PostgresConnection, within limit: Duration) throws(StoreFailure) {
        let choice: [PostgresParameter] = [
            .int8s(choice.leases), .int8s(choice.gateways), .texts(choice.windows.map(\.account)), .int8s(choice.windows.map(\.start)),
        ]
        let results = try connection.run(
            [PostgresQuery(Self.lock, parameters: choice), PostgresQuery(Self.read, parameters: choice)], within: limit)
        for row in 0..<results[0].count {
            windows[Window(account: results[0].text(row, 0), start: results[0].int(row, 1))] = LeaseWindow(
                used: results[0].int(row, 2), writtenOff: results[0].int(row, 3), leased: results[0].int(row, 4))
        }
        before.windows = windows
        for row in 0..<results[1].count { take(results[1], row) }
    }

    private mutating func take(_ result: PostgresResult, _ row: Int) {
        let lease = result.int(row, 0)
        var slice = LeaseSlice(LeaseKind(rawValue: UInt8(truncatingIfNeeded: result.int(row, 4))) ?? .budget)
        slice.state = LeaseSlice.State(rawValue: UInt8(truncatingIfNeeded: result.int(row, 5))) ?? .closed
        slice.granted = result.int(row, 6)
        slice.used = result.int(row, 7)
        slice.held = result.int(row, 8)
        let window = Window(account: result.text(row, 1), start: result.int(row, 2))
        let (folded, charged) = (result.int(row, 9), result.int(row, 10))
        slices[lease] = Held(slice: slice, window: window, gateway: result.int(row, 3), folded: folded)
        before.slices[lease] = slice
        guard charged > folded, windows[window] != nil else { return }
        change(lease) { $0.charge(charged - folded, &$1) }
        slices[lease]?.folded = charged
    }

    private static let chosen = """
        SELECT account, start_ms FROM leases WHERE id = ANY($1)
        UNION SELECT account, start_ms FROM leases WHERE gateway = ANY($2) AND state <> 2
        UNION SELECT * FROM unnest($3::text[], $4::bigint[])
        """
    private static let lock = """
        SELECT account, start_ms, used, written_off, leased FROM lease_windows WHERE (account, start_ms) IN (\(chosen))
        ORDER BY account, start_ms FOR UPDATE
        """
    private static let read = """
        SELECT l.id, l.account, l.start_ms, l.gateway, l.kind, l.state, l.granted, l.used, l.held, l.folded, coalesce(c.used, 0)
        FROM leases l LEFT JOIN lease_charges c ON c.lease = l.id
        WHERE (l.account, l.start_ms) IN (\(chosen)) AND (l.state <> 2 OR l.id = ANY($1) OR c.used > l.folded)
        """

    /// Nothing where the slice is unknown, forgotten, or another gateway's than `gateway`.
    mutating func change(_ lease: Int64, of gateway: Int64? = nil, _ body: (inout LeaseSlice, inout LeaseWindow) -> Void) {
        guard var held = slices[lease], gateway == nil || held.gateway == gateway, var window = windows[held.window] else { return }
        body(&held.slice, &window)
        slices[lease] = held
        windows[held.window] = window
    }

    /// What was used of a window, by requests whose price was wrong. Nothing where there is none.
    mutating func correct(_ window: Window, by difference: Int64) {
        guard var sums = windows[window] else { return }
        sums.used = max(0, sums.used.saturatingAdd(difference))
        windows[window] = sums
    }

    /// A slice that has just been made.
    mutating func add(_ lease: Int64, _ kind: LeaseKind, _ window: Window, _ gateway: Int64) {
        slices[lease] = Held(slice: LeaseSlice(kind), window: window, gateway: gateway)
        before.slices[lease] = slices[lease]?.slice
    }

    /// What writes back what has changed.
    var writing: [PostgresQuery] {
        var queries: [PostgresQuery] = []
        let changedSlices = slices.filter { before.slices[$0.key] != $0.value.slice }.sorted { $0.key < $1.key }
        if !changedSlices.isEmpty {
            let leases = changedSlices.map { ($0.key, $0.value.slice, $0.value.folded) }
            queries.append(
                PostgresQuery(
                    """
                    UPDATE leases l SET state = n.state, granted = n.granted, used = n.used, held = n.held, folded = n.folded
                    FROM unnest($1::bigint[], $2::integer[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[])
                        AS n(id, state, granted, used, held, folded)
                    WHERE l.id = n.id
                    """, .int8s(leases.map(\.0)), .int4s(leases.map { Int32($0.1.state.rawValue) }), .int8s(leases.map(\.1.granted)),
                    .int8s(leases.map(\.1.used)), .int8s(leases.map(\.1.held)), .int8s(leases.map(\.2))))
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
    static func charging(_ rows: ArraySlice<LedgerEntry>) -> [PostgresQuery] {
        var sums: [Int64: Int64] = [:]
        for row in rows {
            for charge in row.charges where charge.amount > 0 { sums[charge.lease] = (sums[charge.lease] ?? 0).saturatingAdd(charge.amount) }
        }
        guard !sums.isEmpty else { return [] }
        return [PostgresQuery(charge, .int8s(sums.keys), .int8s(sums.values))]
    }

    /// In the order of their numbers: two lives of a gateway that write the same slices never wait in a circle.
    private static let charge = """
        INSERT INTO lease_charges AS c (lease, used)
        SELECT n.lease, n.amount FROM unnest($1::bigint[], $2::bigint[]) AS n(lease, amount)
        WHERE EXISTS (SELECT 1 FROM leases l WHERE l.id = n.lease) ORDER BY n.lease
        ON CONFLICT (lease) DO UPDATE SET used = CASE WHEN c.used > \(Int64.max) - excluded.used THEN \(Int64.max) ELSE c.used + excluded.used END
        """
}
