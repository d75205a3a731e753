import GRDB
import GRDBSQLite

/// Room at the end of the ledger's log (its `-wal` file), made before it is needed. A commit that makes the file longer costs the file
/// system a transaction of its own: more than twice the CPU of a commit within the file, and twice its time. SQLite begins at the file's
/// beginning again once the log has been copied into the database, so this concerns the first pages after a start, and bursts.
///
/// The room is zeros, which SQLite takes for what a log holds behind its last frame: a frame counts only if its page number is not zero
/// and its salt is that of the log's head (https://www.sqlite.org/fileformat2.html#walformat).
final class LogRoom: Sendable {
    /// Frames after which the log is copied into the database.
    static let mostFrames: Int32 = 4_000

    /// Less than this is not worth a step: logs of a few commits stay small.
    private static let least = 128 << 10
    private static let step = 512 << 10
    private static let zeros = [UInt8](repeating: 0, count: 64 << 10)

    /// Frames of the log as of the last commit, and the length of its file when that was last made longer, in bytes; where it could not be,
    /// how long the log becomes before it is tried again.
    private let state = Locked((frames: Int32(0), bytes: 0))
    private static let frameBytes = Int(LedgerFile.pageBytes) + 24

    /// Has the connection that writes say how long the log is after each commit, and copies the log in place of
    /// `PRAGMA wal_autocheckpoint`, which would be told instead. Has to live as long as the connection.
    func watch(_ database: Database) {
        state.withLock { $0 = (0, 0) }
        sqlite3_wal_hook(
            database.sqliteConnection,
            { room, connection, name, frames in
                guard let room else { return SQLITE_OK }
                Unmanaged<LogRoom>.fromOpaque(room).takeUnretainedValue().state.withLock { $0.frames = frames }
                // What cannot be copied now, for a reader that is still at it, is tried again behind the next commit: no error of this one.
                if frames >= LogRoom.mostFrames { sqlite3_wal_checkpoint_v2(connection, name, SQLITE_CHECKPOINT_PASSIVE, nil, nil) }
                return SQLITE_OK
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    /// Makes room for the next commits where little is left. Called under the lock of writing and before anything is written: then nobody
    /// else makes the file longer, and what is behind its end nobody has written.
    func make(_ database: Database) {
        state.withLock { state in
            let used = 32 + Int(state.frames) * Self.frameBytes
            guard used >= Self.least, state.frames < Self.mostFrames, state.bytes - used < Self.least else { return }
            var file: UnsafeMutablePointer<sqlite3_file>?
            guard sqlite3_file_control(database.sqliteConnection, "main", SQLITE_FCNTL_JOURNAL_POINTER, &file) == SQLITE_OK,
                let file, let methods = file.pointee.pMethods?.pointee
            else { return }
            var end: sqlite3_int64 = 0
            guard methods.xFileSize(file, &end) == SQLITE_OK else { return }
            state.bytes = Int(end)
            guard state.bytes - used < Self.least else { return }
            for _ in 0..<Self.step / Self.zeros.count {
                // Without room on the disk the commit itself will say so. It is tried again when as much again has been logged.
                guard methods.xWrite(file, Self.zeros, Int32(Self.zeros.count), sqlite3_int64(state.bytes)) == SQLITE_OK else {
                    state.bytes = used + Self.step
                    return
                }
                state.bytes += Self.zeros.count
            }
        }
    }
}
