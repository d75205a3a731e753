import Testing

@testable import Bench

@Suite("Ring") struct RingTests {
    @Test("gives back in order, also when it has wrapped and grown")
    func order() {
        var ring = Ring<Int>()
        var next = 0
        var expected = 0
        for step in 0..<2_000 {
            ring.append(next)
            next += 1
            if step % 3 == 2 {
                #expect(ring.removeFirst() == expected)
                expected += 1
            }
        }
        while let first = ring.first {
            #expect(ring.removeFirst() == first)
            #expect(first == expected)
            expected += 1
        }
        #expect(expected == next)
        #expect(ring.isEmpty && ring.removeFirst() == nil)
    }
}
