import GRDB
import GRDBSQLite
import Routing

extension SQLiteStore {
    public func rerate(_ reratings: [Rerating]) throws(StoreFailure) -> Int {
        var deltas = RerateDeltas(try names())
        let pool = try opened()
        return try attempt {
            try pool.write { database in
                let counted = try UsageRows.state(database)
                let update = try database.cachedStatement(sql: LedgerRow.rerate).sqliteStatement
                var changed = 0
                for rerating in reratings {
                    guard let row = try self.fetch(rerating.request, database), let rerated = row.rerated(rerating) else { continue }
                    // Old rows that are still to be counted will be as they are now.
                    let id = row.id.rawValue
                    deltas.add(row, rerated, isCounted: id >= counted.end || id < counted.next)
                    try LedgerRow.rerate(rerated, update) { try self.step(update, database) }
                    changed += 1
                }
                deltas.fold(before: counted.folded)
                try UsageRows.correct(deltas.usage, database) { try self.step($0, database) }
                for (window, difference) in deltas.windows {
                    try database.cachedStatement(sql: "UPDATE lease_windows SET used = max(0, used + ?) WHERE account = ? AND start_ms = ?")
                        .execute(arguments: [difference, window.account, window.start])
                }
                return changed
            }
        }
    }
}
