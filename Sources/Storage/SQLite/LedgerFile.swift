import GRDB
import GRDBSQLite
import Glibc
import Routing

/// The ledger's file on its way to an open pool: looked at first, since SQLite would silently make what is missing.
struct LedgerFile {
    var path: String
    var options: SQLiteStore.Options

    private var folder: String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// - Parameter room: Watches the log; has to live as long as the pool.
    func open(_ room: LogRoom) throws(StoreFailure) -> DatabasePool {
        try checkFolder()
        try checkFile()
        do {
            try inspect()
            let pool = try DatabasePool(path: path, configuration: configuration)
            try pool.writeWithoutTransaction { database in
                try harden(database)
                room.watch(database)
                try Migration.migrate(database, path: path)
            }
            return pool
        } catch {
            throw StoreFailure(error, path: path)
        }
    }

    /// What `open` would find, without making or changing anything; a gateway may have it open. Nil: there is no file yet.
    func look(checkingUpTo most: Int64) throws(StoreFailure) -> StoreLook.File? {
        try checkFolder()
        var found = stat()
        guard stat(path, &found) == 0 || errno != ENOENT else { return nil }
        try checkFile()
        do {
            return try inspect { database in
                let version = try Migration.version(of: database, path: path)
                guard Int64(found.st_size) <= most else { return StoreLook.File(bytes: Int64(found.st_size), version: version, isChecked: false) }
                let problem = try String.fetchOne(database, sql: "PRAGMA quick_check(1)") ?? "ok"
                guard problem == "ok" else { throw StoreFailure(.corrupt, path: path, "is damaged (\(problem)): restore a backup") }
                return StoreLook.File(bytes: Int64(found.st_size), version: version, isChecked: true)
            }
        } catch {
            throw StoreFailure(error, path: path)
        }
    }

    private func inspect() throws {
        try inspect { _ in }
    }

    /// Reads what a ledger must have, on a connection that cannot write: a file that is refused stays as it was.
    private func inspect<Value>(_ more: (Database) throws -> Value) throws -> Value {
        var reading = Configuration()
        reading.readonly = true
        reading.busyMode = .timeout(Double(options.busyTimeout.nanoseconds) / 1e9)
        let queue = try DatabaseQueue(path: path, configuration: reading)
        let value = try queue.read { database in
            let version = try Migration.version(of: database, path: path)
            // The table's right edge, where rows go: a damaged page there shows now rather than at the first row.
            if version > 0 { _ = try Row.fetchOne(database, sql: "SELECT * FROM requests ORDER BY id DESC LIMIT 1") }
            // And where sums go that a batch adds to.
            if version >= UsageRows.firstVersion {
                _ = try Row.fetchOne(database, sql: "SELECT * FROM usage WHERE shape = 0 AND span = 0 ORDER BY start DESC LIMIT 1")
            }
            return try more(database)
        }
        try queue.close()
        return value
    }

    private var configuration: Configuration {
        var configuration = Configuration()
        configuration.label = "ledger"
        configuration.busyMode = .timeout(Double(options.busyTimeout.nanoseconds) / 1e9)
        configuration.maximumReaderCount = 2
        configuration.prepareDatabase { database in
            // Kibibytes. Rows are appended, so little more than the right edge is ever needed.
            try database.execute(sql: "PRAGMA cache_size = -512")
        }
        return configuration
    }

    /// Sets what makes a commit survive a power cut. GRDB sets `synchronous` to NORMAL when it turns the log on, after
    /// `prepareDatabase`; so it is set here, and read back.
    private func harden(_ database: Database) throws {
        try database.execute(
            sql: """
                PRAGMA synchronous = FULL;
                PRAGMA journal_size_limit = 67108864;
                """)
        let mode = try String.fetchOne(database, sql: "PRAGMA journal_mode")
        let sync = try Int.fetchOne(database, sql: "PRAGMA synchronous")
        guard mode == "wal", sync == 2 else {
            throw StoreFailure(
                .other, path: path,
                "SQLite took journal_mode \(mode ?? "none") and synchronous \(sync ?? -1), where wal and 2 are needed: use a local file system")
        }
    }

    private func checkFolder() throws(StoreFailure) {
        var found = stat()
        guard stat(folder, &found) == 0 else {
            throw StoreFailure(.missingFolder, path: path, "the folder \(folder) cannot be reached (\(reason)): make it, or change `store`")
        }
        guard found.st_mode & S_IFMT == S_IFDIR else { throw StoreFailure(.missingFolder, path: path, "\(folder) is no folder: change `store`") }
        // SQLite keeps two more files beside the database.
        guard access(folder, W_OK | X_OK) == 0 else {
            throw StoreFailure(
                errno == EROFS ? .readOnly : .permission, path: path,
                "files cannot be made in \(folder) (\(reason)): run `chmod u+rwx \(folder)`, or change `store`")
        }
    }

    private func checkFile() throws(StoreFailure) {
        var found = stat()
        guard stat(path, &found) == 0 else {
            guard errno == ENOENT else { throw StoreFailure(.permission, path: path, "cannot be looked at (\(reason)): check its mode and owner") }
            return try make()
        }
        guard found.st_mode & S_IFMT == S_IFREG else { throw StoreFailure(.foreign, path: path, "is no regular file: change `store`") }
        // Mode bits are asked too, because they do not bind root and yet say what the operator meant.
        guard access(path, R_OK | W_OK) == 0, found.st_mode & 0o222 != 0 else {
            throw StoreFailure(.readOnly, path: path, "may not be written: run `chmod u+rw \(path)`, or change `store`")
        }
        // Ours are made whole under another name, so what is less than a page was cut off; SQLite would take it for new.
        guard found.st_size >= Self.pageBytes else {
            throw StoreFailure(
                .corrupt, path: path, "was cut off after \(found.st_size) bytes: restore a backup, or move it away to begin a new one")
        }
    }

    static let pageBytes = 4_096

    /// Makes the file under another name and moves it into place, so that no crash leaves half a ledger.
    private func make() throws(StoreFailure) {
        guard options.mayCreate else {
            throw StoreFailure(.missingFile, path: path, "is missing, and was there before: put it back, or restore a backup")
        }
        // SQLite leaves an empty log behind; one with content belongs to a database.
        var log = stat()
        guard stat(path + "-wal", &log) != 0 || log.st_size == 0 else {
            throw StoreFailure(
                .missingFile, path: path,
                "is missing, but its log \(path)-wal is there: put the database back beside it, or remove the log to begin a new one")
        }
        let draft = path + ".new"
        for name in [draft, draft + "-journal"] { unlink(name) }
        // Its log and index files get the same mode from SQLite.
        let file = Glibc.open(draft, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw StoreFailure(.permission, path: path, "\(draft) cannot be made (\(reason)): check the folder's mode and room") }
        Glibc.close(file)
        do {
            let queue = try DatabaseQueue(path: draft)
            try queue.writeWithoutTransaction { try Migration.migrate($0, path: path) }
            try queue.close()
        } catch {
            unlink(draft)
            throw StoreFailure(error, path: path)
        }
        guard rename(draft, path) == 0 else { throw StoreFailure(.permission, path: path, "\(draft) cannot be renamed to it (\(reason))") }
        let directory = Glibc.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { return }
        fsync(directory)
        Glibc.close(directory)
    }

    private var reason: String { String(cString: strerror(errno)) }
}
