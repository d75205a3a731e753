import GRDB
import GRDBSQLite
import Routing

/// The ledger in one SQLite file.
public final class SQLiteStore: Store {
    public struct Options: Hashable, Sendable {
        /// Whether a missing file is made. False where a ledger is known to have been there.
        public var mayCreate = true
        /// How long a read may take before it is broken off.
        public var readLimit = Duration.seconds(5)
        /// How long a write waits for another process's lock.
        public var busyTimeout = Duration.seconds(5)

        public init() {}
    }

    public let path: String
    let options: Options
    let pool: Locked<DatabasePool?>
    let room = LogRoom()
    let clock: @Sendable () -> Int64
    let tagNumbers = TagNumbers()
    /// What sums of usage took when that was last counted, and when, in milliseconds since 1970.
    let sumsBytes = Locked<(at: Int64, bytes: Int64)?>(nil)

    /// Opens the ledger, made or brought up to this version's schema where needed. Never makes a file in place of one
    /// that is there and cannot be used: then it fails with the path and what to do.
    /// `clock`: milliseconds since 1970.
    public init(
        path: String, options: Options = Options(), clock: @escaping @Sendable () -> Int64 = StoreClock.milliseconds
    ) throws(StoreFailure) {
        self.path = path
        self.options = options
        self.clock = clock
        pool = Locked(nil)
        let opened = try LedgerFile(path: path, options: options).open(room)
        pool.withLock { $0 = opened }
        // A small ledger of before sums were kept is counted at once, a large one beside the requests.
        let end = ContinuousClock.now + .milliseconds(150)
        while try countOld() > 0, ContinuousClock.now < end {}
    }

    /// The ledger's file for a store named `sqlite:swiftlet.db`: `swiftlet-ledger.db`. A file of its own, so that a
    /// ledger that has filled the disk cannot block a change of settings.
    public static func ledgerPath(for path: String) -> String {
        let slash = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
        guard let dot = path[slash...].lastIndex(of: "."), dot > slash else { return path + "-ledger" }
        return path[..<dot] + "-ledger" + path[dot...]
    }

    func opened() throws(StoreFailure) -> DatabasePool {
        guard let pool = pool.withLock({ $0 }) else { throw StoreFailure(.closed, path: path, "the store is closed") }
        return pool
    }

    public func close() throws(StoreFailure) {
        guard let pool = letGo() else { return }
        // The connection that writes is not the last to be closed, so SQLite would leave the log beside a file that lacks what it holds,
        // and the next start would read all of it. What cannot be copied now, for another process's reader, stays, as after a kill.
        pool.writeWithoutTransaction {
            sqlite3_busy_timeout($0.sqliteConnection, 0)
            _ = sqlite3_wal_checkpoint_v2($0.sqliteConnection, nil, SQLITE_CHECKPOINT_TRUNCATE, nil, nil)
        }
        try attempt { try pool.close() }
    }

    func letGo() -> DatabasePool? {
        pool.withLock { pool in
            defer { pool = nil }
            return pool
        }
    }

    /// Runs `body` with SQLite's errors turned into failures that name the file.
    func attempt<Value>(_ body: () throws -> Value) throws(StoreFailure) -> Value {
        do { return try body() } catch { throw StoreFailure(error, path: path) }
    }
}
