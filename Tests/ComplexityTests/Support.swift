import CWeights
import Complexity
import FoundationEssentials
import Testing

func bundledBytes() -> [UInt8] {
    let file = weights_complexity()
    return Array(UnsafeRawBufferPointer(start: file.bytes, count: file.count))
}

func scorer(_ bytes: [UInt8]) throws -> Scorer { try bytes.withUnsafeBytes { try Scorer(weights: $0) } }

extension Scorer {
    static func bundled() throws -> Scorer { try scorer(bundledBytes()) }

    func score(_ bytes: [UInt8]) -> Double { bytes.withUnsafeBytes { score($0) } }
    func score(_ text: String) -> Double { score(Array(text.utf8)) }
}

/// Bits of a score and the prompt they belong to, from the reference in Python.
func goldenVectors() throws -> [(bits: UInt64, prompt: [UInt8])] {
    let folder = URL(filePath: #filePath).deletingLastPathComponent()
    let text = try String(contentsOf: folder.appending(path: "Golden/vectors.txt"), encoding: .utf8)
    return text.split(separator: "\n").map { line in
        let parts = line.split(separator: " ", omittingEmptySubsequences: false)
        let digits = Array(parts[1].utf8)
        let prompt = stride(from: 0, to: digits.count, by: 2).map { UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16) ?? 0 }
        return (UInt64(parts[0], radix: 16) ?? 0, prompt)
    }
}

/// SplitMix64.
struct Random: RandomNumberGenerator {
    var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        return z ^ z >> 31
    }
}
