/// A text as it is scanned: what a reader sees rather than what bytes are there. Characters without width go, spaces, dashes, quotes and
/// digits become ASCII's, styled letters (fullwidth, mathematical, circled, small capitals) and invisible tag characters become the letters
/// they show, Cyrillic and Greek letters in Latin words become the Latin ones they look like, and letters lower case if wanted.
///
/// `original(_:)` leads a range of the result back to the bytes it came from, which is what gets masked. The result is never longer than
/// the text. One value serves many texts: its buffers are used again. Linear; nothing is allocated for a character.
public struct Normalizer: Sendable {
    public struct Options: OptionSet, Sendable {
        public let rawValue: UInt8
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        /// Lower case (Latin, Greek, Cyrillic, Armenian). Keys and codes of accounts are not to be found in it any more.
        public static let foldingCase = Self(rawValue: 1)
        /// Short base64 payloads are decoded beside the text: `payloads`.
        public static let decoding = Self(rawValue: 2)
    }

    /// What a piece of base64 says, where it is text.
    public struct Payload: Sendable, Equatable {
        /// Where it stands in the text as it came.
        public let original: Range<Int>
        public let bytes: [UInt8]
    }

    /// Longer texts are scanned up to here; what remains is `unread`.
    public static let maxBytes = 1 << 30

    public let options: Options
    /// The text as it is scanned; not more than `count` bytes of it.
    private var buffer: [UInt8] = []
    public private(set) var count = 0
    /// Where the text does not go on as it came: of two neighbours, the bytes between them in both texts correspond.
    private(set) var marks: [Mark] = []
    /// Letters of Latin, and of scripts that look like it, in what came before, where this is a piece of a text.
    var before = (latin: 0, other: 0)
    private var isSame = false
    public private(set) var payloads: [Payload] = []
    public private(set) var unread = 0

    struct Mark: Sendable {
        var normalized: UInt32
        var original: UInt32
    }

    public init(_ options: Options = []) { self.options = options }

    /// Whether the last text is scanned byte for byte as it came.
    public var isIdentity: Bool { isSame }

    /// Forgets the text before.
    public mutating func read(_ whole: UnsafeBufferPointer<UInt8>) {
        let text = UnsafeBufferPointer(rebasing: whole.prefix(Self.maxBytes))
        unread = whole.count - text.count
        marks.removeAll(keepingCapacity: true)
        payloads.removeAll(keepingCapacity: true)
        if buffer.count < text.count { buffer = Array(repeating: 0, count: max(text.count, min(buffer.count * 2, Self.maxBytes))) }
        let foldsCase = options.contains(.foldingCase)
        isSame = !foldsCase
        if Self.isASCII(text) {
            count = text.count
            buffer.withUnsafeMutableBufferPointer { Self.copy(text, to: $0, foldingCase: foldsCase) }
        } else {
            var writing = NormalizerWriting(text, foldsCase: foldsCase, marks: marks, before: before)
            marks = []
            count = buffer.withUnsafeMutableBufferPointer { writing.write(to: $0) }
            swap(&marks, &writing.marks)
            isSame = isSame && marks.isEmpty
        }
        if options.contains(.decoding) { Base64Payloads.find(in: text) { payloads.append(Payload(original: $0, bytes: $1)) } }
    }

    public mutating func read(_ text: [UInt8]) { text.withUnsafeBufferPointer { read($0) } }

    /// The text as it is scanned.
    public func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) throws -> Result) rethrows -> Result {
        try buffer.withUnsafeBufferPointer { try body(UnsafeBufferPointer(rebasing: $0.prefix(count))) }
    }

    /// A copy of it.
    public var bytes: [UInt8] { Array(buffer.prefix(count)) }

    /// The bytes of the text as it came that a range of the scanned one stands for: whole characters, and what is invisible between them.
    public func original(_ range: Range<Int>) -> Range<Int> {
        guard !marks.isEmpty else { return range }
        let lower = original(of: range.lowerBound, asEnd: false)
        return lower..<max(lower, original(of: range.upperBound, asEnd: true))
    }

    /// Binary search among the marks.
    private func original(of offset: Int, asEnd: Bool) -> Int {
        // An end looks at the piece before it, a start at the one after.
        var (low, high) = (0, marks.count)
        while low < high {
            let middle = (low + high) / 2
            let at = Int(marks[middle].normalized)
            if asEnd ? at < offset : at <= offset { low = middle + 1 } else { high = middle }
        }
        guard low > 0 else { return offset }
        let mark = marks[low - 1]
        let inside = offset - Int(mark.normalized)
        guard low < marks.count else { return Int(mark.original) + inside }
        let next = marks[low]
        let (width, length) = (Int(next.normalized - mark.normalized), Int(next.original - mark.original))
        if width == length { return Int(mark.original) + inside }
        return asEnd ? Int(next.original) : Int(mark.original)
    }

    private static func isASCII(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        var all: UInt8 = 0
        for byte in text { all |= byte }
        return all < 0x80
    }

    private static func copy(_ text: UnsafeBufferPointer<UInt8>, to target: UnsafeMutableBufferPointer<UInt8>, foldingCase: Bool) {
        guard let from = text.baseAddress, let to = target.baseAddress else { return }
        if foldingCase {
            for index in 0..<text.count {
                let byte = from[index]
                to[index] = byte | (byte &- 0x41 < 26 ? 0x20 : 0)
            }
        } else {
            to.update(from: from, count: text.count)
        }
    }
}
