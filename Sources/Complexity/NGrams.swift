/// Which n-grams a prompt has, and what the heads say to them. Each counts once.
struct NGrams {
    private let bits: Int
    private let heads: Int
    private let rows: UnsafePointer<Int8>
    private let present: UnsafeMutableBufferPointer<UInt64>
    private let sums: UnsafeMutableBufferPointer<Int32>
    private(set) var count = 0
    /// How often one was looked up, which is what the time of a scan goes with.
    private(set) var looks = 0

    init(
        _ weights: Weights, _ rows: UnsafePointer<Int8>, present: UnsafeMutableBufferPointer<UInt64>, sums: UnsafeMutableBufferPointer<Int32>
    ) {
        bits = weights.shape.bits
        heads = weights.shape.heads
        self.rows = rows
        self.present = present
        self.sums = sums
        present.initialize(repeating: 0)
        sums.initialize(repeating: 0)
    }

    /// 1 if the n-gram, or another in its row, was not seen before.
    @discardableResult mutating func see(_ hash: UInt32) -> Int {
        looks += 1
        let row = Int(Self.mix(hash) >> UInt32(32 - bits))
        let bit: UInt64 = 1 << UInt64(row & 63)
        guard present[row >> 6] & bit == 0 else { return 0 }
        present[row >> 6] |= bit
        count += 1
        let weights = rows + row * heads
        for head in 0..<heads { sums[head] &+= Int32(weights[head]) }
        return 1
    }

    /// The last mixing of MurmurHash3, 32 bits.
    private static func mix(_ hash: UInt32) -> UInt32 {
        var h = hash
        h = (h ^ h >> 16) &* 0x85eb_ca6b
        h = (h ^ h >> 13) &* 0xc2b2_ae35
        return h ^ h >> 16
    }
}
