import Crypto

/// Binds the entries of the audit log to each other: whoever changes, removes or inserts one breaks every hash behind it.
///
/// The newest entries can still be cut off unseen by whoever can write the file; a hash noted elsewhere shows that too.
public enum AuditChain {
    /// SHA-256 of number and time as eight bytes each, most significant first, then of each text, its length in eight bytes before it:
    /// actor, role, action, subject, before, after, request id, and the hash of the entry before.
    public static func hash(of entry: AuditEntry, after previous: String) -> String {
        var digest = SHA256()
        digest.update(data: bytes(of: entry.number))
        digest.update(data: bytes(of: entry.unixMilliseconds))
        for text in [entry.actor, entry.role, entry.action, entry.subject, entry.before, entry.after, entry.requestID, previous] {
            digest.update(data: bytes(of: Int64(text.utf8.count)))
            digest.update(data: Array(text.utf8))
        }
        return hexadecimal(digest.finalize())
    }

    /// The number of the first of `entries`, which are in order, that is not as it was written; nil: all are. A gap counts as one that is not.
    public static func firstBroken(_ entries: [AuditEntry], after previous: AuditEntry?) -> Int64? {
        var (number, hash) = (previous?.number ?? 0, previous?.hash ?? "")
        for entry in entries {
            guard entry.number == number + 1, entry.hash == Self.hash(of: entry, after: hash) else { return number + 1 }
            (number, hash) = (entry.number, entry.hash)
        }
        return nil
    }

    /// The entry with its number and hash, behind `previous`.
    static func sealed(_ entry: AuditEntry, after previous: (number: Int64, hash: String)?) -> AuditEntry {
        var sealed = entry
        sealed.number = (previous?.number ?? 0) + 1
        sealed.hash = hash(of: sealed, after: previous?.hash ?? "")
        return sealed
    }

    private static func bytes(of number: Int64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * Int64($0))) }
    }

    private static func hexadecimal(_ digest: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}

extension StoreFailure {
    static func outdated(_ version: Int64, newest: Int64, path: String) -> StoreFailure {
        StoreFailure(.conflict, path: path, "version \(version) of the settings cannot be made behind version \(newest): read them again")
    }
}
