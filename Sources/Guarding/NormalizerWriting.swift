/// One text on its way through a `Normalizer`.
struct NormalizerWriting {
    private let text: UnsafeBufferPointer<UInt8>
    private let foldsCase: Bool
    /// Words that are wholly of lookalikes are Latin words in disguise only where the rest is Latin.
    private let isLatin: Bool
    var marks: [Normalizer.Mark]
    private var word = Word()
    /// Where the last written character begins, for a mark that joins it.
    private var last: (written: Int, letter: UInt32) = (0, 0)

    /// A run of letters.
    private struct Word {
        var isOpen = false
        var read = 0
        var written = 0
        var marks = 0
        var hasLatin = false
        /// Letters with a Latin lookalike, those that cannot be told from it, and all that are not ASCII.
        var alike = 0
        var twins = 0
        var foreign = 0
    }

    init(_ text: UnsafeBufferPointer<UInt8>, foldsCase: Bool, marks: [Normalizer.Mark], before: (latin: Int, other: Int)) {
        self.text = text
        self.foldsCase = foldsCase
        self.marks = marks
        var (latin, other) = before
        for byte in text {
            latin += (byte | 0x20) &- 0x61 < 26 ? 1 : 0
            // Lead bytes of Greek and Cyrillic.
            other += byte &- 0xCD < 8 ? 1 : 0
        }
        isLatin = latin > 2 * other
    }

    /// The number of bytes written.
    mutating func write(to target: UnsafeMutableBufferPointer<UInt8>) -> Int {
        var (read, written) = (0, 0)
        while read < text.count {
            let byte = text[read]
            if byte < 0x80 {
                let isLetter = (byte | 0x20) &- 0x61 < 26
                if isLetter {
                    if !word.isOpen { open(read, written) }
                    word.hasLatin = true
                } else if word.isOpen {
                    written = close(read, written, target)
                }
                last = (written, UInt32(byte))
                target[written] = foldsCase && byte &- 0x41 < 26 ? byte | 0x20 : byte
                written += 1
                read += 1
                continue
            }
            let (scalar, length) = UTF8Scalar.decode(text, at: read)
            let shape = Lookalike.shape(of: scalar)
            if case .kept = shape, !Lookalike.isLetter(scalar), word.isOpen { written = close(read, written, target) }
            if case .twin = shape { note(read, written, isTwin: true) }
            if case .alike = shape { note(read, written, isTwin: false) }
            if case .kept = shape, Lookalike.isLetter(scalar) {
                if !word.isOpen { open(read, written) }
                word.foreign += 1
            }
            if case .styled(let letter) = shape, word.isOpen || (letter | 0x20) &- 0x61 < 26 {
                if (letter | 0x20) &- 0x61 < 26 {
                    if !word.isOpen { open(read, written) }
                    word.hasLatin = true
                } else {
                    written = close(read, written, target)
                }
            }
            written = put(scalar, shape, length, at: read, written, target, unmasking: false)
            read += length
        }
        return word.isOpen ? close(read, written, target) : written
    }

    private mutating func open(_ read: Int, _ written: Int) {
        word = Word(isOpen: true, read: read, written: written, marks: marks.count)
    }

    private mutating func note(_ read: Int, _ written: Int, isTwin: Bool) {
        if !word.isOpen { open(read, written) }
        word.alike += 1
        word.foreign += 1
        if isTwin { word.twins += 1 }
    }

    /// The end of a word: one in disguise is written again as what it looks like. Each letter at most twice.
    private mutating func close(_ end: Int, _ before: Int, _ target: UnsafeMutableBufferPointer<UInt8>) -> Int {
        defer { word.isOpen = false }
        let isMixed = word.hasLatin && word.alike > 0
        let isDisguised = !word.hasLatin && isLatin && word.twins == word.foreign && word.twins > 1
        guard isMixed || isDisguised else { return before }
        marks.removeLast(marks.count - word.marks)
        var (read, written) = (word.read, word.written)
        while read < end {
            let (scalar, length) = UTF8Scalar.decode(text, at: read)
            written = put(scalar, Lookalike.shape(of: scalar), length, at: read, written, target, unmasking: true)
            read += length
        }
        return written
    }

    /// Writes a character as what it is read as; the place after it.
    private mutating func put(
        _ scalar: UInt32, _ shape: Lookalike.Shape, _ length: Int, at read: Int, _ written: Int, _ target: UnsafeMutableBufferPointer<UInt8>,
        unmasking: Bool
    ) -> Int {
        var letter = scalar
        switch shape {
        case .kept: break
        case .nothing:
            mark(read, length, written, written)
            return written
        case .pair(let first, let second):
            let middle = UTF8Scalar.encode(fold(first), to: target, at: written)
            let end = UTF8Scalar.encode(fold(second), to: target, at: middle)
            mark(read, length, written, end)
            return end
        case .accent:
            return join(scalar, length, at: read, written, target)
        case .styled(let plain): letter = plain
        case .twin(let plain), .alike(let plain): if unmasking { letter = plain }
        }
        last = (written, letter)
        letter = fold(letter)
        guard letter != scalar else {
            for index in 0..<length { target[written + index] = text[read + index] }
            return written + length
        }
        let end = UTF8Scalar.encode(letter, to: target, at: written)
        if end - written != length { mark(read, length, written, end) }
        return end
    }

    private func fold(_ letter: UInt32) -> UInt32 { foldsCase ? LetterCase.lower(letter) : letter }

    /// A combining accent: with the letter before it the letter it makes, else nothing.
    private mutating func join(
        _ accent: UInt32, _ length: Int, at read: Int, _ written: Int, _ target: UnsafeMutableBufferPointer<UInt8>
    ) -> Int {
        guard written > last.written, let joined = Lookalike.joined(last.letter, accent) else {
            mark(read, length, written, written)
            return written
        }
        let start = last.written
        let end = UTF8Scalar.encode(fold(joined), to: target, at: start)
        // The letter took one byte, and so did what it came from if no mark ends there.
        let before = marks.last.map { Int($0.normalized) == written ? $0 : nil } ?? nil
        if before == nil { mark(read - (written - start), length + (written - start), start, end) } else { mark(read, length, written, end) }
        last = (start, 0)
        return end
    }

    /// `length` bytes at `read` became those from `start` to `end`.
    private mutating func mark(_ read: Int, _ length: Int, _ start: Int, _ end: Int) {
        if marks.last.map({ Int($0.original) != read || Int($0.normalized) != start }) ?? true {
            marks.append(.init(normalized: UInt32(start), original: UInt32(read)))
        }
        marks.append(.init(normalized: UInt32(end), original: UInt32(read + length)))
    }
}

/// UTF-8, byte by byte; what is no UTF-8 is a character of one byte that is written as it came.
enum UTF8Scalar {
    /// Of broken bytes: none of Unicode's.
    static let broken: UInt32 = 0xFFFF_FFFF

    static func decode(_ text: UnsafeBufferPointer<UInt8>, at index: Int) -> (scalar: UInt32, length: Int) {
        let first = text[index]
        if first < 0x80 { return (UInt32(first), 1) }
        let length = first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0
        guard length > 0, index + length <= text.count else { return (broken, 1) }
        var scalar = UInt32(first) & (0xFF >> (UInt32(length) + 1))
        for place in index + 1..<index + length {
            guard text[place] & 0xC0 == 0x80 else { return (broken, 1) }
            scalar = scalar << 6 | UInt32(text[place] & 0x3F)
        }
        let least: UInt32 = length == 2 ? 0x80 : length == 3 ? 0x800 : 0x1_0000
        guard scalar >= least, scalar < 0x11_0000, scalar & 0xFFFF_F800 != 0xD800 else { return (broken, 1) }
        return (scalar, length)
    }

    /// The place after it.
    static func encode(_ scalar: UInt32, to target: UnsafeMutableBufferPointer<UInt8>, at index: Int) -> Int {
        func rest(_ shift: UInt32) -> UInt8 { UInt8(0x80 | scalar >> shift & 0x3F) }
        switch scalar {
        case 0..<0x80:
            target[index] = UInt8(scalar)
            return index + 1
        case 0x80..<0x800:
            target[index] = UInt8(0xC0 | scalar >> 6)
            target[index + 1] = rest(0)
            return index + 2
        case 0x800..<0x1_0000:
            target[index] = UInt8(0xE0 | scalar >> 12)
            target[index + 1] = rest(6)
            target[index + 2] = rest(0)
            return index + 3
        default:
            target[index] = UInt8(0xF0 | scalar >> 18 & 7)
            target[index + 1] = rest(12)
            target[index + 2] = rest(6)
            target[index + 3] = rest(0)
            return index + 4
        }
    }
}
