/// Compresses as gzip does (RFC 1951, 1952), for the console's files: some kilobytes of text, each once. One block with codes of its own;
/// time is linear in the text, with at most `mostTries` looks back at each place.
enum Deflate {
    /// A gzip file of one member.
    static func gzip(_ plain: [UInt8]) -> [UInt8] {
        // No name and no time: the same text is the same file. 255: which system made it is nobody's business.
        var bytes: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 2, 255]
        bytes += raw(plain)
        for number in [checksum(plain), UInt32(truncatingIfNeeded: plain.count)] {
            for shift in [0, 8, 16, 24] as [UInt32] { bytes.append(UInt8(truncatingIfNeeded: number >> shift)) }
        }
        return bytes
    }

    /// CRC-32 of IEEE 802.3, as gzip has it.
    static func checksum(_ bytes: [UInt8]) -> UInt32 {
        var sum = ~UInt32(0)
        for byte in bytes {
            sum ^= UInt32(byte)
            for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
        }
        return ~sum
    }

    private static func raw(_ plain: [UInt8]) -> [UInt8] {
        let parts = split(plain)
        var counts = (literals: [Int](repeating: 0, count: 286), distances: [Int](repeating: 0, count: 30))
        counts.literals[endOfBlock] = 1
        for part in parts {
            switch part {
            case .byte(let byte): counts.literals[Int(byte)] += 1
            case .copy(let length, let distance):
                counts.literals[257 + step(of: length, in: lengthSteps)] += 1
                counts.distances[step(of: distance, in: distanceSteps)] += 1
            }
        }
        let literals = PrefixCode(counts.literals, longest: 15)
        let distances = PrefixCode(counts.distances, longest: 15)
        var out = Bits()
        out.put(1, 1)  // the last block
        out.put(2, 2)  // with codes of its own
        describe(literals, distances, &out)
        for part in parts {
            switch part {
            case .byte(let byte): literals.put(Int(byte), &out)
            case .copy(let length, let distance):
                let (long, far) = (step(of: length, in: lengthSteps), step(of: distance, in: distanceSteps))
                literals.put(257 + long, &out)
                out.put(length - lengthSteps[long].from, lengthSteps[long].bits)
                distances.put(far, &out)
                out.put(distance - distanceSteps[far].from, distanceSteps[far].bits)
            }
        }
        literals.put(endOfBlock, &out)
        return out.whole()
    }

    private static let endOfBlock = 256

    // MARK: What stood before

    private enum Part {
        case byte(UInt8)
        case copy(length: Int, distance: Int)
    }

    private static let window = 32_768
    private static let shortest = 3
    private static let longest = 258
    private static let mostTries = 128

    private static func split(_ plain: [UInt8]) -> [Part] {
        var past = Past(plain)
        var parts: [Part] = []
        var at = 0
        while at < plain.count {
            let found = past.longest(at: at)
            past.note(at)
            guard let found else {
                parts.append(.byte(plain[at]))
                at += 1
                continue
            }
            // A longer copy that begins one byte later is worth that byte.
            if let later = past.longest(at: at + 1), later.length > found.length {
                parts.append(.byte(plain[at]))
                at += 1
                continue
            }
            parts.append(.copy(length: found.length, distance: found.distance))
            for place in at + 1..<at + found.length { past.note(place) }
            at += found.length
        }
        return parts
    }

    /// Where each three bytes stood before, the latest first.
    private struct Past {
        let plain: [UInt8]
        private var latest: [Int: Int] = [:]
        private var before: [Int]

        init(_ plain: [UInt8]) { (self.plain, before) = (plain, [Int](repeating: -1, count: plain.count)) }

        private func three(_ at: Int) -> Int? {
            at + Deflate.shortest <= plain.count ? Int(plain[at]) << 16 | Int(plain[at + 1]) << 8 | Int(plain[at + 2]) : nil
        }

        mutating func note(_ at: Int) {
            guard let key = three(at) else { return }
            before[at] = latest.updateValue(at, forKey: key) ?? -1
        }

        func longest(at: Int) -> (length: Int, distance: Int)? {
            guard let key = three(at), var place = latest[key] else { return nil }
            let most = min(Deflate.longest, plain.count - at)
            var best: (length: Int, distance: Int)?
            for _ in 0..<Deflate.mostTries where place >= 0 && at - place <= Deflate.window {
                var length = Deflate.shortest
                while length < most, plain[place + length] == plain[at + length] { length += 1 }
                if length > best?.length ?? 0 { best = (length, at - place) }
                if length == most { break }
                place = before[place]
            }
            return best
        }
    }

    // MARK: Codes

    private typealias Step = (from: Int, bits: Int)

    /// RFC 1951, 3.2.5: each step begins where the one before ends.
    private static let lengthSteps: [Step] =
        steps(from: shortest, [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5]) + [(longest, 0)]
    private static let distanceSteps: [Step] = steps(from: 1, [0, 0] + (0...13).flatMap { [$0, $0] })

    private static func steps(from first: Int, _ bits: [Int]) -> [Step] {
        var next = first
        return bits.map { bits in
            defer { next += 1 << bits }
            return (next, bits)
        }
    }

    private static func step(of value: Int, in steps: [Step]) -> Int { (steps.firstIndex { $0.from > value } ?? steps.count) - 1 }

    /// The lengths of both codes, themselves in a code (3.2.7). Runs are 16: the last again, 17 and 18: none.
    private static func describe(_ literals: PrefixCode, _ distances: PrefixCode, _ out: inout Bits) {
        let lengths = [literals, distances].enumerated().map { index, code in
            // At least 257 and 1 of them are said.
            let used = (code.lengths.lastIndex { $0 > 0 } ?? 0) + 1
            return Array(code.lengths.prefix(max(used, index == 0 ? 257 : 1)))
        }
        var marks: [(symbol: Int, more: Int, bits: Int)] = []
        var rest = (lengths[0] + lengths[1])[...]
        while let length = rest.first {
            var run = rest.prefix { $0 == length }.count
            rest.removeFirst(run)
            if length > 0 {
                marks.append((length, 0, 0))
                run -= 1
            }
            let (fewest, most) = (3, length > 0 ? 6 : 138)
            while run >= fewest {
                let now = min(run, most)
                marks.append(length > 0 ? (16, now - 3, 2) : now > 10 ? (18, now - 11, 7) : (17, now - 3, 3))
                run -= now
            }
            marks += Array(repeating: (length, 0, 0), count: run)
        }
        var counts = [Int](repeating: 0, count: 19)
        for mark in marks { counts[mark.symbol] += 1 }
        let code = PrefixCode(counts, longest: 7)
        let order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
        let said = max(4, (order.lastIndex { code.lengths[$0] > 0 } ?? 0) + 1)
        out.put(lengths[0].count - 257, 5)
        out.put(lengths[1].count - 1, 5)
        out.put(said - 4, 4)
        for symbol in order.prefix(said) { out.put(code.lengths[symbol], 3) }
        for mark in marks {
            code.put(mark.symbol, &out)
            out.put(mark.more, mark.bits)
        }
    }
}

/// The shortest prefix code for symbols that occur so often, none longer than `longest` bits: Larmore and Hirschberg's package-merge.
private struct PrefixCode {
    /// By symbol; 0: it does not occur.
    private(set) var lengths: [Int]
    /// With the first bit lowest, as they are sent.
    private var codes: [Int]

    private struct Package {
        var count: Int
        var symbols: [Int]

        func with(_ other: Package) -> Package { Package(count: count + other.count, symbols: symbols + other.symbols) }
    }

    init(_ counts: [Int], longest: Int) {
        lengths = [Int](repeating: 0, count: counts.count)
        codes = lengths
        let single = counts.indices.filter { counts[$0] > 0 }.map { Package(count: counts[$0], symbols: [$0]) }.sorted { $0.count < $1.count }
        // A code of one symbol has a bit all the same.
        if single.count == 1 { lengths[single[0].symbols[0]] = 1 }
        if single.count > 1 {
            var packages = single
            for _ in 1..<longest {
                let pairs = (0..<packages.count / 2).map { packages[2 * $0].with(packages[2 * $0 + 1]) }
                packages = (single + pairs).sorted { $0.count < $1.count }
            }
            for package in packages.prefix(2 * single.count - 2) { for symbol in package.symbols { lengths[symbol] += 1 } }
        }
        var code = 0
        for length in 1...longest {
            for symbol in lengths.indices where lengths[symbol] == length {
                codes[symbol] = (0..<length).reduce(0) { $0 | (code >> $1 & 1) << (length - 1 - $1) }
                code += 1
            }
            code <<= 1
        }
    }

    func put(_ symbol: Int, _ out: inout Bits) { out.put(codes[symbol], lengths[symbol]) }
}

/// Bits in bytes, the lowest first.
private struct Bits {
    private var bytes: [UInt8] = []
    private var kept = 0
    private var count = 0

    mutating func put(_ value: Int, _ bits: Int) {
        kept |= value << count
        count += bits
        while count >= 8 {
            bytes.append(UInt8(truncatingIfNeeded: kept))
            kept >>= 8
            count -= 8
        }
    }

    func whole() -> [UInt8] { count > 0 ? bytes + [UInt8(truncatingIfNeeded: kept)] : bytes }
}
