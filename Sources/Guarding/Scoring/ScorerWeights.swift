import CWeights

/// The file that training writes (`training/guardrails/train.py`, `layout`), read where it lies.
///
/// All numbers are little-endian. It is part of the binary and checked by a test, so nothing is checked when it is used.
struct ScorerWeights {
    static let scorers = 2
    static let bits = 17
    static let lexiconSlots = 4096
    static let farLatin: ClosedRange<UInt32> = 0x1E00...0x1EFF

    private static let headerBytes = 16
    private static let levelsAt = headerBytes + scorers * 12
    static let levelsEach = 1025
    private static let foldAt = levelsAt + 2056
    private static let twinsAt = foldAt + 2304 * 2
    private static let lexiconAt = twinsAt + 2048
    private static let weightsAt = lexiconAt + lexiconSlots * 4
    static let size = weightsAt + scorers << bits

    private let bytes = UnsafeRawPointer(weights_guardrails().bytes!)

    /// Class (high 4 bits) and reading of U+0000…U+07FF, then of U+1E00…U+1EFF.
    var fold: UnsafePointer<UInt16> { (bytes + Self.foldAt).assumingMemoryBound(to: UInt16.self) }
    /// The Latin letter that a letter or digit below U+0800 passes for, or 0.
    var twins: UnsafePointer<UInt8> { (bytes + Self.twinsAt).assumingMemoryBound(to: UInt8.self) }
    /// Low 20 bits of a word's hash, then 6 bits for the concept of each scorer; 0 is a free slot.
    var lexicon: UnsafePointer<UInt32> { (bytes + Self.lexiconAt).assumingMemoryBound(to: UInt32.self) }
    /// For the low 16 bits of hashes a bit whether a word of the lexicon has them: nine tenths of its slots are taken, so that a search for
    /// what does not stand in it is long, and most words of a text do not. 8 KiB, made once.
    static let mayKnow: [UInt64] = {
        var bits = [UInt64](repeating: 0, count: 1024)
        let lexicon = ScorerWeights().lexicon
        for slot in 0..<lexiconSlots where lexicon[slot] != 0 {
            let low = Int(lexicon[slot] >> 12 & 0xFFFF)
            bits[low >> 6] |= 1 << UInt64(low & 63)
        }
        return bits
    }()

    /// A pair for each feature: injection, toxicity.
    var weights: UnsafePointer<Int8> { (bytes + Self.weightsAt).assumingMemoryBound(to: Int8.self) }

    /// What every text begins with.
    func bias(_ scorer: Int) -> Int32 { number(Self.headerBytes + scorer * 12) }

    /// A sum of weights as parts of a thousand; 500 is the default threshold.
    func level(_ scorer: Int, of sum: Int32) -> Int {
        let threshold = number(Self.headerBytes + scorer * 12 + 4)
        let step = number(Self.headerBytes + scorer * 12 + 8)
        let middle = Int32(Self.levelsEach / 2)
        let place = min(max(0, sum - threshold + middle * step) / step, middle * 2)
        return Int(bytes.loadUnaligned(fromByteOffset: Self.levelsAt + Int(place) * 2, as: UInt16.self))
    }

    /// Counted up whenever the weights change.
    var version: Int { Int(bytes.loadUnaligned(fromByteOffset: 4, as: UInt16.self)) }
    var count: Int { weights_guardrails().count }
    /// CRC-32 of all that follows the header, as training wrote it.
    var checksum: UInt32 { bytes.loadUnaligned(fromByteOffset: 12, as: UInt32.self) }

    /// CRC-32 (IEEE 802.3) of what follows the header, computed.
    func computedChecksum() -> UInt32 {
        var state = ~UInt32(0)
        for place in Self.headerBytes..<count {
            state ^= UInt32(bytes.load(fromByteOffset: place, as: UInt8.self))
            for _ in 0..<8 { state = state & 1 == 1 ? state >> 1 ^ 0xEDB8_8320 : state >> 1 }
        }
        return ~state
    }

    private func number(_ place: Int) -> Int32 { bytes.loadUnaligned(fromByteOffset: place, as: Int32.self) }
}
