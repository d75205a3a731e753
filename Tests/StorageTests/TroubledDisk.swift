import GRDBSQLite
import Storage

/// SQLite's own file system, with a sync that fails for files named here. Other files are not touched, so tests may
/// run beside each other.
enum FailingSync {
    private struct State: Sendable {
        /// Ends of paths that are watched, and whether their sync fails now.
        var failing: [String: Bool] = [:]
        var failures = 0
        /// Address of an open watched file to its path and to the address of its true methods.
        var files: [UInt: (path: String, methods: UInt)] = [:]
    }

    private static let state = Locked(State())

    /// Watches files opened from now on.
    static func watch(_ path: String) {
        precondition(installed, "SQLite has no file system named unix")
        state.withLock { $0.failing[path] = false }
    }

    static func set(_ path: String, failing: Bool) { state.withLock { $0.failing[path] = failing } }

    static var failures: Int { state.withLock { $0.failures } }

    private static let installed: Bool = {
        guard let unix = sqlite3_vfs_find("unix") else { return false }
        let copy = UnsafeMutablePointer<sqlite3_vfs>.allocate(capacity: 1)
        copy.initialize(to: unix.pointee)
        copy.pointee.zName = name.withUTF8Buffer { UnsafeRawPointer($0.baseAddress)?.assumingMemoryBound(to: CChar.self) }
        copy.pointee.pNext = nil
        copy.pointee.xOpen = { _, path, file, flags, outFlags in
            guard let unix = sqlite3_vfs_find("unix"), let open = unix.pointee.xOpen else { return SQLITE_ERROR }
            let code = open(unix, path, file, flags, outFlags)
            if code == SQLITE_OK, let path, let file { FailingSync.opened(file, path: String(cString: path)) }
            return code
        }
        return sqlite3_vfs_register(copy, 1) == SQLITE_OK
    }()

    private static let name: StaticString = "unix-failing-sync"

    private static func opened(_ file: UnsafeMutablePointer<sqlite3_file>, path: String) {
        guard let methods = file.pointee.pMethods, state.withLock({ $0.failing[path] != nil }) else { return }
        // Lives as long as the process: a file that is closed may still be named by its methods.
        let copy = UnsafeMutablePointer<sqlite3_io_methods>.allocate(capacity: 1)
        copy.initialize(to: methods.pointee)
        copy.pointee.xSync = { file, flags in
            guard let file, let sync = FailingSync.trueSync(of: UInt(bitPattern: file)) else { return SQLITE_IOERR | 4 << 8 }
            return sync(file, flags)
        }
        let address = UInt(bitPattern: methods)
        state.withLock { $0.files[UInt(bitPattern: file)] = (path, address) }
        file.pointee.pMethods = UnsafePointer(copy)
    }

    /// Nil where the sync is to fail, which SQLite calls `SQLITE_IOERR_FSYNC`.
    private static func trueSync(of file: UInt) -> (@convention(c) (UnsafeMutablePointer<sqlite3_file>?, Int32) -> Int32)? {
        let methods: UInt? = state.withLock { state in
            guard let (path, methods) = state.files[file] else { return nil }
            guard state.failing[path] == true else { return methods }
            state.failures += 1
            return nil
        }
        guard let methods, let table = UnsafePointer<sqlite3_io_methods>(bitPattern: methods) else { return nil }
        return table.pointee.xSync
    }
}
