import GRDB
import GRDBSQLite
import Routing

/// One gateway at a time has the file. Who joins takes the place of those before: their calls fail from then on.
extension SQLiteStore {
    public func join(gateway identity: String, called name: String) throws(StoreFailure) -> GatewayLife {
        let pool = try opened()
        return try attempt {
            try pool.write { database in
                try RateRecovery.count(at: self.clock(), database)
                try Self.closeAll(database)
                try Self.freeClaims(database)
                try database.execute(sql: "DELETE FROM gateways WHERE identity <> ?", arguments: [identity])
                try database.execute(
                    sql: """
                        INSERT INTO gateways(identity, name, settings_version, heard_ms, alive) VALUES(?1, ?2, 0, ?3, 1)
                        ON CONFLICT(identity) DO UPDATE SET name = ?2, heard_ms = ?3, alive = 1, last_call = 0
                        """, arguments: [identity, name, self.clock()])
                let number = try Int64.fetchOne(database, sql: "SELECT number FROM gateways WHERE identity = ?", arguments: [identity])
                try database.execute(
                    sql: "INSERT INTO counters VALUES('gateway_life', 1) ON CONFLICT(name) DO UPDATE SET value = value + 1")
                return GatewayLife(number: GatewayNumber(rawValue: number ?? 0), life: try Self.life(database))
            }
        }
    }

    /// Of the gateway that joined last: there is no other.
    private static func life(_ database: Database) throws -> Int64 {
        let life = try Int64.fetchOne(database.cachedStatement(sql: "SELECT value FROM counters WHERE name = 'gateway_life'"))
        return life ?? 0
    }

    public func leave(_ gateway: GatewayLife) throws(StoreFailure) {
        let pool = try opened()
        try attempt {
            try pool.write { database in
                guard try Self.life(database) == gateway.life else { return }
                try database.execute(sql: "UPDATE gateways SET alive = 0 WHERE number = ?", arguments: [gateway.number.rawValue])
                if database.changesCount > 0 { try Self.closeAll(database) }
            }
        }
    }

    private static func closeAll(_ database: Database) throws {
        for lease in try Int64.fetchAll(database, sql: "SELECT id FROM leases WHERE state <> 2") {
            try SQLiteLeases.change(lease, of: nil, database) { $0.close(&$1) }
        }
    }

    public func lease(_ call: LeaseCall, for life: GatewayLife, expiry: Duration) throws(StoreFailure) -> LeaseReply {
        let pool = try opened()
        let (gateway, now) = (life.number, clock())
        return try attempt {
            try pool.write { database in
                let known = try Row.fetchOne(
                    database, sql: "SELECT heard_ms, alive, last_call FROM gateways WHERE number = ?", arguments: [gateway.rawValue])
                guard let known, try Self.life(database) == life.life, call.number == 0 || call.number > known[2] else {
                    throw StoreFailure.notJoined(life, call, path: self.path)
                }
                let isIdle = call.wishes.isEmpty && call.returns.isEmpty && call.held.isEmpty && known[1] == 1
                if !isIdle || abs(now - (known[0] as Int64)) >= LeaseKeeping.silenceMilliseconds {
                    try database.execute(
                        sql: "UPDATE gateways SET heard_ms = ?, alive = 1, last_call = max(last_call, ?) WHERE number = ?",
                        arguments: [now, call.number, gateway.rawValue])
                    try Self.forget(at: now, database)
                }
                for back in call.returns {
                    try SQLiteLeases.change(back.lease, of: gateway, database) { $0.giveBack(back.amount, isLast: back.isLast, &$1) }
                }
                for holding in call.held {
                    try SQLiteLeases.change(holding.lease, of: gateway, database) { slice, _ in slice.held = max(0, holding.amount) }
                }
                var reply = LeaseReply()
                reply.grants.reserveCapacity(call.wishes.count)
                for wish in call.wishes { reply.grants.append(try Self.grant(wish, gateway, database)) }
                reply.storeUnixMilliseconds = now
                return reply
            }
        }
    }

    private static func grant(_ wish: LeaseWish, _ gateway: GatewayNumber, _ database: Database) throws -> LeaseGrant {
        let found = try Row.fetchOne(
            database.cachedStatement(sql: "SELECT id, used, written_off, leased, end_ms FROM lease_windows WHERE account = ? AND start_ms = ?"),
            arguments: [wish.account, wish.windowStart])
        var sums = found.map { LeaseWindow(used: $0[1], writtenOff: $0[2], leased: $0[3]) } ?? LeaseWindow()
        let window: Int64
        if let found {
            window = found[0]
            if (found[4] as Int64) < wish.windowEnd {
                try database.execute(sql: "UPDATE lease_windows SET end_ms = ? WHERE id = ?", arguments: [wish.windowEnd, window])
            }
        } else {
            try database.cachedStatement(
                sql: "INSERT INTO lease_windows(account, start_ms, end_ms, kind, used, written_off, leased) VALUES(?, ?, ?, ?, 0, 0, 0)"
            ).execute(arguments: [wish.account, wish.windowStart, wish.windowEnd, wish.kind.rawValue])
            window = database.lastInsertedRowID
        }
        let lease = try Self.open(window, wish.kind, gateway, database)
        var amount: Int64 = 0
        try SQLiteLeases.change(lease, of: nil, database) { slice, current in
            slice.lower(to: max(0, wish.granted), &current)
            amount = current.grant(wish.amount, under: wish.limit)
            slice.grow(by: amount, &current)
            sums = current
        }
        return LeaseGrant(lease: lease, amount: amount, used: sums.used.saturatingAdd(sums.writtenOff), leased: sums.leased)
    }

    /// The open slice of the window, a new one where there is none.
    private static func open(_ window: Int64, _ kind: LeaseKind, _ gateway: GatewayNumber, _ database: Database) throws -> Int64 {
        let open = try Int64.fetchOne(
            database.cachedStatement(sql: "SELECT id FROM leases WHERE window = ? AND state = 0 AND gateway = ?"),
            arguments: [window, gateway.rawValue])
        if let open { return open }
        try database.cachedStatement(sql: "INSERT INTO leases(window, gateway, kind, state, granted, used, held) VALUES(?, ?, ?, 0, 0, 0, ?)")
            .execute(arguments: [window, gateway.rawValue, kind.rawValue, LeaseSlice(kind).held])
        return database.lastInsertedRowID
    }

    private static func forget(at now: Int64, _ database: Database) throws {
        let gone = try Int64.fetchAll(
            database.cachedStatement(
                sql: "SELECT id FROM lease_windows WHERE end_ms < ?1 AND (kind <> 0 OR end_ms < ?2) ORDER BY end_ms LIMIT ?3"),
            arguments: [now - LeaseKeeping.rateMilliseconds, now - LeaseKeeping.budgetMilliseconds, LeaseKeeping.mostAtOnce])
        for window in gone {
            try database.execute(
                sql: "DELETE FROM alerts WHERE (account, start_ms) = (SELECT account, start_ms FROM lease_windows WHERE id = ?)",
                arguments: [window])
            try database.execute(sql: "DELETE FROM leases WHERE window = ?", arguments: [window])
            try database.execute(sql: "DELETE FROM lease_windows WHERE id = ?", arguments: [window])
        }
    }

    /// Nobody else's slices are here to be charged in full.
    public func correct(afterSilenceOf silence: Duration) throws(StoreFailure) -> Int {
        _ = try opened()
        return 0
    }

    public func claimAlert(_ account: String, windowStart: Int64, threshold: Int) throws(StoreFailure) -> Bool {
        let pool = try opened()
        return try attempt {
            try pool.write { database in
                try database.execute(
                    sql: "INSERT INTO alerts VALUES(?, ?, ?) ON CONFLICT DO NOTHING", arguments: [account, windowStart, threshold])
                return database.changesCount > 0
            }
        }
    }

    public func balances(_ accounts: [(account: String, windowStart: Int64)]) throws(StoreFailure) -> [AccountBalance] {
        try read { database in
            try accounts.compactMap { account, start in
                let row = try Row.fetchOne(
                    database.cachedStatement(sql: "SELECT used, written_off, leased FROM lease_windows WHERE account = ? AND start_ms = ?"),
                    arguments: [account, start])
                return row.map { AccountBalance(account, start, LeaseWindow(used: $0[0], writtenOff: $0[1], leased: $0[2])) }
            }
        }
    }

    public func gateways() throws(StoreFailure) -> [GatewayRecord] {
        try read { database in
            try Row.fetchAll(database, sql: "SELECT number, name, settings_version, heard_ms, alive FROM gateways ORDER BY heard_ms DESC").map {
                GatewayRecord(
                    number: GatewayNumber(rawValue: $0[0]), name: $0[1], settingsVersion: $0[2], lastHeardUnixMilliseconds: $0[3],
                    isAlive: $0[4])
            }
        }
    }

    public func note(settingsVersion: Int64, of gateway: GatewayNumber) throws(StoreFailure) {
        let pool = try opened()
        try attempt {
            try pool.write { database in
                try database.execute(
                    sql: "UPDATE gateways SET settings_version = ? WHERE number = ?", arguments: [settingsVersion, gateway.rawValue])
            }
        }
    }
}
