import CPostgres

/// What the server's and libpq's errors mean to an operator.
enum PostgresFailure {
    static func of(_ result: PostgresResult, _ address: PostgresAddress) -> StoreFailure {
        make(result.state, result.message, address)
    }

    /// A connection that did not come about. libpq gives no code then, only words.
    static func connecting(_ message: String, _ address: PostgresAddress) -> StoreFailure {
        let told = address.cover(message)
        if told.contains("password authentication failed") || told.contains("no password supplied") || told.contains("no pg_hba.conf entry") {
            return StoreFailure(.permission, path: address.shown, "the server refuses the user: check user, password and pg_hba.conf (\(told))")
        }
        if told.contains("database"), told.contains("does not exist") {
            return StoreFailure(.missingFile, path: address.shown, "make the database first: see docs/guide/postgresql.md (\(told))")
        }
        if told.contains("certificate") || told.contains("server does not support SSL") {
            return StoreFailure(.permission, path: address.shown, "the server's TLS is not what `sslmode` asks for: \(told)")
        }
        return StoreFailure(.unreachable, path: address.shown, told.isEmpty ? "no connection" : told)
    }

    /// By SQLSTATE (PostgreSQL's manual, appendix A).
    private static func make(_ state: String, _ message: String, _ address: PostgresAddress) -> StoreFailure {
        let told = address.cover(message.isEmpty ? "PostgreSQL error \(state)" : "\(message) (PostgreSQL error \(state))")
        let path = address.shown
        switch state {
        case "23505": return StoreFailure(.conflict, path: path, told)
        case "25006": return StoreFailure(.readOnly, path: path, "the server takes no writes: is it a standby? (\(told))")
        case "40001", "40P01", "55P03": return StoreFailure(.locked, path: path, "others change the same rows: it may be tried again (\(told))")
        case "53100": return StoreFailure(.diskFull, path: path, "the server's disk is full: make room; rows wait meanwhile (\(told))")
        case "57014": return StoreFailure(.timeLimit, path: path, "it took longer than it may (\(told))")
        case "3D000": return StoreFailure(.missingFile, path: path, told)
        case "42501": return StoreFailure(.permission, path: path, "the role may not: see docs/guide/postgresql.md (\(told))")
        case "42P01", "3F000": return StoreFailure(.foreign, path: path, "the tables are not those of Swiftlet, or were removed (\(told))")
        default: break
        }
        switch state.prefix(2) {
        // No connection; too many of them; the server ends, starts or recovers. Without a code libpq itself speaks.
        case "08", "53", "57", "": return StoreFailure(.unreachable, path: path, told)
        case "28": return StoreFailure(.permission, path: path, "the server refuses the user (\(told))")
        case "58": return StoreFailure(.disk, path: path, "the server's disk failed: check its log (\(told))")
        case "XX" where state == "XX001" || state == "XX002": return StoreFailure(.corrupt, path: path, "the server's data is damaged (\(told))")
        default: return StoreFailure(.other, path: path, told)
        }
    }
}
