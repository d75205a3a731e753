/// Text to look for in other text: linear in both (Knuth, Morris and Pratt). Ignoring case, letters of ASCII are alike byte by byte.
final class Needle: Sendable {
    private let bytes: [UInt8]
    /// Length of the longest proper prefix of `bytes[0...i]` that is also its end.
    private let borders: [Int]
    private let ignoresCase: Bool

    init(_ text: String, ignoringCase: Bool) {
        let bytes = text.utf8.map { ignoringCase ? Self.lower($0) : $0 }
        var borders = Array(repeating: 0, count: bytes.count)
        var matched = 0
        for index in bytes.indices.dropFirst() {
            while matched > 0, bytes[index] != bytes[matched] { matched = borders[matched - 1] }
            if bytes[index] == bytes[matched] { matched += 1 }
            borders[index] = matched
        }
        self.bytes = bytes
        self.borders = borders
        ignoresCase = ignoringCase
    }

    func stands(in text: UnsafeBufferPointer<UInt8>) -> Bool {
        if bytes.isEmpty { return true }
        var matched = 0
        for byte in text {
            let byte = ignoresCase ? Self.lower(byte) : byte
            while matched > 0, byte != bytes[matched] { matched = borders[matched - 1] }
            if byte == bytes[matched] { matched += 1 }
            if matched == bytes.count { return true }
        }
        return false
    }

    func begins(_ text: UnsafeBufferPointer<UInt8>) -> Bool { text.count >= bytes.count && isEqual(text, from: 0) }
    func ends(_ text: UnsafeBufferPointer<UInt8>) -> Bool { text.count >= bytes.count && isEqual(text, from: text.count - bytes.count) }

    /// The same letters, whatever their case.
    static func areAlike(_ left: String, _ right: String) -> Bool {
        left.utf8.count == right.utf8.count && zip(left.utf8, right.utf8).allSatisfy { lower($0) == lower($1) }
    }

    private func isEqual(_ text: UnsafeBufferPointer<UInt8>, from start: Int) -> Bool {
        for index in bytes.indices where (ignoresCase ? Self.lower(text[start + index]) : text[start + index]) != bytes[index] { return false }
        return true
    }

    private static func lower(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }
}

extension Needle: Hashable {
    static func == (left: Needle, right: Needle) -> Bool { left.bytes == right.bytes && left.ignoresCase == right.ignoresCase }
    func hash(into hasher: inout Hasher) { hasher.combine(bytes) }
}
