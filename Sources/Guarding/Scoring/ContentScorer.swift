/// How suspicious a text is, in parts of a thousand for each scorer. 500 and more is what the scorer is trained to hold back by default.
public struct ContentScore: Equatable, Sendable {
    /// An attempt to make the model act against those it works for: overriding its instructions, drawing them out, hidden commands.
    public var injection: Int
    /// Insults, threats, hate, sexual harassment, encouragement of self-harm.
    public var toxicity: Int
    /// Where the most suspicious part stands, in bytes of the text; about 12 to 36 words.
    public var injectionRange: Range<Int>
    public var toxicityRange: Range<Int>

    public static let threshold = 500
}

/// Scores texts for prompt injection and toxicity, both in one pass over the bytes, in parts of any size.
///
/// A text of any length is as suspicious as its most suspicious window of up to three blocks, so an attack hidden in a long document counts in
/// full. Integer arithmetic only: the same bytes give the same score on every machine, however they are cut. Linear in bytes; memory is
/// 512 bytes, allocated once: one value serves many texts. What it can and cannot do stands in docs/reference/guardrails.md.
public struct ContentScorer: ~Copyable {
    private let file = ScorerWeights()
    private let seen: UnsafeMutablePointer<UInt64>
    private var reader: FeatureReader
    /// A character under way: what it is so far, continuation bytes that are missing, and what the next may be.
    private var code: UInt32 = 0
    private var missing = 0
    private var low: UInt8 = 0x80
    private var high: UInt8 = 0xBF

    public init() {
        seen = .allocate(capacity: FeatureReader.seenWords)
        seen.initialize(repeating: 0, count: FeatureReader.seenWords)
        reader = FeatureReader(file, seen: seen)
    }

    deinit { seen.deallocate() }

    /// The version of the weights, for logs and reports.
    public static var version: Int { ScorerWeights().version }

    /// The next bytes of the text.
    public mutating func read(_ bytes: UnsafeBufferPointer<UInt8>) {
        for byte in bytes {
            if missing == 0, byte < 0x80 { reader.read(UInt32(byte)) } else { readLong(byte) }
            reader.offset += 1
        }
    }

    /// The score of the text, which is over; the next byte belongs to a new one.
    public mutating func finish() -> ContentScore {
        if missing > 0 { reader.read(0xFFFD) }
        missing = 0
        reader.end()
        let score = ContentScore(
            injection: file.level(0, of: file.bias(0) + (reader.injection.best ?? 0)),
            toxicity: file.level(1, of: file.bias(1) + (reader.toxicity.best ?? 0)),
            injectionRange: reader.injection.range, toxicityRange: reader.toxicity.range)
        reader = FeatureReader(file, seen: seen)
        return score
    }

    /// The score of a whole text.
    public mutating func score(_ bytes: UnsafeBufferPointer<UInt8>) -> ContentScore {
        read(bytes)
        return finish()
    }

    /// The score of the blocks that are over, while the text goes on. It never falls.
    public var standing: (injection: Int, toxicity: Int) {
        (
            reader.injection.best.map { file.level(0, of: file.bias(0) + $0) } ?? 0,
            reader.toxicity.best.map { file.level(1, of: file.bias(1) + $0) } ?? 0
        )
    }

    /// The sums behind the score, which is what golden vectors compare.
    mutating func sums(_ bytes: some Sequence<UInt8>) -> (injection: Int32, toxicity: Int32) {
        for byte in bytes { withUnsafePointer(to: byte) { read(UnsafeBufferPointer(start: $0, count: 1)) } }
        if missing > 0 { reader.read(0xFFFD) }
        missing = 0
        reader.end()
        defer { reader = FeatureReader(file, seen: seen) }
        return (file.bias(0) + (reader.injection.best ?? 0), file.bias(1) + (reader.toxicity.best ?? 0))
    }

    /// Strict UTF-8 (RFC 3629); what is none is read as U+FFFD, once or more.
    private mutating func readLong(_ byte: UInt8) {
        if missing > 0 {
            if low...high ~= byte {
                code = code << 6 | UInt32(byte & 0x3F)
                missing -= 1
                low = 0x80
                high = 0xBF
                if missing == 0 { reader.read(code) }
                return
            }
            missing = 0
            reader.read(0xFFFD)
        }
        low = 0x80
        high = 0xBF
        switch byte {
        case 0..<0x80: reader.read(UInt32(byte))
        case 0xC2...0xDF: begin(byte & 0x1F, missing: 1)
        case 0xE0...0xEF:
            begin(byte & 0x0F, missing: 2)
            if byte == 0xE0 { low = 0xA0 } else if byte == 0xED { high = 0x9F }
        case 0xF0...0xF4:
            begin(byte & 0x07, missing: 3)
            if byte == 0xF0 { low = 0x90 } else if byte == 0xF4 { high = 0x8F }
        default: reader.read(0xFFFD)
        }
    }

    private mutating func begin(_ bits: UInt8, missing count: Int) {
        code = UInt32(bits)
        missing = count
    }
}
