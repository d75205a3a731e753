import Routing

/// What is noted of a request in flight.
public struct OpenRequest: Hashable, Sendable {
    public var id: RequestID
    public var startedUnixMilliseconds: Int64
    public var key = NameID.none
    public var model = NameID.none
    public var route = NameID.none
    public var deployment = NameID.none
    public var provider = NameID.none
    public var policy = NameID.none
    public var project = NameID.none
    public var customer = NameID.none
    /// Estimated.
    public var input: Int64 = 0
    public var output: Int64 = 0
    /// What it holds.
    public var cost = Nanodollars.zero
    /// Raw value of `API`.
    public var api: UInt8 = 0
    public var streamed = false
    public var priced = false

    public init(id: RequestID, startedUnixMilliseconds: Int64) {
        self.id = id
        self.startedUnixMilliseconds = startedUnixMilliseconds
    }
}

/// A slot of the file, 32 words: a check over the others (0: free), what is known of the request, then its charges.
enum OpenSlot {
    static let words = 32
    static let bytes = words * 8
    static let firstCharge = 12
    /// Of one slot.
    static let mostCharges = (words - firstCharge) / 2

    /// Writes all but the check, which it returns.
    /// - Parameters:
    ///   - part: Which of the request's `parts` slots it is: each has the next charges.
    ///   - sequence: Rises with each note of a loop: the last note of a request holds.
    static func write(
        _ request: borrowing OpenRequest, _ charges: borrowing [LeaseCharge], part: Int, of parts: Int, sequence: UInt64,
        to slot: UnsafeMutablePointer<UInt64>
    ) -> UInt64 {
        let from = part * mostCharges
        let count = min(charges.count - from, mostCharges)
        let flags: UInt64 = (request.streamed ? 1 : 0) | (request.priced ? 2 : 0)
        slot[1] = UInt64(bitPattern: request.id.rawValue).littleEndian
        slot[2] = UInt64(bitPattern: request.startedUnixMilliseconds).littleEndian
        slot[3] = pair(request.key, request.model)
        slot[4] = pair(request.route, request.deployment)
        slot[5] = pair(request.provider, request.policy)
        slot[6] = pair(request.project, request.customer)
        slot[7] = UInt64(bitPattern: request.input).littleEndian
        slot[8] = UInt64(bitPattern: request.output).littleEndian
        slot[9] = UInt64(bitPattern: request.cost.amount).littleEndian
        slot[10] = (UInt64(request.api) | flags << 8 | UInt64(count) << 16 | UInt64(part) << 32 | UInt64(parts) << 48).littleEndian
        slot[11] = sequence.littleEndian
        var at = firstCharge
        for index in from..<from + count {
            slot[at] = UInt64(bitPattern: charges[index].lease).littleEndian
            slot[at + 1] = UInt64(bitPattern: charges[index].amount).littleEndian
            at += 2
        }
        return check(UnsafePointer(slot), count: at).littleEndian
    }

    /// Never 0.
    @inline(__always) static func check(_ slot: UnsafePointer<UInt64>, count: Int) -> UInt64 {
        var sum: UInt64 = 0x9e37_79b9_7f4a_7c15
        for index in 1..<count {
            sum = (sum ^ UInt64(littleEndian: slot[index])) &* 0xbf58_476d_1ce4_e5b9
            sum ^= sum >> 29
        }
        return sum | 1
    }

    private static func pair(_ low: NameID, _ high: NameID) -> UInt64 {
        (UInt64(UInt32(bitPattern: low.rawValue)) | UInt64(UInt32(bitPattern: high.rawValue)) << 32).littleEndian
    }

    private struct Note {
        var entry: LedgerEntry
        var sequence: UInt64
        var found = 0
        var parts: Int
        var isWhole: Bool { found == parts }
    }

    /// Of a request that was noted again the last whole note.
    static func entries(of slots: [[UInt64]]) -> [LedgerEntry] {
        struct Key: Hashable {
            var id: Int64
            var sequence: UInt64
        }
        var notes: [Key: Note] = [:]
        for slot in slots {
            guard let (entry, parts) = read(slot) else { continue }
            let key = Key(id: entry.id.rawValue, sequence: slot[11])
            var note = notes[key] ?? Note(entry: entry, sequence: slot[11], parts: parts)
            if note.found > 0 { note.entry.charges += entry.charges }
            note.found += 1
            notes[key] = note
        }
        // What is not whole was being written, and nothing had been sent, or being cleared, and nothing was owed.
        var last: [RequestID: Note] = [:]
        for note in notes.values where note.isWhole {
            if let known = last[note.entry.id], known.sequence > note.sequence { continue }
            last[note.entry.id] = note
        }
        return last.values.map(\.entry).sorted { $0.id < $1.id }
    }

    private static func read(_ slot: [UInt64]) -> (LedgerEntry, parts: Int)? {
        let count = Int(slot[10] >> 16 & 0xff)
        guard count <= mostCharges else { return nil }
        let isWhole = slot.withUnsafeBufferPointer { words in
            words.baseAddress.map { check($0, count: firstCharge + 2 * count) == slot[0] } ?? false
        }
        guard isWhole, let id = RequestID(rawValue: Int64(bitPattern: slot[1])) else { return nil }
        func low(_ word: UInt64) -> NameID { NameID(rawValue: Int32(bitPattern: UInt32(truncatingIfNeeded: word))) }
        func high(_ word: UInt64) -> NameID { low(word >> 32) }
        var entry = LedgerEntry(id: id, startedUnixMilliseconds: Int64(bitPattern: slot[2]))
        (entry.key, entry.model) = (low(slot[3]), high(slot[3]))
        (entry.route, entry.deployment) = (low(slot[4]), high(slot[4]))
        (entry.provider, entry.policy) = (low(slot[5]), high(slot[5]))
        (entry.project, entry.customer) = (low(slot[6]), high(slot[6]))
        entry.usage.input = max(0, Int64(bitPattern: slot[7]))
        entry.usage.output = max(0, Int64(bitPattern: slot[8]))
        entry.usage.estimated = true
        entry.cost = Nanodollars(max(0, Int64(bitPattern: slot[9])))
        entry.api = UInt8(truncatingIfNeeded: slot[10])
        entry.streamed = slot[10] >> 8 & 1 != 0
        entry.priced = slot[10] >> 8 & 2 != 0
        entry.attempts = entry.deployment == .none ? 0 : 1
        entry.state = .unknown
        entry.charges = (0..<count).map { index in
            LeaseCharge(lease: Int64(bitPattern: slot[firstCharge + 2 * index]), amount: Int64(bitPattern: slot[firstCharge + 2 * index + 1]))
        }
        return (entry, Int(slot[10] >> 48))
    }
}
