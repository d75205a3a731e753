import FoundationEssentials
import Routing

/// Vectors of length one that depend on the text alone.
enum MockEmbedding {
    static func seed(_ text: UnsafeRawBufferPointer) -> UInt64 { Random.hash(text) }

    static func vector(seed: UInt64, dimensions: Int) -> [Float] {
        var random = Random(seed: seed)
        let raw = (0..<dimensions).map { _ in random.unit() * 2 - 1 }
        let length = raw.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return raw.map { Float($0 / (length == 0 ? 1 : length)) }
    }

    /// As JSON: a list of numbers, or the little-endian floats in base 64.
    static func json(_ vector: [Float], base64: Bool) -> String {
        if !base64 { return "[" + vector.map { "\($0)" }.joined(separator: ",") + "]" }
        var bytes: [UInt8] = []
        for number in vector { withUnsafeBytes(of: number.bitPattern.littleEndian) { bytes += $0 } }
        return "\"\(Data(bytes).base64EncodedString())\""
    }
}
