/// Which rules have which grams, looked up at every byte of a text: a bit for the hash of the last bytes, and behind it the rules.
struct GramTable: Sendable {
    private struct Entry {
        var bytes: UInt32
        var length: UInt8
        var rule: Int32
        var before: (Int32, Int32)
    }

    private static let hashBits: UInt32 = 16
    private var bits: [UInt64] = Array(repeating: 0, count: 1 << 10)
    /// Where the entries of a hash begin.
    private var buckets: [Int32] = []
    private var entries: [Entry] = []
    private var hasLength: (two: Bool, three: Bool, four: Bool) = (false, false, false)

    init(_ rules: [(rule: Int, grams: [Gram])]) {
        var byHash: [(hash: Int, entry: Entry)] = []
        for (rule, grams) in rules {
            for gram in grams {
                let entry = Entry(
                    bytes: gram.bytes, length: UInt8(gram.length), rule: Int32(rule),
                    before: (Int32(gram.before.lowerBound), Int32(gram.before.upperBound)))
                byHash.append((Self.hash(gram.bytes, gram.length), entry))
            }
        }
        byHash.sort { ($0.hash, $0.entry.rule) < ($1.hash, $1.entry.rule) }
        buckets = Array(repeating: 0, count: (1 << Int(Self.hashBits)) + 1)
        for (hash, entry) in byHash {
            bits[hash >> 6] |= 1 << UInt64(hash & 63)
            buckets[hash + 1] += 1
            entries.append(entry)
            switch entry.length {
            case 2: hasLength.two = true
            case 3: hasLength.three = true
            default: hasLength.four = true
            }
        }
        for index in 1..<buckets.count { buckets[index] += buckets[index - 1] }
    }

    var isEmpty: Bool { entries.isEmpty }

    @inline(__always)
    private static func hash(_ bytes: UInt32, _ length: Int) -> Int {
        Int(truncatingIfNeeded: ((bytes ^ UInt32(length) &* 0x5bd1_e995) &* 0x9e37_79b1) >> (32 - hashBits))
    }

    /// Looks at `text[from..<to]`, `window` being the four bytes before. Says rules and the places where their matches may start.
    func scan(
        _ text: UnsafeBufferPointer<UInt8>, _ from: Int, _ to: Int, _ window: inout UInt32, base: Int,
        found: (_ rule: Int, _ starts: ClosedRange<Int>) -> Void
    ) {
        guard from < to else { return }
        var last = window
        let (two, three, four) = hasLength
        let isFourOnly = four && !three && !two
        bits.withUnsafeBufferPointer { bits in
            for at in from..<to {
                last = last << 8 | UInt32(GramChoice.fold(text[at]))
                if four {
                    let hash = Self.hash(last, 4)
                    if bits[hash >> 6] >> UInt64(hash & 63) & 1 != 0 { tell(hash, last, 4, base + at, found) }
                }
                if isFourOnly { continue }
                if three {
                    let hash = Self.hash(last & 0xff_ffff, 3)
                    if bits[hash >> 6] >> UInt64(hash & 63) & 1 != 0 { tell(hash, last & 0xff_ffff, 3, base + at, found) }
                }
                if two {
                    let hash = Self.hash(last & 0xffff, 2)
                    if bits[hash >> 6] >> UInt64(hash & 63) & 1 != 0 { tell(hash, last & 0xffff, 2, base + at, found) }
                }
            }
        }
        window = last
    }

    private func tell(_ hash: Int, _ bytes: UInt32, _ length: UInt8, _ place: Int, _ found: (Int, ClosedRange<Int>) -> Void) {
        let first = place - Int(length) + 1
        for index in Int(buckets[hash])..<Int(buckets[hash + 1]) {
            let entry = entries[index]
            guard entry.bytes == bytes, entry.length == length, first >= Int(entry.before.0) else { continue }
            found(Int(entry.rule), max(0, first - Int(entry.before.1))...(first - Int(entry.before.0)))
        }
    }
}
