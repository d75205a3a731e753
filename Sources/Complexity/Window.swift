/// What is read of a prompt: its first 4 KB and its last 2 KB, in lower case.
enum Window {
    static let head = 4096
    static let tail = 2048
    static let capacity = head + tail + 1

    /// Returns how many bytes were written. A line feed stands where something is left out.
    static func copy(_ prompt: UnsafeRawBufferPointer, into buffer: UnsafeMutableBufferPointer<UInt8>) -> Int {
        var count = 0
        func take(_ bytes: UnsafeRawBufferPointer.SubSequence) {
            for byte in bytes {
                buffer[count] = 0x41...0x5a ~= byte ? byte | 0x20 : byte
                count += 1
            }
        }
        if prompt.count <= head + tail {
            take(prompt[...])
        } else {
            take(prompt.prefix(head))
            buffer[count] = 0x0a
            count += 1
            take(prompt.suffix(tail))
        }
        fold(UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
        return count
    }

    /// Capitals of Latin-1, Greek and Cyrillic, each two bytes long as is its small letter.
    private static func fold(_ bytes: UnsafeMutableBufferPointer<UInt8>) {
        var i = 0
        while i + 1 < bytes.count {
            let next = bytes[i + 1]
            guard bytes[i] >= 0xc3, 0x80...0xbf ~= next else {
                i += 1
                continue
            }
            switch (bytes[i], next) {
            case (0xc3, 0x80...0x9e), (0xce, 0x91...0x9f), (0xd0, 0x90...0x9f): bytes[i + 1] = next + 0x20
            case (0xce, 0xa0...0xa9): (bytes[i], bytes[i + 1]) = (0xcf, next - 0x20)
            case (0xd0, 0xa0...0xaf): (bytes[i], bytes[i + 1]) = (0xd1, next - 0x20)
            default: break
            }
            i += 2
        }
    }
}
