/// Keys that one event loop has verified lately, so that a busy client's key is digested once and not at every request.
///
/// An entry holds no key and no digest of one, but 128 bits that a keyed hash makes of it (SipHash with a seed that is
/// drawn when the process starts, ended in two ways): nobody who does not know the seed can make another text that
/// passes. Emptied when settings change.
struct VerifiedKeys {
    private struct Entry {
        var marks: (Int, Int)
        var key: Int
    }

    private static let slots = 256
    private var entries: [Entry?] = Array(repeating: nil, count: slots)

    mutating func find(_ secret: UnsafeRawBufferPointer?, in ring: KeyRing) -> KeyRing.Verdict {
        guard let secret, secret.count > 0, !ring.isOpen else { return ring.find(secret) }
        let marks = Self.marks(secret)
        let slot = marks.0 & (Self.slots - 1)
        if let entry = entries[slot], entry.marks == marks { return .key(entry.key) }
        let verdict = ring.find(secret)
        if case .key(let key) = verdict { entries[slot] = Entry(marks: marks, key: key) }
        return verdict
    }

    mutating func forget() {
        for slot in entries.indices { entries[slot] = nil }
    }

    private static func marks(_ secret: UnsafeRawBufferPointer) -> (Int, Int) {
        var hasher = Hasher()
        hasher.combine(bytes: secret)
        var other = hasher
        other.combine(secret.count)
        return (hasher.finalize(), other.finalize())
    }
}
