/// Answers to choose from, `A. … B. … C. …` in order, however they are spaced. Positions are in bytes without white space.
struct Options {
    private(set) var count = 0
    /// Where the first answer begins; the prompt's size where fewer than three are offered.
    private(set) var stem = 0
    private(set) var shortest = Int.max
    private(set) var longest = 0
    /// Numbers behind the first answer's letter.
    private(set) var numbers = 0
    private var begin = 0
    /// A letter that names the next answer if a point or parenthesis follows.
    private var pending: Int?

    mutating func letter(_ byte: UInt8, at size: Int) {
        pending = 0x61...0x6a ~= byte && Int(byte) - 0x61 == count ? size : nil
    }

    mutating func number() {
        pending = nil
        if count > 0 { numbers += 1 }
    }

    mutating func other() { pending = nil }

    mutating func mark(_ byte: UInt8, at size: Int) {
        defer { pending = nil }
        guard let pending, byte == 0x2e || byte == 0x29 else { return }
        if count == 0 { stem = pending } else { measure(pending - begin) }
        begin = size + 1
        count += 1
    }

    mutating func close(at size: Int) {
        if count > 0 { measure(size - begin) }
        if count < 3 {
            self = Options()
            stem = size
            shortest = 0
        }
    }

    private mutating func measure(_ length: Int) {
        shortest = min(shortest, length)
        longest = max(longest, length)
    }
}
