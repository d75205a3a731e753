import CBytes
import Routing

/// The open requests of one event loop. Lives on that loop; some ten nanoseconds a note.
public final class OpenRegion {
    /// Holds the mapping.
    private let file: OpenRequests
    private let base: UnsafeMutablePointer<UInt64>
    /// The last to be freed is the first to be taken: few pages are ever touched.
    private var free: [Int32]
    /// The further slots of a request with many charges; -1: none.
    private var next: [Int32]
    private var sequence: UInt64 = 0
    /// Slots whose rows are on their way to the store, by rising tickets of the loop's lane, from `first` on.
    private var offered: [(ticket: UInt64, slot: Int32)] = []
    private var first = 0
    /// Requests that found no room and are not noted.
    public private(set) var missed: UInt64 = 0

    init(_ file: OpenRequests, start: UInt) {
        guard let base = UnsafeMutablePointer<UInt64>(bitPattern: start) else { preconditionFailure("the file is mapped") }
        self.file = file
        self.base = base
        free = (0..<Int32(file.slots)).reversed()
        next = Array(repeating: -1, count: file.slots)
    }

    /// How many slots are taken.
    public var taken: Int { file.slots - free.count }

    /// Notes a request in flight and what it holds. Returns its slot; -1 where there was no room.
    public func note(_ request: OpenRequest, charges: [LeaseCharge]) -> Int32 {
        sequence += 1
        guard charges.count > OpenSlot.mostCharges else { return note(request, charges[...], part: 0, of: 1) }
        let parts = (charges.count + OpenSlot.mostCharges - 1) / OpenSlot.mostCharges
        guard free.count >= parts else {
            missed += 1
            return -1
        }
        // The last part first, so that each knows its next.
        var head: Int32 = -1
        for part in (0..<parts).reversed() {
            let slice = charges[part * OpenSlot.mostCharges..<min(charges.count, (part + 1) * OpenSlot.mostCharges)]
            let slot = note(request, slice, part: part, of: parts)
            next[Int(slot)] = head
            head = slot
        }
        return head
    }

    private func note(_ request: OpenRequest, _ charges: ArraySlice<LeaseCharge>, part: Int, of parts: Int) -> Int32 {
        guard let slot = free.popLast() else {
            missed += 1
            return -1
        }
        let words = base + Int(slot) * OpenSlot.words
        let check = OpenSlot.write(request, charges, part: part, of: parts, sequence: sequence, to: words)
        // Behind all else: a slot that is half written when the process ends has no check.
        cbytes_publish(words, check)
        return slot
    }

    /// Notes it anew, when it holds more or goes elsewhere. At no moment it stands nowhere. Returns its new slot.
    public func change(_ slot: Int32, to request: OpenRequest, charges: [LeaseCharge]) -> Int32 {
        let fresh = note(request, charges: charges)
        guard fresh >= 0 else { return slot }
        clear(slot)
        return fresh
    }

    /// It is over, and nothing is owed that no durable row says. Slots of -1 are none.
    public func clear(_ slot: Int32) {
        var slot = slot
        while slot >= 0 {
            cbytes_publish(base + Int(slot) * OpenSlot.words, 0)
            free.append(slot)
            let further = next[Int(slot)]
            next[Int(slot)] = -1
            slot = further
        }
    }

    /// Its row went to the journal, whose lane gives it this ticket: cleared once that is durable.
    public func offered(_ slot: Int32, ticket: UInt64) {
        if slot >= 0 { offered.append((ticket, slot)) }
    }

    /// Rows up to this ticket are durable.
    public func committed(through ticket: UInt64) {
        while first < offered.count, offered[first].ticket <= ticket {
            clear(offered[first].slot)
            first += 1
        }
        if first == offered.count {
            offered.removeAll(keepingCapacity: offered.capacity <= 4_096)
            first = 0
        } else if first >= 4_096 {
            offered.removeFirst(first)
            first = 0
        }
    }
}
