/// The line before a chunk: its size in hexadecimal digits, and CRLF.
public enum ChunkHeader {
    /// The most bytes that `write` needs.
    public static let largest = 18

    /// Writes the line for a chunk of `count` bytes, more than none, to `buffer`; how many bytes that took.
    public static func write(_ count: Int, to buffer: UnsafeMutableRawBufferPointer) -> Int {
        precondition(count > 0, "a chunk without bytes would end the body")
        let digits = (Int.bitWidth - count.leadingZeroBitCount + 3) / 4
        precondition(buffer.count >= digits + 2, "no room for a chunk's size")
        var rest = count
        for index in stride(from: digits - 1, through: 0, by: -1) {
            let digit = UInt8(truncatingIfNeeded: rest & 15)
            buffer[index] = digit < 10 ? digit + 0x30 : digit + 0x57
            rest >>= 4
        }
        buffer[digits] = .carriageReturn
        buffer[digits + 1] = .lineFeed
        return digits + 2
    }
}
