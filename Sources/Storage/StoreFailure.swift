/// Why a store cannot be opened, written or read. The message names the path, what was found and what to do.
public struct StoreFailure: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Kind: String, CaseIterable, Sendable {
        case missingFolder = "missing_folder"
        case missingFile = "missing_file"
        case permission
        case readOnly = "read_only"
        case corrupt
        /// A database, but not a ledger of ours.
        case foreign
        case newerSchema = "newer_schema"
        case diskFull = "disk_full"
        /// Another process holds the write lock longer than the busy timeout.
        case locked
        /// The disk failed to read, write or sync. What was not acknowledged before must be written again after `reopen`.
        case disk
        /// A read took longer than it may.
        case timeLimit = "time_limit"
        case closed
        /// Somebody else changed it first: read again.
        case conflict
        /// No answer from the store's server: nothing is known of what was under way, and it may be tried again.
        case unreachable
        case other
    }

    public var kind: Kind
    public var path: String
    public var message: String

    public init(_ kind: Kind, path: String, _ message: String) {
        self.kind = kind
        self.path = path
        self.message = message
    }

    public var description: String { path.isEmpty ? message : "\(path): \(message)" }
}
