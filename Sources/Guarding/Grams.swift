/// Two to four bytes, letters of ASCII in lower case, that stand in every match of an expression, and where in it.
struct Gram: Hashable, Sendable {
    /// The bytes, the last one lowest.
    var bytes: UInt32
    var length: Int
    /// How many bytes of a match precede them.
    var before: ClosedRange<Int>

    /// How far after a match's start its last byte stands at most.
    var reach: Int { before.upperBound + length - 1 }
}

/// Chooses for an expression the grams that a text must have one of for the expression to occur: the rarest there are.
struct GramChoice {
    /// A gram may follow the start of a match by so many bytes: streams hold that much back.
    static let maxBefore = 32
    private static let maxVariants = 16
    private static let maxGrams = 64
    /// Grams more frequent than that (a share of places in texts) save nothing.
    private static let maxFrequency = 0.05

    /// What an expression consists of, one after the other.
    private enum Item {
        /// One of these texts.
        case oneOf([[UInt8]])
        case branches([PatternNode], least: Int, most: Int)
        case gap(least: Int, most: Int)

        var lengths: (least: Int, most: Int) {
            switch self {
            case .oneOf(let texts): (texts.map(\.count).min() ?? 0, texts.map(\.count).max() ?? 0)
            case .branches(_, let least, let most), .gap(let least, let most): (least, most)
            }
        }
    }

    /// Nil: it has none, or only such as are everywhere.
    static func grams(of node: PatternNode) -> [Gram]? {
        guard let best = best(node), best.frequency <= maxFrequency else { return nil }
        return best.grams
    }

    private static func best(_ node: PatternNode) -> (grams: [Gram], frequency: Double)? {
        var items: [Item] = []
        flatten(node, into: &items)
        var best: (grams: [Gram], frequency: Double)?
        var before: (least: Int, most: Int) = (0, 0)
        for index in items.indices {
            guard before.most <= maxBefore else { break }
            let own =
                switch items[index] {
                case .oneOf: window(items[index...], before.least...before.most)
                case .branches(let branches, _, _): each(branches, before.least...before.most)
                case .gap: nil as [Gram]?
                }
            if let own {
                let frequency = own.reduce(0) { $0 + Self.frequency($1) }
                if frequency < best?.frequency ?? .infinity { best = (own, frequency) }
            }
            let lengths = items[index].lengths
            before = (before.least + lengths.least, min(before.most + lengths.most, maxBefore + 1))
        }
        return best
    }

    /// One gram for each branch; none if one of them has none.
    private static func each(_ branches: [PatternNode], _ before: ClosedRange<Int>) -> [Gram]? {
        var all: [Gram] = []
        for branch in branches {
            guard let own = best(branch)?.grams else { return nil }
            for gram in own {
                let (least, most) = (gram.before.lowerBound + before.lowerBound, gram.before.upperBound + before.upperBound)
                guard most <= maxBefore else { return nil }
                all.append(Gram(bytes: gram.bytes, length: gram.length, before: least...most))
            }
        }
        return all.isEmpty || all.count > maxGrams ? nil : all
    }

    /// The first bytes of these items, four if there are so many.
    private static func window(_ items: ArraySlice<Item>, _ before: ClosedRange<Int>) -> [Gram]? {
        var texts: [[UInt8]] = [[]]
        for item in items {
            guard case .oneOf(let next) = item, texts.count * next.count <= maxVariants, texts.contains(where: { $0.count < 4 }) else { break }
            texts = texts.flatMap { text in text.count >= 4 ? [text] : next.map { text + $0 } }
        }
        guard texts.allSatisfy({ $0.count >= 2 }) else { return nil }
        let grams = texts.map { text in
            Gram(bytes: text.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }, length: min(text.count, 4), before: before)
        }
        return Array(Set(grams)).sorted { ($0.length, $0.bytes) < ($1.length, $1.bytes) }
    }

    private static func flatten(_ node: PatternNode, into items: inout [Item]) {
        let (least, most) = node.lengths
        let longest = min(most ?? Int.max / 4, Int.max / 4)
        switch node {
        case .empty, .assertion: break
        case .group(_, let part): flatten(part, into: &items)
        case .sequence(let parts): for part in parts { flatten(part, into: &items) }
        case .set(let set): items.append(texts(of: set).map(Item.oneOf) ?? .gap(least: least, most: longest))
        case .either(let branches): items.append(.branches(branches, least: least, most: longest))
        case .repeated(let part, let count, let most, _):
            // The first few rounds of those that must be, then the rest.
            let written = min(count, 4)
            for _ in 0..<written { flatten(part, into: &items) }
            if most == written { break }
            let own = part.lengths
            let rest = most == nil || own.most == nil ? Int.max / 4 : longest
            items.append(.gap(least: max(0, least - written * own.least), most: rest))
        }
    }

    /// The few characters of a set in UTF-8, cases of ASCII being one.
    private static func texts(of set: ScalarSet) -> [[UInt8]]? {
        guard set.ranges.reduce(0, { $0 + $1.count }) <= 6 else { return nil }
        var texts: Set<[UInt8]> = []
        for range in set.ranges {
            for value in range {
                guard let scalar = Unicode.Scalar(value) else { return nil }
                texts.insert(UTF8.encode(scalar).map { $0.map(fold) } ?? [])
            }
        }
        return texts.isEmpty ? nil : texts.sorted { $0.lexicographicallyPrecedes($1) }
    }

    static func fold(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }

    /// About how often a gram stands in texts: bytes taken one by one, letters as in English.
    private static func frequency(_ gram: Gram) -> Double {
        var product = 1.0
        for index in 0..<gram.length {
            product *= frequency(UInt8(truncatingIfNeeded: gram.bytes >> UInt32(8 * index)))
            if index > 0, pairs.contains(UInt16(truncatingIfNeeded: gram.bytes >> UInt32(8 * index - 8))) { product *= 4 }
        }
        return product
    }

    /// Letters that like to stand together, in English.
    private static let pairs: Set<UInt16> = Set(
        "th he in er an re nd at on nt ha es st en ed to it ou ea hi is or ti as te et ng of al de se le sa si ar ve ra ld ur co me io"
            .split(separator: " ").map { $0.utf8.reduce(0) { $0 << 8 | UInt16($1) } })

    private static let letters: [Double] = [
        0.065, 0.012, 0.022, 0.034, 0.1, 0.018, 0.016, 0.049, 0.056, 0.001, 0.006, 0.032, 0.019, 0.054, 0.06, 0.015, 0.001, 0.048, 0.051, 0.073,
        0.022, 0.008, 0.019, 0.001, 0.016, 0.001,
    ]

    private static func frequency(_ byte: UInt8) -> Double {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"): letters[Int(byte) - 0x61]
        case UInt8(ascii: " "): 0.17
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "\n"), UInt8(ascii: "."), UInt8(ascii: ","), UInt8(ascii: "-"): 0.015
        case 0x80...: 0.05
        default: 0.004
        }
    }
}
