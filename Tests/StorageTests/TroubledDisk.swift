import GRDBSQLite
import Glibc
import Storage

/// SQLite's own file system, with a sync that fails or takes its time, and a memory of what was written, for files named here. Other
/// files are not touched, so tests may run beside each other.
enum TroubledDisk {
    /// What a program asked of a file, in order.
    enum Event: Sendable {
        case write(path: String, offset: Int, bytes: [UInt8])
        case truncate(path: String, size: Int)
        case sync(path: String)
        /// Said by the test: so many rows were acknowledged.
        case acknowledged(Int)
    }

    private struct Watched: Sendable {
        var isFailing = false
        var delayMicroseconds: UInt32 = 0
        /// Under which name its events are kept; nil: they are not.
        var recording: String?
    }

    private struct State: Sendable {
        /// By path.
        var watched: [String: Watched] = [:]
        var failures = 0
        /// Address of an open watched file to its path and to the address of its true methods.
        var files: [UInt: (path: String, methods: UInt)] = [:]
        var recordings: [String: [Event]] = [:]
    }

    private static let state = Locked(State())

    /// Watches files opened from now on.
    static func watch(_ path: String, recording: String? = nil) {
        precondition(installed, "SQLite has no file system named unix")
        state.withLock { $0.watched[path] = Watched(recording: recording) }
    }

    static func set(_ path: String, failing: Bool) { state.withLock { $0.watched[path]?.isFailing = failing } }
    static func set(_ path: String, syncMicroseconds: UInt32) { state.withLock { $0.watched[path]?.delayMicroseconds = syncMicroseconds } }
    static var failures: Int { state.withLock { $0.failures } }

    static func acknowledged(_ rows: Int, recording: String) { state.withLock { $0.recordings[recording, default: []].append(.acknowledged(rows)) } }
    static func recorded(_ recording: String) -> [Event] { state.withLock { $0.recordings[recording] ?? [] } }

    private static let installed: Bool = {
        guard let unix = sqlite3_vfs_find("unix") else { return false }
        let copy = UnsafeMutablePointer<sqlite3_vfs>.allocate(capacity: 1)
        copy.initialize(to: unix.pointee)
        copy.pointee.zName = name.withUTF8Buffer { UnsafeRawPointer($0.baseAddress)?.assumingMemoryBound(to: CChar.self) }
        copy.pointee.pNext = nil
        copy.pointee.xOpen = { _, path, file, flags, outFlags in
            guard let unix = sqlite3_vfs_find("unix"), let open = unix.pointee.xOpen else { return SQLITE_ERROR }
            let code = open(unix, path, file, flags, outFlags)
            if code == SQLITE_OK, let path, let file { TroubledDisk.opened(file, path: String(cString: path)) }
            return code
        }
        return sqlite3_vfs_register(copy, 1) == SQLITE_OK
    }()

    private static let name: StaticString = "unix-troubled"

    private static func opened(_ file: UnsafeMutablePointer<sqlite3_file>, path: String) {
        guard let methods = file.pointee.pMethods, let watched = state.withLock({ $0.watched[path] }) else { return }
        // Lives as long as the process: a file that is closed may still be named by its methods.
        let copy = UnsafeMutablePointer<sqlite3_io_methods>.allocate(capacity: 1)
        copy.initialize(to: methods.pointee)
        copy.pointee.xSync = { file, flags in
            guard let file, let methods = TroubledDisk.methodsForSync(of: UInt(bitPattern: file)) else { return SQLITE_IOERR | 4 << 8 }
            return methods.pointee.xSync(file, flags)
        }
        if watched.recording != nil {
            copy.pointee.xWrite = { file, bytes, count, offset in
                guard let file, let methods = TroubledDisk.methods(of: UInt(bitPattern: file)) else { return SQLITE_IOERR }
                let written = UnsafeRawBufferPointer(start: bytes, count: Int(count)).map { $0 }
                TroubledDisk.note(UInt(bitPattern: file)) { .write(path: $0, offset: Int(offset), bytes: written) }
                return methods.pointee.xWrite(file, bytes, count, offset)
            }
            copy.pointee.xTruncate = { file, size in
                guard let file, let methods = TroubledDisk.methods(of: UInt(bitPattern: file)) else { return SQLITE_IOERR }
                TroubledDisk.note(UInt(bitPattern: file)) { .truncate(path: $0, size: Int(size)) }
                return methods.pointee.xTruncate(file, size)
            }
        }
        let address = UInt(bitPattern: methods)
        state.withLock { $0.files[UInt(bitPattern: file)] = (path, address) }
        file.pointee.pMethods = UnsafePointer(copy)
    }

    private static func methods(of file: UInt) -> UnsafePointer<sqlite3_io_methods>? {
        state.withLock { $0.files[file]?.methods }.flatMap { UnsafePointer(bitPattern: $0) }
    }

    private static func note(_ file: UInt, _ event: (String) -> Event) {
        guard let path = state.withLock({ $0.files[file]?.path }) else { return }
        let event = event(path)
        state.withLock { state in
            if let recording = state.watched[path]?.recording { state.recordings[recording, default: []].append(event) }
        }
    }

    /// Nil where the sync is to fail, which SQLite calls `SQLITE_IOERR_FSYNC`.
    private static func methodsForSync(of file: UInt) -> UnsafePointer<sqlite3_io_methods>? {
        let (methods, delay): (UInt?, UInt32) = state.withLock { state in
            guard let (path, methods) = state.files[file], let watched = state.watched[path] else { return (nil, 0) }
            guard !watched.isFailing else {
                state.failures += 1
                return (nil, 0)
            }
            return (methods, watched.delayMicroseconds)
        }
        if delay > 0 { usleep(delay) }
        if methods != nil { note(file) { .sync(path: $0) } }
        return methods.flatMap { UnsafePointer(bitPattern: $0) }
    }
}
