import GRDB
import Routing

/// What a process that was killed had used of minutes that are not over: it said so a moment before, and rows say the rest.
enum RateRecovery {
    /// Before the slices are closed. Reads the rows of a minute, for each account that counted in it.
    static func count(at now: Int64, _ database: Database) throws {
        let open = try Row.fetchAll(
            database,
            sql: """
                SELECT leases.id, leases.held, lease_windows.account, lease_windows.start_ms FROM leases
                JOIN lease_windows ON lease_windows.id = leases.window
                WHERE leases.state = 0 AND leases.kind = ? AND lease_windows.end_ms > ?
                """, arguments: [LeaseKind.rate.rawValue, now])
        for slice in open {
            guard let used = try used(account: slice[2], since: slice[3], database), used > slice[1] else { continue }
            try database.execute(sql: "UPDATE leases SET held = ? WHERE id = ?", arguments: [used, slice[0] as Int64])
        }
    }

    /// Nil for an account that rows do not tell.
    private static func used(account: String, since start: Int64, _ database: Database) throws -> Int64? {
        // Of `Account.name`: the owner may have slashes of its own.
        let parts = account.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count >= 4 else { return nil }
        let owner = parts[1..<parts.count - 2].joined(separator: "/")
        let sum: String
        switch parts[parts.count - 2] {
        case "requests": sum = "count(*)"
        case "tokens":
            sum = """
                sum(input + cached_input + cache_write + coalesce(cache_write_hour, 0) + audio_input + coalesce(image_input, 0)
                    + output + reasoning + audio_output + coalesce(image_output, 0))
                """
        default: return nil
        }
        let column: String
        let kind: NameKind
        switch parts[0] {
        case "gateway", "organisation":
            return try Int64.fetchOne(
                database, sql: "SELECT \(sum) FROM requests WHERE id >= ? AND attempts > 0",
                arguments: [RequestID.first(atUnixMilliseconds: start).rawValue])
        case "key": (column, kind) = ("key", .key)
        case "project": (column, kind) = ("project", .project)
        case "customer": (column, kind) = ("customer", .customer)
        case "provider": (column, kind) = ("provider", .provider)
        case "deployment": (column, kind) = ("deployment", .deployment)
        default: return nil
        }
        return try Int64.fetchOne(
            database,
            sql: """
                SELECT \(sum) FROM requests WHERE id >= ? AND attempts > 0
                    AND \(column) = (SELECT id FROM names WHERE kind = ? AND name = ?)
                """, arguments: [RequestID.first(atUnixMilliseconds: start).rawValue, kind.rawValue, owner])
    }
}
