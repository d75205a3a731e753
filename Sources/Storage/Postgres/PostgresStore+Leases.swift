import Routing

extension PostgresStore {
    public func join(gateway identity: String, called name: String) throws(StoreFailure) -> GatewayLife {
        let register = PostgresQuery(
            """
            INSERT INTO gateways(identity, name, heard, alive, life, last_call) VALUES($1, $2, clock_timestamp(), true, 1, $3)
            ON CONFLICT (identity) DO UPDATE SET name = excluded.name, heard = excluded.heard, alive = true,
                life = gateways.life + 1, call = 0, last_call = excluded.last_call RETURNING number, life
            """, .text(identity), .text(name), .int8(.max))
        let flush = PostgresQuery("UPDATE gateways SET settings_version = settings_version WHERE identity = $1", .text(identity))
        return try leases.transaction(within: writeLimit, opening: [register], flushing: flush) { connection, results throws(StoreFailure) in
            let number = results[0].int(0, 0)
            // Requests that ended with the process before: nobody will conclude them.
            let free = PostgresQuery("DELETE FROM idempotency WHERE gateway = $1 AND status IS NULL", .int8(number))
            let life = GatewayLife(number: GatewayNumber(rawValue: number), life: results[0].int(0, 1))
            joined.withLock { $0 = life }
            var book = try PostgresLeases(.init(gateways: [number]), connection, within: writeLimit)
            for (lease, held) in book.slices where held.gateway == number { book.change(lease) { $0.abandon(&$1) } }
            return (book.writing + [free], life)
        }
    }

    public func leave(_ gateway: GatewayLife) throws(StoreFailure) {
        let number = gateway.number.rawValue
        let end = PostgresQuery(
            "UPDATE gateways SET alive = false WHERE number = $1 AND life = $2 RETURNING number", .int8(number), .int8(gateway.life))
        try leases.transaction(within: writeLimit, opening: [end], flushing: Self.flush(number)) { connection, results throws(StoreFailure) in
            guard results[0].count == 1 else { return ([], ()) }
            var book = try PostgresLeases(.init(gateways: [number]), connection, within: writeLimit)
            for (lease, held) in book.slices where held.gateway == number { book.change(lease) { $0.close(&$1) } }
            return (book.writing, ())
        }
    }

    public func lease(_ call: LeaseCall, for gateway: GatewayLife, expiry: Duration) throws(StoreFailure) -> LeaseReply {
        let number = gateway.number.rawValue
        let opening = [
            // Holds up calls of earlier lives, whose transactions may still run, and the next join.
            PostgresQuery(
                """
                UPDATE gateways SET heard = clock_timestamp(), alive = true, call = greatest(call, $2)
                WHERE number = $1 AND life = $3 AND ($2 = 0 OR call < $2) RETURNING number
                """, .int8(number), .int8(call.number), .int8(gateway.life)),
            // One that another gateway is just declaring lost need not be declared lost twice.
            PostgresQuery(
                """
                UPDATE gateways SET alive = false WHERE number IN (
                    SELECT number FROM gateways WHERE alive AND number <> $1 AND heard <= clock_timestamp() - $2 * interval '1 millisecond'
                    ORDER BY number FOR UPDATE SKIP LOCKED
                ) RETURNING number
                """, .int8(number), .int8(expiry.wholeMilliseconds)),
            PostgresQuery("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint, (SELECT count(*) FROM gateways WHERE alive)"),
            PostgresQuery("SELECT id FROM leases WHERE gateway = $1 AND state = 1", .int8(number)),
            PostgresQuery(
                """
                SELECT l.id FROM lease_windows w JOIN leases l ON l.account = w.account AND l.start_ms = w.start_ms
                WHERE w.sought_ms > 0 AND w.sought_ms > (extract(epoch FROM statement_timestamp()) * 1000)::bigint - $2
                    AND w.sought_by <> $1 AND l.gateway = $1 AND l.state = 0 ORDER BY l.id
                """, .int8(number), .int8(LeaseKeeping.soughtMilliseconds)),
        ]
        let windows = try make(call.wishes)
        return try leases.transaction(within: writeLimit, opening: opening, flushing: Self.flush(number)) {
            connection, results throws(StoreFailure) in
            guard results[0].count == 1 else { throw StoreFailure.notJoined(gateway, call, path: address.shown) }
            var reply = LeaseReply()
            reply.storeUnixMilliseconds = results[2].int(0, 0)
            reply.gateways = Int(results[2].int(0, 1))
            let lost = (0..<results[1].count).map { results[1].int($0, 0) }
            let lately = (0..<results[3].count).map { results[3].int($0, 0) }
            reply.lost = lately.sorted()
            reply.sought = (0..<results[4].count).map { results[4].int($0, 0) }
            let named = call.returns.map(\.lease) + call.held.map(\.lease)
            var closing: [PostgresQuery] = []
            if !named.isEmpty || !lost.isEmpty || !windows.isEmpty {
                let choice = PostgresLeases.Choice(leases: named + lately, gateways: lost, windows: windows)
                var book = try PostgresLeases(choice, connection, within: writeLimit)
                try answer(call, number, lost: lost, connection, &book, &reply)
                closing = book.writing + Self.seeking(call.wishes, reply, number)
            }
            return (closing + forgetting(at: reply.storeUnixMilliseconds), reply)
        }
    }

    /// Something that only this gateway writes.
    private static func flush(_ gateway: Int64) -> PostgresQuery {
        PostgresQuery("UPDATE gateways SET settings_version = settings_version WHERE number = $1", .int8(gateway))
    }

    private func answer(
        _ call: LeaseCall, _ gateway: Int64, lost: [Int64], _ connection: PostgresConnection, _ book: inout PostgresLeases, _ reply: inout LeaseReply
    ) throws(StoreFailure) {
        for back in call.returns { book.change(back.lease, of: gateway) { $0.giveBack(back.amount, isLast: back.isLast, &$1) } }
        for holding in call.held { book.change(holding.lease, of: gateway) { slice, _ in slice.held = max(0, holding.amount) } }
        for (lease, held) in book.slices where lost.contains(held.gateway) { book.change(lease) { $0.expire(&$1) } }
        reply.grants = try grant(call.wishes, gateway, connection, &book)
        reply.lost = book.slices.filter { $0.value.gateway == gateway && $0.value.slice.state == .writtenOff }.keys.sorted()
    }

    /// Windows of which more was wanted than there was: other gateways are told with their next call.
    private static func seeking(_ wishes: [LeaseWish], _ reply: LeaseReply, _ gateway: Int64) -> [PostgresQuery] {
        let short = zip(wishes, reply.grants).filter { $1.amount < $0.amount }.map { wish, _ in
            PostgresLeases.Window(account: wish.account, start: wish.windowStart)
        }
        guard !short.isEmpty else { return [] }
        return [
            PostgresQuery(
                """
                UPDATE lease_windows w SET sought_ms = $3, sought_by = $4 FROM unnest($1::text[], $2::bigint[]) AS n(account, start_ms)
                WHERE w.account = n.account AND w.start_ms = n.start_ms
                """, .texts(short.map(\.account)), .int8s(short.map(\.start)), .int8(reply.storeUnixMilliseconds), .int8(gateway))
        ]
    }

    /// Makes the windows that nobody has asked for yet.
    private func make(_ wishes: [LeaseWish]) throws(StoreFailure) -> [PostgresLeases.Window] {
        var ends: [PostgresLeases.Window: (end: Int64, kind: LeaseKind)] = [:]
        for wish in wishes {
            let window = PostgresLeases.Window(account: wish.account, start: wish.windowStart)
            ends[window] = (max(wish.windowEnd, ends[window]?.end ?? .min), wish.kind)
        }
        let missing = windows.withLock { known in ends.filter { window, wanted in known[window].map { $0 < wanted.end } ?? true } }
        guard !missing.isEmpty else { return Array(ends.keys) }
        let wanted = missing.map { ($0.key, $0.value) }
        let make = PostgresQuery(
            """
            INSERT INTO lease_windows(account, start_ms, end_ms, kind)
            SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::integer[]) AS n(account, start_ms, end_ms, kind)
            ORDER BY account, start_ms
            ON CONFLICT (account, start_ms) DO UPDATE SET end_ms = excluded.end_ms WHERE lease_windows.end_ms < excluded.end_ms
            """, .texts(wanted.map(\.0.account)), .int8s(wanted.map(\.0.start)), .int8s(wanted.map(\.1.end)),
            .int4s(wanted.map { Int32($0.1.kind.rawValue) }))
        // Committed at once, in the order in which all lock windows. The lease call that follows makes it durable.
        try leases.transaction(within: writeLimit, opening: [.unflushed, make]) { _, _ throws(StoreFailure) in ([], ()) }
        windows.withLock { known in
            if known.count + wanted.count > Self.mostKnown { known.removeAll() }
            for (window, made) in wanted { known[window] = made.end }
        }
        return Array(ends.keys)
    }

    private static let mostKnown = 20_000

    private func grant(
        _ wishes: [LeaseWish], _ gateway: Int64, _ connection: PostgresConnection, _ book: inout PostgresLeases
    ) throws(StoreFailure) -> [LeaseGrant] {
        var open: [PostgresLeases.Window: Int64] = [:]
        for (lease, held) in book.slices where held.gateway == gateway && held.slice.state == .open { open[held.window] = lease }
        var missing: [PostgresLeases.Window: LeaseKind] = [:]
        for wish in wishes {
            let window = PostgresLeases.Window(account: wish.account, start: wish.windowStart)
            guard book.windows[window] != nil else {
                windows.withLock { $0.removeAll() }
                throw StoreFailure(.locked, path: address.shown, "the window of \(wish.account) has just been forgotten: ask again")
            }
            if open[window] == nil { missing[window] = wish.kind }
        }
        if !missing.isEmpty {
            // One that this very call gave back makes room for the next before that is there.
            let ended = book.slices.filter { $0.value.gateway == gateway && $0.value.slice.state != .open && missing[$0.value.window] != nil }
            let end = PostgresQuery("UPDATE leases SET state = 2 WHERE id = ANY($1) AND state = 0", .int8s(ended.keys))
            let made = try connection.run([end, Self.opening(missing.map { ($0.key, $0.value) }, gateway)], within: writeLimit)[1]
            for row in 0..<made.count {
                let window = PostgresLeases.Window(account: made.text(row, 0), start: made.int(row, 1))
                open[window] = made.int(row, 2)
                book.add(made.int(row, 2), missing[window] ?? .budget, window, gateway)
            }
        }
        return wishes.map { wish in
            let window = PostgresLeases.Window(account: wish.account, start: wish.windowStart)
            let lease = open[window] ?? 0
            book.change(lease) { $0.lower(to: max(0, wish.granted), &$1) }
            let amount = book.windows[window]?.grant(wish.amount, under: wish.limit) ?? 0
            book.change(lease) { $0.grow(by: amount, &$1) }
            let sums = book.windows[window] ?? LeaseWindow()
            return LeaseGrant(lease: lease, amount: amount, used: sums.used.saturatingAdd(sums.writtenOff), leased: sums.leased)
        }
    }

    private static func opening(_ missing: [(PostgresLeases.Window, LeaseKind)], _ gateway: Int64) -> PostgresQuery {
        PostgresQuery(
            """
            INSERT INTO leases(account, start_ms, kind, held, gateway)
            SELECT *, $5 FROM unnest($1::text[], $2::bigint[], $3::integer[], $4::bigint[]) RETURNING account, start_ms, id
            """, .texts(missing.map(\.0.account)), .int8s(missing.map(\.0.start)), .int4s(missing.map { Int32($0.1.rawValue) }),
            .int8s(missing.map { LeaseSlice($0.1).held }), .int8(gateway))
    }

    /// Once a minute, windows that are long over; what others are about to change is left for the next time.
    private func forgetting(at now: Int64) -> [PostgresQuery] {
        let isDue = lastForgot.withLock { last in
            guard now - last >= 60_000 || now < last else { return false }
            last = now
            return true
        }
        guard isDue else { return [] }
        return [
            PostgresQuery(
                """
                WITH gone AS (
                    DELETE FROM lease_windows w USING (
                        SELECT account, start_ms FROM lease_windows WHERE end_ms < $1 AND (kind <> 0 OR end_ms < $2)
                        ORDER BY end_ms LIMIT $3 FOR UPDATE SKIP LOCKED
                    ) g WHERE w.account = g.account AND w.start_ms = g.start_ms RETURNING w.account, w.start_ms
                ),
                alerts AS (DELETE FROM alerts a USING gone g WHERE a.account = g.account AND a.start_ms = g.start_ms),
                slices AS (DELETE FROM leases l USING gone g WHERE l.account = g.account AND l.start_ms = g.start_ms RETURNING l.id)
                DELETE FROM lease_charges c USING slices s WHERE c.lease = s.id
                """, .int8(now - LeaseKeeping.rateMilliseconds), .int8(now - LeaseKeeping.budgetMilliseconds),
                .int8(Int64(LeaseKeeping.mostAtOnce))),
            PostgresQuery(
                """
                DELETE FROM idempotency WHERE (key, text) IN (
                    SELECT key, text FROM idempotency WHERE expires_ms < $1 ORDER BY expires_ms LIMIT 1000 FOR UPDATE SKIP LOCKED
                )
                """, .int8(now)),
        ]
    }

    public func correct(afterSilenceOf silence: Duration) throws(StoreFailure) -> Int {
        let silent = PostgresQuery(
            """
            SELECT number FROM gateways WHERE NOT alive AND heard <= clock_timestamp() - $1 * interval '1 millisecond' ORDER BY number FOR UPDATE
            """, .int8(silence.wholeMilliseconds))
        return try leases.transaction(within: writeLimit, opening: [silent]) { connection, results throws(StoreFailure) in
            let gateways = (0..<results[0].count).map { results[0].int($0, 0) }
            guard !gateways.isEmpty else { return ([], 0) }
            var book = try PostgresLeases(.init(gateways: gateways), connection, within: writeLimit)
            var corrected = 0
            for (lease, held) in book.slices where gateways.contains(held.gateway) { book.change(lease) { corrected += $0.correct(&$1) ? 1 : 0 } }
            return (book.writing, corrected)
        }
    }

    public func claimAlert(_ account: String, windowStart: Int64, threshold: Int) throws(StoreFailure) -> Bool {
        try ask(
            "INSERT INTO alerts(account, start_ms, threshold) VALUES($1, $2, $3) ON CONFLICT DO NOTHING", .text(account), .int8(windowStart),
            .int8(Int64(threshold))
        ).affected == 1
    }

    public func balances(_ accounts: [(account: String, windowStart: Int64)]) throws(StoreFailure) -> [AccountBalance] {
        let result = try ask(
            """
            SELECT w.account, w.start_ms, least(w.used + coalesce(f.fresh, 0), \(Int64.max))::bigint,
                greatest(w.written_off - coalesce(f.off, 0), 0)::bigint, greatest(w.leased - coalesce(f.out, 0), 0)::bigint
            FROM unnest($1::text[], $2::bigint[]) WITH ORDINALITY AS n(account, start_ms, place)
            JOIN lease_windows w ON w.account = n.account AND w.start_ms = n.start_ms
            CROSS JOIN LATERAL (
                SELECT sum(c.used - l.folded) AS fresh,
                    sum(least(c.used - l.folded, greatest(l.granted - l.used, 0))) FILTER (WHERE l.state = 1) AS off,
                    sum(least(c.used - l.folded, greatest(l.granted - l.used, 0))) FILTER (WHERE l.state = 0) AS out
                FROM leases l JOIN lease_charges c ON c.lease = l.id WHERE l.account = w.account AND l.start_ms = w.start_ms AND c.used > l.folded
            ) AS f ORDER BY n.place
            """, .texts(accounts.map(\.account)), .int8s(accounts.map(\.windowStart)))
        return (0..<result.count).map { row in
            let sums = LeaseWindow(used: result.int(row, 2), writtenOff: result.int(row, 3), leased: result.int(row, 4))
            return AccountBalance(result.text(row, 0), result.int(row, 1), sums)
        }
    }

    public func gateways() throws(StoreFailure) -> [GatewayRecord] {
        let result = try ask(
            """
            SELECT number, name, settings_version, (extract(epoch FROM heard) * 1000)::bigint, alive FROM gateways ORDER BY heard DESC, number DESC
            """)
        return (0..<result.count).map { row in
            GatewayRecord(
                number: GatewayNumber(rawValue: result.int(row, 0)), name: result.text(row, 1), settingsVersion: result.int(row, 2),
                lastHeardUnixMilliseconds: result.int(row, 3), isAlive: result.int(row, 4) != 0)
        }
    }

    public func note(settingsVersion: Int64, of gateway: GatewayNumber) throws(StoreFailure) {
        _ = try ask("UPDATE gateways SET settings_version = $1 WHERE number = $2", .int8(settingsVersion), .int8(gateway.rawValue))
    }
}
