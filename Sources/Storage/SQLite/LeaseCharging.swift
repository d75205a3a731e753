import GRDB
import GRDBSQLite
import Routing

extension SQLiteLeases {
    private static let charge = "UPDATE leases SET used = ? WHERE id = ?"
    private static let sum = """
        UPDATE lease_windows SET used = min(used, \(Int64.max) - ?1) + ?1, leased = max(0, leased - ?2),
            written_off = max(0, written_off - ?3) WHERE id = ?4
        """

    /// Three statements a slice, inside the transaction of the rows. Slices that are forgotten are charged no more.
    static func add(_ sums: ChargeSums, _ database: Database, _ step: (OpaquePointer) throws -> Void) throws {
        guard !sums.isEmpty else { return }
        let find = try database.cachedStatement(sql: find).sqliteStatement
        let charge = try database.cachedStatement(sql: charge).sqliteStatement
        let sum = try database.cachedStatement(sql: sum).sqliteStatement
        for added in sums.charges {
            guard let (window, before) = slice(added.lease, find) else { continue }
            var slice = before
            var unused = LeaseWindow()
            slice.charge(added.amount, &unused)
            sqlite3_bind_int64(charge, 1, slice.used)
            sqlite3_bind_int64(charge, 2, added.lease)
            try step(charge)
            let eaten = before.rest - slice.rest
            sqlite3_bind_int64(sum, 1, slice.used - before.used)
            sqlite3_bind_int64(sum, 2, slice.state == .open ? eaten : 0)
            sqlite3_bind_int64(sum, 3, slice.state == .writtenOff ? eaten : 0)
            sqlite3_bind_int64(sum, 4, window)
            try step(sum)
        }
    }
}

/// Slices and windows as rows.
enum SQLiteLeases {
    static let find = "SELECT window, kind, state, granted, used, held FROM leases WHERE id = ?"

    static func slice(_ lease: Int64, _ find: OpaquePointer) -> (window: Int64, LeaseSlice)? {
        sqlite3_bind_int64(find, 1, lease)
        defer { sqlite3_reset(find) }
        guard sqlite3_step(find) == SQLITE_ROW else { return nil }
        func number(_ column: Int32) -> Int64 { sqlite3_column_int64(find, column) }
        var slice = LeaseSlice(LeaseKind(rawValue: UInt8(truncatingIfNeeded: number(1))) ?? .budget)
        slice.state = LeaseSlice.State(rawValue: UInt8(truncatingIfNeeded: number(2))) ?? .closed
        slice.granted = number(3)
        slice.used = number(4)
        slice.held = number(5)
        return (number(0), slice)
    }

    static func window(_ id: Int64, _ database: Database) throws -> LeaseWindow {
        let statement = try database.cachedStatement(sql: "SELECT used, written_off, leased FROM lease_windows WHERE id = ?")
        guard let row = try Row.fetchOne(statement, arguments: [id]) else { return LeaseWindow() }
        return LeaseWindow(used: row[0], writtenOff: row[1], leased: row[2])
    }

    static func write(_ lease: Int64, _ slice: LeaseSlice, _ window: Int64, _ sums: LeaseWindow, _ database: Database) throws {
        try database.cachedStatement(sql: "UPDATE leases SET state = ?, granted = ?, used = ?, held = ? WHERE id = ?")
            .execute(arguments: [slice.state.rawValue, slice.granted, slice.used, slice.held, lease])
        try database.cachedStatement(sql: "UPDATE lease_windows SET used = ?, written_off = ?, leased = ? WHERE id = ?")
            .execute(arguments: [sums.used, sums.writtenOff, sums.leased, window])
    }

    /// Nothing where the slice is unknown, forgotten, or another gateway's.
    static func change(
        _ lease: Int64, of gateway: GatewayNumber?, _ database: Database, _ body: (inout LeaseSlice, inout LeaseWindow) -> Void
    ) throws {
        if let gateway {
            let owner = try Int64.fetchOne(database.cachedStatement(sql: "SELECT gateway FROM leases WHERE id = ?"), arguments: [lease])
            guard owner == gateway.rawValue else { return }
        }
        let find = try database.cachedStatement(sql: find).sqliteStatement
        guard let (window, before) = slice(lease, find) else { return }
        var slice = before
        var sums = try Self.window(window, database)
        body(&slice, &sums)
        if slice != before { try write(lease, slice, window, sums, database) }
    }
}
