/// Walks a chunked body however it is cut, and hands out its content in slices of what came.
struct ChunkWalk {
    private enum Place { case size, content, contentEnd, trailer, trailerEnd }

    private var place = Place.size
    private var left = 0
    private(set) var isMalformed = false
    private(set) var isDone = false

    /// Takes from the front of `bytes`; returns how many were taken and which of them are content.
    mutating func take(_ bytes: UnsafeRawBufferPointer) -> (taken: Int, content: Range<Int>) {
        var index = 0
        while index < bytes.count, !isDone, !isMalformed {
            if place == .content {
                let end = min(bytes.count, index + left)
                left -= end - index
                if left == 0 { place = .contentEnd }
                return (end, index..<end)
            }
            step(bytes[index])
            index += 1
        }
        return (index, index..<index)
    }

    private mutating func step(_ byte: UInt8) {
        switch place {
        case .size where byte == 0x0A: place = left > 0 ? .content : .trailer
        case .size where byte == 0x0D: break
        case .size: digit(byte)
        case .content: isMalformed = true
        case .contentEnd where byte == 0x0A: place = .size
        case .contentEnd: isMalformed = byte != 0x0D
        case .trailer where byte == 0x0A: isDone = true
        case .trailer where byte == 0x0D: break
        case .trailer: place = .trailerEnd
        case .trailerEnd: if byte == 0x0A { place = .trailer }
        }
    }

    private mutating func digit(_ byte: UInt8) {
        switch byte {
        case 0x30...0x39: left = left << 4 | Int(byte - 0x30)
        case 0x61...0x66: left = left << 4 | Int(byte - 0x57)
        case 0x41...0x46: left = left << 4 | Int(byte - 0x37)
        default: isMalformed = true
        }
        if left > 1 << 40 { isMalformed = true }
    }
}
