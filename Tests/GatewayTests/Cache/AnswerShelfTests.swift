import Storage
import Testing

@testable import Gateway

@Suite("Answers in memory") struct AnswerShelfTests {
    static func digest(_ number: Int) -> [UInt8] { withUnsafeBytes(of: number.littleEndian) { Array($0) } + Array(repeating: 0, count: 24) }

    static func answer(_ number: Int, key: String = "k", route: String = "r", expires: Int64 = .max, size: Int = 1_000) -> ShelvedAnswer {
        ShelvedAnswer(
            CachedAnswer(
                digest: digest(number), key: key, route: route, storedMilliseconds: 0, expiresMilliseconds: expires, worth: nil,
                contentType: "t", lines: [], body: Array(repeating: UInt8(truncatingIfNeeded: number), count: size)))
    }

    private func find(_ number: Int, in shelf: inout AnswerShelf, at now: Int64 = 0) -> Bool {
        shelf.find(AnswerDigest(bytes: Self.digest(number)), at: now) != nil
    }

    @Test("an answer is found until it expires, and then it is gone")
    func expires() {
        var shelf = AnswerShelf(limit: 10_000)
        shelf.keep(Self.answer(1, expires: 100))
        #expect(find(1, in: &shelf, at: 99))
        #expect(!find(1, in: &shelf, at: 100))
        #expect(!find(1, in: &shelf, at: 99))
        #expect(shelf.bytes == 0)
        #expect(shelf.expired == 1)
    }

    @Test("the bound in bytes holds at every step", arguments: [1, 2, 3, 4] as [UInt64])
    func bounded(seed: UInt64) {
        var random = Seeded(seed)
        var shelf = AnswerShelf(limit: 50_000)
        var kept: [Int: Int] = [:]
        for _ in 0..<5_000 {
            let number = Int.random(in: 0..<200, using: &random)
            switch Int.random(in: 0..<10, using: &random) {
            case 0...5:
                let answer = Self.answer(number, size: Int.random(in: 0..<9_000, using: &random))
                shelf.keep(answer)
                kept[number] = answer.bytes
            case 6...8:
                if let found = shelf.find(AnswerDigest(bytes: Self.digest(number)), at: 0) { #expect(found.bytes == kept[number]) }
            default:
                if Bool.random(using: &random) {
                    _ = shelf.forget(CacheSelection(key: "other"))
                } else {
                    shelf.limit = Int.random(in: 0..<50_000, using: &random)
                }
            }
            #expect(shelf.bytes <= shelf.limit)
            let sizes = (0..<200).compactMap { kept[$0] != nil ? shelf.find(AnswerDigest(bytes: Self.digest($0)), at: 0)?.bytes : nil }
            #expect(sizes.reduce(0, +) == shelf.bytes)
            #expect(sizes.count == shelf.count)
        }
    }

    @Test("answers that are asked for again outlast a flood of those that are not")
    func resistsScans() {
        var shelf = AnswerShelf(limit: 100 * Self.answer(0).bytes)
        for number in 0..<50 { shelf.keep(Self.answer(number)) }
        for round in 0..<200 {
            for number in 0..<50 where number % 2 == 0 { #expect(find(number, in: &shelf), "\(number) in round \(round)") }
            for number in 0..<20 { shelf.keep(Self.answer(1_000 + round * 20 + number)) }
        }
        #expect(shelf.evicted > 3_000)
    }

    @Test("one that is larger than all the room stays away, and takes nobody else's")
    func tooLarge() {
        var shelf = AnswerShelf(limit: 5_000)
        shelf.keep(Self.answer(1))
        shelf.keep(Self.answer(2, size: 6_000))
        #expect(find(1, in: &shelf))
        #expect(!find(2, in: &shelf))
    }

    @Test("less room takes effect at once, and none keeps nothing")
    func shrinks() {
        var shelf = AnswerShelf(limit: 1 << 20)
        for number in 0..<100 { shelf.keep(Self.answer(number)) }
        shelf.limit = 10_000
        #expect(shelf.bytes <= 10_000)
        shelf.limit = 0
        #expect(shelf.count == 0)
        shelf.keep(Self.answer(1))
        #expect(shelf.count == 0)
    }

    @Test("only what is selected is forgotten")
    func forgets() {
        var shelf = AnswerShelf(limit: 1 << 20)
        for number in 0..<12 { shelf.keep(Self.answer(number, key: "k\(number % 2)", route: "r\(number % 3)")) }
        #expect(shelf.forget(CacheSelection(key: "k0", route: "r0")) == 2)
        #expect(shelf.forget(CacheSelection(key: "k0")) == 4)
        #expect(shelf.forget(CacheSelection(route: "r1")) == 2)
        #expect(shelf.forget(CacheSelection()) == 4)
        #expect(shelf.bytes == 0)
    }
}

/// splitmix64.
private struct Seeded: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
