import CPostgres

/// Where the server is, from the URL in `store`: all that libpq takes may stand in it, `sslmode` and `sslrootcert` among it.
public struct PostgresAddress: Sendable {
    /// libpq's keywords and values; the URL stands first, as `dbname`.
    let parameters: [(keyword: String, value: String)]
    /// For messages: host, port and database, no user, no password.
    public let shown: String
    private let password: String

    /// Fails for a URL that libpq cannot read, or where libpq is missing. The URL is in no message: it holds a password.
    public init(_ url: String, applicationName: String = "swiftlet") throws(StoreFailure) {
        try Self.load()
        guard let options = postgres_options(url) else {
            throw StoreFailure(
                .other, path: "store", "is no URL that libpq can read: postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=verify-full")
        }
        defer { postgres_options_free(options) }
        var given: [String: String] = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { given[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        password = given["password"] ?? ""
        let host = given["host"] ?? given["hostaddr"] ?? ""
        shown = "postgres://\(host):\(given["port"] ?? "5432")/\(given["dbname"] ?? "")"
        let defaults: [(String, String)] = [
            ("fallback_application_name", applicationName), ("client_encoding", "UTF8"), ("keepalives", "1"), ("keepalives_idle", "10"),
            ("keepalives_interval", "5"), ("keepalives_count", "3"), ("tcp_user_timeout", "15000"), ("target_session_attrs", "read-write"),
            // libpq's own default falls back to plain text; across a network nobody should find that out later.
            ("sslmode", Self.isNear(host) ? "prefer" : "require"),
        ]
        parameters = [("dbname", url)] + defaults.filter { given[$0.0] == nil }
    }

    static func load() throws(StoreFailure) {
        if let missing = postgres_load() { throw StoreFailure(.other, path: "", String(cString: missing)) }
    }

    /// Sockets and this machine, all of those that are named.
    private static func isNear(_ hosts: String) -> Bool {
        hosts.split(separator: ",").allSatisfy { $0.hasPrefix("/") || $0.hasPrefix("@") || $0.hasPrefix("127.") || $0 == "localhost" || $0 == "::1" }
    }

    /// libpq's words without line ends, and without the password should it ever stand in them.
    func cover(_ message: String) -> String {
        let line = message.split(whereSeparator: \.isNewline).joined(separator: "; ")
        guard !password.isEmpty else { return line }
        return line.split(separator: password, omittingEmptySubsequences: false).joined(separator: "****")
    }
}

/// How long things may take before the server counts as not there.
public struct PostgresLimits: Hashable, Sendable {
    public var connect = Duration.seconds(3)
    /// Of a statement that writes; a second later the connection is given up.
    public var write = Duration.seconds(3)
    /// Of a statement of the console.
    public var read = Duration.seconds(10)
    /// How long a call waits for a connection that others use.
    public var wait = Duration.seconds(5)
    /// After a failed connection none is tried for so long; doubles up to `longestPause`.
    public var firstPause = Duration.milliseconds(50)
    public var longestPause = Duration.seconds(1)
    /// Connections for all but the journal and the leases, which have one each.
    public var connections = 4

    public init() {}
}
