/// A set of characters as ranges of their numbers: sorted, apart from each other.
struct ScalarSet: Hashable, Sendable {
    private(set) var ranges: [ClosedRange<UInt32>] = []

    init() {}
    init(_ ranges: ClosedRange<Unicode.Scalar>...) { for range in ranges { insert(range) } }
    init(_ scalar: Unicode.Scalar, ignoringCase: Bool) {
        insert(scalar...scalar)
        if ignoringCase { addOtherCases() }
    }

    static let all = ScalarSet("\0"..."\u{10FFFF}")
    static let allButNewline = ScalarSet("\n"..."\n").inverted
    static let digits = ScalarSet("0"..."9")
    static let words = ScalarSet("0"..."9", "A"..."Z", "_"..."_", "a"..."z")
    static let spaces = ScalarSet("\t"..."\r", " "..." ")
    static let named: [String: ScalarSet] = [
        "alpha": ScalarSet("A"..."Z", "a"..."z"), "digit": digits, "alnum": ScalarSet("0"..."9", "A"..."Z", "a"..."z"), "word": words,
        "space": spaces, "upper": ScalarSet("A"..."Z"), "lower": ScalarSet("a"..."z"), "blank": ScalarSet(" "..." ", "\t"..."\t"),
        "punct": ScalarSet("!"..."/", ":"..."@", "["..."`", "{"..."~"), "xdigit": ScalarSet("0"..."9", "A"..."F", "a"..."f"),
        "cntrl": ScalarSet("\0"..."\u{1f}", "\u{7f}"..."\u{7f}"), "print": ScalarSet(" "..."~"), "graph": ScalarSet("!"..."~"),
    ]

    mutating func insert(_ range: ClosedRange<Unicode.Scalar>) { insert(range.lowerBound.value...range.upperBound.value) }

    mutating func formUnion(_ other: ScalarSet) { for range in other.ranges { insert(range) } }

    private mutating func insert(_ range: ClosedRange<UInt32>) {
        var (low, high) = (range.lowerBound, range.upperBound)
        let first = ranges.firstIndex { $0.upperBound &+ 1 >= low } ?? ranges.count
        var last = first
        while last < ranges.count, ranges[last].lowerBound <= high &+ 1 {
            low = min(low, ranges[last].lowerBound)
            high = max(high, ranges[last].upperBound)
            last += 1
        }
        ranges.replaceSubrange(first..<last, with: [low...high])
    }

    var inverted: ScalarSet {
        var result = ScalarSet()
        var next: UInt32 = 0
        for range in ranges {
            if range.lowerBound > next { result.ranges.append(next...range.lowerBound - 1) }
            next = range.upperBound + 1
        }
        if next <= 0x10FFFF { result.ranges.append(next...0x10FFFF) }
        return result
    }

    /// Characters whose upper or lower case is a single other one bring it along. Ranges of more than 2,048 characters beyond ASCII
    /// are left as they are: they hold both cases of what people write.
    mutating func addOtherCases() {
        for range in ranges {
            guard range.count <= 2048 else {
                for value in range.prefix(128) { addOtherCase(value) }
                continue
            }
            for value in range { addOtherCase(value) }
        }
    }

    private mutating func addOtherCase(_ value: UInt32) {
        guard let scalar = Unicode.Scalar(value) else { return }
        for mapped in [scalar.properties.lowercaseMapping, scalar.properties.uppercaseMapping] {
            let scalars = mapped.unicodeScalars
            // The two of ASCII have relatives elsewhere (the Kelvin sign); nobody means those.
            if scalars.count == 1, let other = scalars.first, other != scalar { insert(other...other) }
        }
    }
}
