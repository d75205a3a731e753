import CBytes
import Routing

/// The open requests of one event loop. Lives on that loop; some ten nanoseconds a note.
public final class OpenRegion {
    private struct Counts {
        var free: Int
        var sequence: UInt64 = 0
        var missed: UInt64 = 0
    }

    /// Holds the mapping.
    private let file: OpenRequests
    private let base: UnsafeMutablePointer<UInt64>
    // Plain memory: an array in a class asks at each touch whether it is alone, which takes longer than all else here.
    private let counts: UnsafeMutablePointer<Counts>
    /// The last to be freed is the first to be taken: few pages are ever touched.
    private let free: UnsafeMutablePointer<Int32>
    /// The further slots of a request with many charges; -1: none.
    private let next: UnsafeMutablePointer<Int32>
    /// Slots whose rows are on their way to the store, by rising tickets of the loop's lane, from `first` on.
    private var offered: [(ticket: UInt64, slot: Int32)] = []
    private var first = 0

    init(_ file: OpenRequests, start: UInt) {
        guard let base = UnsafeMutablePointer<UInt64>(bitPattern: start) else { preconditionFailure("the file is mapped") }
        self.file = file
        self.base = base
        counts = .allocate(capacity: 1)
        counts.initialize(to: Counts(free: file.slots))
        free = .allocate(capacity: file.slots)
        next = .allocate(capacity: file.slots)
        next.initialize(repeating: -1, count: file.slots)
        for index in 0..<file.slots { (free + index).initialize(to: Int32(file.slots - 1 - index)) }
    }

    deinit {
        counts.deallocate()
        free.deallocate()
        next.deallocate()
    }

    /// How many slots are taken.
    public var taken: Int { file.slots - counts.pointee.free }
    /// Requests that found no room and are not noted.
    public var missed: UInt64 { counts.pointee.missed }

    /// Notes a request in flight and what it holds. Returns its slot; -1 where there was no room.
    public func note(_ request: borrowing OpenRequest, charges: borrowing [LeaseCharge]) -> Int32 {
        let count = charges.count
        let parts = count <= OpenSlot.mostCharges ? 1 : (count + OpenSlot.mostCharges - 1) / OpenSlot.mostCharges
        guard counts.pointee.free >= parts else {
            counts.pointee.missed += 1
            return -1
        }
        counts.pointee.sequence += 1
        // The last part first, so that each knows its next.
        var head: Int32 = -1
        var part = parts - 1
        while part >= 0 {
            counts.pointee.free -= 1
            let slot = free[counts.pointee.free]
            let words = base + Int(slot) * OpenSlot.words
            let check = OpenSlot.write(request, charges, part: part, of: parts, sequence: counts.pointee.sequence, to: words)
            // Behind all else: a slot that is half written when the process ends has no check.
            cbytes_publish(words, check)
            next[Int(slot)] = head
            head = slot
            part -= 1
        }
        return head
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
            free[counts.pointee.free] = slot
            counts.pointee.free += 1
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
