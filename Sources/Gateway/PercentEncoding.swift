/// Percent-encoded text as paths have it.
enum PercentEncoding {
    /// What is not a valid escape stays as it is; the parser has refused those already.
    static func decoded(_ bytes: UnsafeRawBufferPointer) -> String { String(decoding: self.bytes(bytes), as: UTF8.self) }

    /// The same as bytes.
    static func bytes(_ bytes: some RandomAccessCollection<UInt8>) -> [UInt8] {
        let bytes = Array(bytes)
        var plain: [UInt8] = []
        var at = 0
        while at < bytes.count {
            if bytes[at] == UInt8(ascii: "%"), at + 2 < bytes.count, let high = digit(bytes[at + 1]), let low = digit(bytes[at + 2]) {
                plain.append(high << 4 | low)
                at += 3
            } else {
                plain.append(bytes[at])
                at += 1
            }
        }
        return plain
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }
}
