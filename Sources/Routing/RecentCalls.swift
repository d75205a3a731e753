/// The calls of the last quarter of an hour, the newest 128 of them, one by one: the oldest leaves when it is too old or a new one
/// needs its place. What is asked on every decision is kept as sums.
struct RecentCalls: Sendable {
    static let capacity = 128
    static let maxAge = Duration.seconds(900)

    private var ring: [CallSample] = []
    private var first = 0
    private(set) var count = 0
    private(set) var sums = CallSums()
    /// When the oldest came; far away where there is none.
    private var oldest = Instant.distantFuture

    mutating func add(_ sample: CallSample) {
        if ring.isEmpty { ring.reserveCapacity(Self.capacity) }
        if count == Self.capacity { dropOldest() }
        let place = (first + count) & (Self.capacity - 1)
        if place < ring.count { ring[place] = sample } else { ring.append(sample) }
        if count == 0 { oldest = sample.at }
        count += 1
        sums += sample
    }

    @inline(__always)
    mutating func expire(at now: Instant) {
        if oldest < now + (.zero - Self.maxAge) { dropOld(before: now + (.zero - Self.maxAge)) }
    }

    private mutating func dropOld(before limit: Instant) { while count > 0, oldest < limit { dropOldest() } }

    private mutating func dropOldest() {
        sums -= ring[first]
        first = (first + 1) & (Self.capacity - 1)
        count -= 1
        oldest = count == 0 ? .distantFuture : ring[first].at
    }

    /// Of a shorter time, back from the newest: linear in the calls within it.
    func sums(since start: Instant) -> CallSums {
        var sums = CallSums()
        for offset in stride(from: count - 1, through: 0, by: -1) {
            let sample = ring[(first + offset) & (Self.capacity - 1)]
            if sample.at < start { break }
            sums += sample
        }
        return sums
    }

    /// Half of the calls were at most as slow. Nil without any. Linear, on the stack.
    func median(firstByte: Bool) -> Double? {
        withUnsafeTemporaryAllocation(of: Int64.self, capacity: Self.capacity) { values in
            var filled = 0
            for offset in 0..<count {
                let sample = ring[(first + offset) & (Self.capacity - 1)]
                let value = firstByte ? sample.firstByte : sample.perToken
                if value < 0 { continue }
                values[filled] = value
                filled += 1
            }
            return filled == 0 ? nil : Double(Self.select((filled - 1) / 2, values, filled)) * 1e-9
        }
    }

    /// The value that would stand at `rank` were they sorted (Hoare's quickselect).
    private static func select(_ rank: Int, _ values: UnsafeMutableBufferPointer<Int64>, _ count: Int) -> Int64 {
        var low = 0
        var high = count - 1
        while low < high {
            let pivot = values[(low + high) / 2]
            var left = low
            var right = high
            while left <= right {
                while values[left] < pivot { left += 1 }
                while values[right] > pivot { right -= 1 }
                if left <= right {
                    values.swapAt(left, right)
                    left += 1
                    right -= 1
                }
            }
            if rank <= right { high = right } else if rank >= left { low = left } else { break }
        }
        return values[rank]
    }
}
