import Routing

@testable import Storage

/// A gateway of schema version 1: the statements that its binaries run, as they were. It knows nothing of later versions.
final class FirstPostgres: Sendable {
    let address: PostgresAddress
    private let journal: PostgresLane
    private let leases: PostgresLane
    private let writeLimit = Duration.seconds(5)
    static let steps = Array(PostgresSchema.steps.prefix(1))

    /// Starts as those binaries do.
    init(_ address: PostgresAddress) throws {
        self.address = address
        journal = PostgresLane(address, PostgresLimits(), connections: 1, greeting: "SET lock_timeout = 4000")
        leases = PostgresLane(address, PostgresLimits(), connections: 1, greeting: "SET lock_timeout = 4000")
        try PostgresMigration.migrate(leases, address: address, steps: Self.steps)
    }

    private static let columns = """
        id, drift_ms, duration_us, first_byte_us, key, model, route, deployment, policy, rule, project, customer, provider, decision_names, \
        api, status, attempts, state, fault, flags, input, cached_input, cache_write, cache_write_hour, output, reasoning, audio_input, \
        audio_output, image_input, image_output, cost, baseline, received_bytes, sent_bytes, tags, attempt_log, decision
        """
    private static let insert = """
        INSERT INTO requests(\(columns)) SELECT * FROM unnest(\((1...37).map { "$\($0)" }.joined(separator: ", "))) \
        ON CONFLICT DO NOTHING RETURNING id
        """

    private static let counts = PostgresSums.firstCounts
    private static let upsert = """
        INSERT INTO usage(\((PostgresSums.keys + counts).joined(separator: ", ")))
        SELECT * FROM unnest(\((1...PostgresSums.keys.count + counts.count).map { "$\($0)" }.joined(separator: ", ")))
        ON CONFLICT (\(PostgresSums.keys.joined(separator: ", "))) DO UPDATE SET
        \(counts.map { "\($0) = usage.\($0) + excluded.\($0)" }.joined(separator: ", "))
        """

    private static func adding(_ sums: UsageBatch) -> [PostgresQuery] {
        PostgresSums.adding(sums).map { PostgresQuery(upsert, parameters: Array($0.parameters.prefix(PostgresSums.keys.count + counts.count))) }
    }

    /// Returns how many were new.
    func append(_ rows: ArraySlice<LedgerEntry>) throws(StoreFailure) -> Int {
        let insert = PostgresQuery(Self.insert, parameters: Array(PostgresRow.query(rows).parameters.prefix(37)))
        return try journal.transaction(within: writeLimit, opening: PostgresSums.reading + [insert]) { connection, results throws(StoreFailure) in
            let ids = Set((0..<results[2].count).map { results[2].int($0, 0) })
            let added = rows.filter { ids.contains($0.id.rawValue) }[...]
            var sums = UsageBatch()
            for row in added { sums.add(row) }
            sums.fold(before: results[1].int(0, 0))
            return (try FirstLeases.charge(added, connection, within: writeLimit) + Self.adding(sums), added.count)
        }
    }

    func join(gateway identity: String, called name: String) throws(StoreFailure) -> GatewayNumber {
        let register = PostgresQuery(
            """
            INSERT INTO gateways(identity, name, heard, alive) VALUES($1, $2, clock_timestamp(), true)
            ON CONFLICT (identity) DO UPDATE SET name = excluded.name, heard = excluded.heard, alive = true,
                last_call = 0 RETURNING number
            """, .text(identity), .text(name))
        return try leases.transaction(within: writeLimit, opening: [register]) { connection, results throws(StoreFailure) in
            let number = results[0].int(0, 0)
            // Requests that ended with the process before: nobody will conclude them.
            let free = PostgresQuery("DELETE FROM idempotency WHERE gateway = $1 AND status IS NULL", .int8(number))
            return (try close(of: number, connection) + [free], GatewayNumber(rawValue: number))
        }
    }

    private func close(of gateway: Int64, _ connection: PostgresConnection) throws(StoreFailure) -> [PostgresQuery] {
        var book = try FirstLeases(.init(gateways: [gateway]), connection, within: writeLimit)
        for lease in book.slices.keys { book.change(lease) { $0.close(&$1) } }
        return book.writing
    }

    func lease(_ call: LeaseCall, for gateway: GatewayNumber, expiry: Duration) throws(StoreFailure) -> LeaseReply {
        let number = gateway.rawValue
        let opening = [
            PostgresQuery(
                """
                UPDATE gateways SET heard = clock_timestamp(), alive = true, last_call = greatest(last_call, $2)
                WHERE number = $1 AND ($2 = 0 OR last_call < $2) RETURNING number
                """, .int8(number), .int8(call.number)),
            // One that another gateway is just declaring lost need not be declared lost twice.
            PostgresQuery(
                """
                UPDATE gateways SET alive = false WHERE number IN (
                    SELECT number FROM gateways WHERE alive AND number <> $1 AND heard <= clock_timestamp() - $2 * interval '1 millisecond'
                    ORDER BY number FOR UPDATE SKIP LOCKED
                ) RETURNING number
                """, .int8(number), .int8(expiry.wholeMilliseconds)),
            PostgresQuery("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint, (SELECT count(*) FROM gateways WHERE alive)"),
        ]
        return try leases.transaction(within: writeLimit, opening: opening) { connection, results throws(StoreFailure) in
            guard results[0].count == 1 else { throw StoreFailure(.conflict, path: address.shown, "not joined") }
            let lost = (0..<results[1].count).map { results[1].int($0, 0) }
            var reply = LeaseReply()
            reply.storeUnixMilliseconds = results[2].int(0, 0)
            reply.gateways = Int(results[2].int(0, 1))
            let closing = try answer(call, number, lost: lost, connection, &reply)
            return (closing, reply)
        }
    }

    private func answer(
        _ call: LeaseCall, _ gateway: Int64, lost: [Int64], _ connection: PostgresConnection, _ reply: inout LeaseReply
    ) throws(StoreFailure) -> [PostgresQuery] {
        let windows = try wanted(call.wishes, connection)
        let written = try connection.run(PostgresQuery("SELECT id FROM leases WHERE gateway = $1 AND state = 1", .int8(gateway)), within: writeLimit)
        let lately = (0..<written.count).map { written.int($0, 0) }
        let named = call.returns.map(\.lease) + call.held.map(\.lease)
        if named.isEmpty, lost.isEmpty, windows.isEmpty {
            reply.lost = lately.sorted()
            return []
        }
        var book = try FirstLeases(
            .init(leases: named + lately, gateways: lost, windows: windows, gateway: gateway), connection, within: writeLimit)
        for back in call.returns { book.change(back.lease, of: gateway) { $0.giveBack(back.amount, isLast: back.isLast, &$1) } }
        for holding in call.held { book.change(holding.lease, of: gateway) { slice, _ in slice.held = max(0, holding.amount) } }
        for (lease, held) in book.slices where lost.contains(held.gateway) { book.change(lease) { $0.expire(&$1) } }
        reply.grants = try grant(call.wishes, gateway, connection, &book)
        reply.lost = book.slices.filter { $0.value.gateway == gateway && $0.value.slice.state == .writtenOff }.keys.sorted()
        return book.writing
    }

    /// Makes the windows that nobody has asked for yet.
    private func wanted(_ wishes: [LeaseWish], _ connection: PostgresConnection) throws(StoreFailure) -> [FirstLeases.Window] {
        guard !wishes.isEmpty else { return [] }
        var ends: [FirstLeases.Window: (end: Int64, kind: LeaseKind)] = [:]
        for wish in wishes {
            let window = FirstLeases.Window(account: wish.account, start: wish.windowStart)
            ends[window] = (max(wish.windowEnd, ends[window]?.end ?? .min), wish.kind)
        }
        let sorted = ends.sorted { ($0.key.account, $0.key.start) < ($1.key.account, $1.key.start) }
        _ = try connection.run(
            PostgresQuery(
                """
                INSERT INTO lease_windows(account, start_ms, end_ms, kind) SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::integer[])
                ON CONFLICT (account, start_ms) DO UPDATE SET end_ms = excluded.end_ms WHERE lease_windows.end_ms < excluded.end_ms
                """, .texts(sorted.map(\.key.account)), .int8s(sorted.map(\.key.start)), .int8s(sorted.map(\.value.end)),
                .int4s(sorted.map { Int32($0.value.kind.rawValue) })), within: writeLimit)
        return sorted.map(\.key)
    }

    private func grant(
        _ wishes: [LeaseWish], _ gateway: Int64, _ connection: PostgresConnection, _ book: inout FirstLeases
    ) throws(StoreFailure) -> [LeaseGrant] {
        var open: [FirstLeases.Window: Int64] = [:]
        for (lease, held) in book.slices where held.gateway == gateway && held.slice.state == .open { open[held.window] = lease }
        var missing: [FirstLeases.Window: LeaseKind] = [:]
        for wish in wishes {
            let window = FirstLeases.Window(account: wish.account, start: wish.windowStart)
            if open[window] == nil { missing[window] = wish.kind }
        }
        if !missing.isEmpty {
            let sorted = missing.sorted { ($0.key.account, $0.key.start) < ($1.key.account, $1.key.start) }
            let made = try connection.run(
                PostgresQuery(
                    """
                    INSERT INTO leases(account, start_ms, kind, held, gateway)
                    SELECT *, $5 FROM unnest($1::text[], $2::bigint[], $3::integer[], $4::bigint[]) RETURNING account, start_ms, id
                    """, .texts(sorted.map(\.key.account)), .int8s(sorted.map(\.key.start)), .int4s(sorted.map { Int32($0.value.rawValue) }),
                    .int8s(sorted.map { LeaseSlice($0.value).held }), .int8(gateway)), within: writeLimit)
            for row in 0..<made.count {
                let window = FirstLeases.Window(account: made.text(row, 0), start: made.int(row, 1))
                open[window] = made.int(row, 2)
                book.add(made.int(row, 2), missing[window] ?? .budget, window, gateway)
            }
        }
        return wishes.map { wish in
            let window = FirstLeases.Window(account: wish.account, start: wish.windowStart)
            let lease = open[window] ?? 0
            book.change(lease) { $0.lower(to: max(0, wish.granted), &$1) }
            let amount = book.windows[window]?.grant(wish.amount, under: wish.limit) ?? 0
            book.change(lease) { $0.grow(by: amount, &$1) }
            let sums = book.windows[window] ?? LeaseWindow()
            return LeaseGrant(lease: lease, amount: amount, used: sums.used.saturatingAdd(sums.writtenOff), leased: sums.leased)
        }
    }

    func correct(afterSilenceOf silence: Duration) throws(StoreFailure) -> Int {
        let silent = PostgresQuery(
            """
            SELECT number FROM gateways WHERE NOT alive AND heard <= clock_timestamp() - $1 * interval '1 millisecond' ORDER BY number FOR UPDATE
            """, .int8(silence.wholeMilliseconds))
        return try leases.transaction(within: writeLimit, opening: [silent]) { connection, results throws(StoreFailure) in
            let gateways = (0..<results[0].count).map { results[0].int($0, 0) }
            guard !gateways.isEmpty else { return ([], 0) }
            var book = try FirstLeases(.init(gateways: gateways), connection, within: writeLimit)
            var corrected = 0
            for lease in book.slices.keys { book.change(lease) { corrected += $0.correct(&$1) ? 1 : 0 } }
            return (book.writing, corrected)
        }
    }
}
