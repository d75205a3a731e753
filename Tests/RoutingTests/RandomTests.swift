import Routing
import Testing

@Suite("Random") struct RandomTests {
    @Test("a seed names one sequence on every platform")
    func sequence() {
        var random = Random(seed: 0)
        // xoshiro256++ from splitmix64 of 0: the generators' published reference code gives these.
        #expect(random.next() == 0x5317_5d61_490b_23df)
        var other = Random(seed: 1)
        var same = Random(seed: 1)
        for _ in 0..<100 { #expect(other.next() == same.next()) }
    }

    @Test("below and unit stay in range and fall evenly")
    func even() {
        var random = Random(seed: 9)
        var counts = Array(repeating: 0, count: 7)
        for _ in 0..<70_000 {
            counts[random.below(7)] += 1
            #expect((0..<1).contains(random.unit()))
        }
        for count in counts { #expect(abs(count - 10_000) < 400, "\(counts)") }
    }

    @Test("the exponential distribution has mean 1")
    func exponential() {
        var random = Random(seed: 9)
        let mean = (0..<50_000).reduce(0.0) { sum, _ in sum + random.exponential() } / 50_000
        #expect(abs(mean - 1) < 0.02)
    }

    @Test("texts of any length hash apart, and alike each time")
    func hashes() {
        var seen: Set<UInt64> = []
        for length in 0..<40 {
            for last in 0..<UInt8(4) {
                let bytes = Array(repeating: UInt8(0), count: length) + [last]
                let hash = bytes.withUnsafeBytes { Random.hash(bytes: $0) }
                #expect(hash == bytes.withUnsafeBytes { Random.hash(bytes: $0) })
                seen.insert(hash)
                seen.insert(Random.hash(bytes))
            }
        }
        #expect(seen.count == 2 * 40 * 4)
    }
}
