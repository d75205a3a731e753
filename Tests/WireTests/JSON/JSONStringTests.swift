import CBytes
import Testing

@testable import Wire

@Suite("JSON strings") struct JSONStringTests {
    /// Where the string that begins at the first byte ends, and how; the slow and obvious way.
    static func naive(_ bytes: [UInt8]) -> (at: Int, status: Int, escaped: Bool) {
        var i = 0
        var escaped = false
        func ended(_ at: Int, _ status: Int) -> (Int, Int, Bool) {
            if let bad = wrongCharacter(bytes[..<at]) { return (bad, cjson_utf8, escaped) }
            return (at, status, escaped)
        }
        while i < bytes.count {
            switch bytes[i] {
            case 0x22: return ended(i, cjson_closed)
            case 0..<0x20: return ended(i, cjson_control)
            case 0x5c:
                escaped = true
                guard i + 1 < bytes.count else { return ended(bytes.count, cjson_cut) }
                if bytes[i + 1] < 0x20 { return ended(i + 1, cjson_control) }
                guard Array("\"\\/bfnrtu".utf8).contains(bytes[i + 1]) else { return ended(i + 1, cjson_escape) }
                if bytes[i + 1] == UInt8(ascii: "u") {
                    for digit in i + 2..<i + 6 {
                        guard digit < bytes.count else { return ended(bytes.count, cjson_cut) }
                        guard Array("0123456789abcdefABCDEF".utf8).contains(bytes[digit]) else { return ended(digit, cjson_hex) }
                    }
                    i += 4
                }
                i += 2
            default: i += 1
            }
        }
        return ended(bytes.count, cjson_cut)
    }

    /// Where the first sequence begins that is no character.
    static func wrongCharacter(_ bytes: ArraySlice<UInt8>) -> Int? {
        var i = bytes.startIndex
        while i < bytes.endIndex {
            let lengths = 1...min(4, bytes.endIndex - i)
            guard let length = lengths.first(where: { String(validating: bytes[i..<i + $0], as: UTF8.self) != nil }) else { return i }
            i += length
        }
        return nil
    }

    @Test("both string readers end where the naive one does", arguments: 1...60 as ClosedRange<UInt64>)
    func sameAsNaive(seed: UInt64) {
        var random = SplitMix(seed: seed)
        let pieces: [[UInt8]] = ["\\\\", "\\\"", "\\n", "\\u00e9", "\\/", "é", "日本", "𝄞", "plain text of some length", "a", " "].map {
            Array($0.utf8)
        }
        let rare: [[UInt8]] = [
            [0x22], [0x5c], [0x01], [0x80], [0xe2, 0x82], Array("\\x".utf8), Array("\\u12g4".utf8), Array("\\u1".utf8), [0xed, 0xa0, 0x80],
        ]
        for _ in 0..<200 {
            var text: [UInt8] = []
            let chance = Int.random(in: 5...60, using: &random)
            for _ in 0..<Int.random(in: 0...40, using: &random) {
                text += (Int.random(in: 0..<chance, using: &random) == 0 ? rare : pieces).randomElement(using: &random)!
            }
            let expected = Self.naive(text)
            text.withUnsafeBufferPointer { buffer in
                guard let base = buffer.baseAddress else { return }
                for read in [cjson_long_string, cjson_long_string_baseline, cjson_string] {
                    let ended = read(base, base + buffer.count)
                    let same = ended.at - base == expected.at && Int(ended.status) == expected.status
                    #expect(same, "seed \(seed): \(text), \(ended.at - base) \(ended.status), not \(expected)")
                    if ended.status == cjson_closed { #expect((ended.escaped != 0) == expected.escaped) }
                }
            }
        }
    }

    @Test("a quote is found behind every length and alignment")
    func everyLength() {
        for length in 0..<300 {
            let text = [UInt8](repeating: UInt8(ascii: "x"), count: length) + [0x22, 0x5c, 0x01]
            text.withUnsafeBufferPointer { buffer in
                guard let base = buffer.baseAddress else { return }
                for start in 0...min(length, 20) {
                    #expect(cjson_string(base + start, base + buffer.count).at == base + length)
                    #expect(cjson_long_string_baseline(base + start, base + buffer.count).at == base + length)
                }
            }
        }
    }
}
