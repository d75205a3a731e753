import GRDB

extension StoreFailure {
    init(_ error: any Error, path: String) {
        switch error {
        case let failure as StoreFailure: self = failure
        case let error as DatabaseError: self.init(code: error.extendedResultCode, message: error.message ?? "", path: path)
        default: self.init(.other, path: path, "\(error)")
        }
    }

    /// What SQLite's result code means to an operator.
    init(code: ResultCode, message: String, path: String) {
        let told = message.isEmpty ? "SQLite error \(code.rawValue)" : "\(message) (SQLite error \(code.rawValue))"
        switch code.primaryResultCode {
        case .SQLITE_FULL: self.init(.diskFull, path: path, "the disk is full: make room; rows wait meanwhile (\(told))")
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            self.init(.locked, path: path, "another process holds the write lock: end it, or wait (\(told))")
        case .SQLITE_READONLY: self.init(.readOnly, path: path, "cannot be written: check the file's and its folder's mode and owner (\(told))")
        case .SQLITE_PERM, .SQLITE_AUTH: self.init(.permission, path: path, "access denied: check the file's mode and owner (\(told))")
        case .SQLITE_CANTOPEN:
            self.init(.permission, path: path, "cannot be opened: check that file and folder exist and may be written (\(told))")
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            self.init(.corrupt, path: path, "is damaged or no SQLite database: restore a backup, or move the file away to begin a new one (\(told))")
        case .SQLITE_IOERR: self.init(.disk, path: path, "the disk failed: check the system's log and the disk (\(told))")
        case .SQLITE_INTERRUPT: self.init(.timeLimit, path: path, "reading took longer than it may: ask for less")
        default: self.init(.other, path: path, told)
        }
    }
}
