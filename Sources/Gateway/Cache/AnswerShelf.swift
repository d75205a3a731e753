import NIOCore
import Storage

/// What an answer depends on, as 32 bytes.
struct AnswerDigest: Hashable, Sendable {
    let bytes: [UInt8]
}

/// An answer as it waits in memory: its body lies as it goes out.
final class ShelvedAnswer: Sendable {
    let answer: CachedAnswer
    let body: ByteBuffer

    /// The bytes of the body are kept once.
    init(_ answer: CachedAnswer) {
        body = ByteBuffer(bytes: answer.body)
        var head = answer
        head.body = []
        self.answer = head
    }

    var bytes: Int { answer.bytes + body.readableBytes }

    /// For a store.
    var whole: CachedAnswer {
        var whole = answer
        whole.body = body.withUnsafeReadableBytes { Array($0) }
        return whole
    }
}

/// Answers in memory, bounded in bytes. A value; time is an argument.
///
/// SIEVE (Zhang et al., NSDI 2024): new answers come in at the head, a hand goes from the tail to the head and takes away what nobody
/// asked for since it last came by. A hit sets one bit and moves nothing, and answers that are asked for once leave before those that
/// are asked for again. Slots are linked by their indices; all operations are constant, `forget` aside.
struct AnswerShelf: Sendable {
    private struct Slot: Sendable {
        var answer: ShelvedAnswer?
        var isVisited = false
        /// Towards the head, and towards the tail; -1: there is none.
        var newer = -1
        var older = -1
    }

    /// The most that all answers take.
    var limit: Int { didSet { makeRoom(for: 0) } }
    private(set) var bytes = 0
    private(set) var evicted = 0
    private(set) var expired = 0
    private var slots: [Slot] = []
    private var free: [Int] = []
    private var places: [AnswerDigest: Int] = [:]
    private var head = -1
    private var tail = -1
    private var hand = -1

    init(limit: Int) { self.limit = limit }

    var count: Int { places.count }

    /// Nil: unknown, or expired, and then it goes.
    mutating func find(_ digest: AnswerDigest, at milliseconds: Int64) -> ShelvedAnswer? {
        guard let place = places[digest], let answer = slots[place].answer else { return nil }
        guard answer.answer.expiresMilliseconds > milliseconds else {
            remove(place)
            expired += 1
            return nil
        }
        slots[place].isVisited = true
        return answer
    }

    /// Puts an answer over one of the same digest. One that is larger than all the room there is stays away.
    mutating func keep(_ answer: ShelvedAnswer) {
        let digest = AnswerDigest(bytes: answer.answer.digest)
        if let known = places[digest] { remove(known) }
        guard answer.bytes <= limit else { return }
        makeRoom(for: answer.bytes)
        let place = free.popLast() ?? slots.count
        if place == slots.count { slots.append(Slot()) }
        slots[place] = Slot(answer: answer, newer: -1, older: head)
        if head >= 0 { slots[head].newer = place }
        head = place
        if tail < 0 { tail = place }
        places[digest] = place
        bytes += answer.bytes
    }

    /// Linear in what is kept. How many there were.
    mutating func forget(_ selection: CacheSelection) -> Int {
        let found = places.values.filter { slots[$0].answer.map { selection.holds($0.answer) } ?? false }
        for place in found { remove(place) }
        return found.count
    }

    private mutating func makeRoom(for size: Int) {
        while bytes + size > limit, tail >= 0 {
            var place = hand >= 0 ? hand : tail
            while slots[place].isVisited {
                slots[place].isVisited = false
                place = slots[place].newer >= 0 ? slots[place].newer : tail
            }
            hand = slots[place].newer
            remove(place)
            evicted += 1
        }
    }

    private mutating func remove(_ place: Int) {
        guard let answer = slots[place].answer else { return }
        let (newer, older) = (slots[place].newer, slots[place].older)
        if newer >= 0 { slots[newer].older = older } else { head = older }
        if older >= 0 { slots[older].newer = newer } else { tail = newer }
        if hand == place { hand = newer }
        bytes -= answer.bytes
        places[AnswerDigest(bytes: answer.answer.digest)] = nil
        slots[place] = Slot()
        free.append(place)
    }
}
