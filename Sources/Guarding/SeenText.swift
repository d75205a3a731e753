/// A text that comes in pieces, as it is seen (`Normalizer`): made word by word, so that it does not matter how it is cut.
struct SeenText {
    /// Letters without anything between them are a word up to this length.
    private static let longestWord = 256

    private(set) var bytes: [UInt8] = []
    /// Place of the first of `bytes`.
    private(set) var base = 0
    private(set) var map = PlaceMap()
    /// Of the text as it came: up to here it is in `bytes`.
    private(set) var read = 0
    private var looked = 0
    private var isPlain = true
    private var letters = (latin: 0, other: 0)

    var end: Int { base + bytes.count }

    /// `text` begins at `start` of the text as it came.
    mutating func take(_ text: UnsafeBufferPointer<UInt8>, from start: Int, isLast: Bool, _ normalizer: inout Normalizer) {
        var index = looked - start
        var word = read - start
        while index < text.count {
            let byte = text[index]
            if byte < 0x80 {
                index += 1
                if (byte | 0x20) &- 0x61 < 26 {
                    letters.latin += 1
                    if index - word < Self.longestWord { continue }
                }
                append(text, word..<index, at: start, &normalizer)
                word = index
                continue
            }
            let length = byte < 0xC2 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : byte < 0xF5 ? 4 : 1
            guard index + length <= text.count || isLast else { break }
            let isIdeograph = byte >= 0xE4 && byte <= 0xE9 && length == 3
            if isIdeograph, word == index, index + 3 <= text.count {
                bytes.append(contentsOf: text[index..<index + 3])
                index += 3
                word = index
                continue
            }
            isPlain = false
            if byte &- 0xCD < 8 { letters.other += 1 }
            index = min(index + length, text.count)
            if isIdeograph || byte == 0xE3 || index - word >= Self.longestWord {
                append(text, word..<index, at: start, &normalizer)
                word = index
            }
        }
        looked = start + index
        if isLast, word < text.count {
            append(text, word..<text.count, at: start, &normalizer)
            word = text.count
        }
        read = start + word
    }

    private mutating func append(_ text: UnsafeBufferPointer<UInt8>, _ word: Range<Int>, at start: Int, _ normalizer: inout Normalizer) {
        let piece = UnsafeBufferPointer(rebasing: text[word])
        guard !isPlain else {
            bytes += piece
            return
        }
        isPlain = true
        normalizer.before = letters
        normalizer.read(piece)
        guard !normalizer.isIdentity else {
            bytes += piece
            return
        }
        for mark in normalizer.marks { map.mark(end + Int(mark.normalized), start + word.lowerBound + Int(mark.original)) }
        normalizer.withBytes { bytes += $0 }
    }

    /// Drops bytes before `place`; how many.
    mutating func forget(before place: Int) -> Int {
        let count = place - base
        guard count > 0 else { return 0 }
        bytes.removeFirst(count)
        base += count
        map.forget(before: place)
        return count
    }
}
