/// Pieces of base64 in a text that comes in pieces, as `Base64Payloads` finds them in a whole one.
struct Base64Stream {
    /// Up to here the text was looked at.
    private var at = 0
    /// Where the piece under way begins, and its line.
    private var start: Int?
    private var line = 0
    private var isPadded = false
    /// Of a piece longer than what is looked at, that was looked at.
    private var isOver = false

    /// What begins before this place is known.
    var settled: Int { isOver ? at : start ?? at }

    /// `text` begins at `base`.
    mutating func advance(in text: UnsafeBufferPointer<UInt8>, from base: Int, isLast: Bool, _ found: (Range<Int>, [UInt8]) -> Void) {
        var index = at - base
        while index < text.count {
            let byte = text[index]
            guard let first = start else {
                if Base64Payloads.value(byte) != nil { (start, line) = (base + index, base + index) }
                index += 1
                continue
            }
            if !isPadded, Base64Payloads.value(byte) != nil {
                index += 1
                if !isOver, base + index - first == Base64Payloads.maxLength {
                    decode(first, base + index, text, base, found)
                    isOver = true
                }
                continue
            }
            if byte == UInt8(ascii: "=") {
                isPadded = true
                index += 1
                continue
            }
            let length = base + index - line
            if !isPadded, byte == 0x0A || byte == 0x0D, length >= 60, length % 4 == 0 {
                guard isLast || index + 2 < text.count else { break }
                if let next = Base64Payloads.continuation(text, at: index, lineStart: line - base) {
                    (index, line) = (next, base + next)
                    continue
                }
            }
            end(first, index + base, text, base, found)
        }
        at = base + index
        if isLast, let first = start { end(first, at, text, base, found) }
    }

    /// The byte at `end` is none of it.
    private mutating func end(_ first: Int, _ end: Int, _ text: UnsafeBufferPointer<UInt8>, _ base: Int, _ found: (Range<Int>, [UInt8]) -> Void) {
        let wasOver = isOver
        (start, isPadded, isOver) = (nil, false, false)
        if !wasOver { decode(first, end, text, base, found) }
    }

    private func decode(_ first: Int, _ end: Int, _ text: UnsafeBufferPointer<UInt8>, _ base: Int, _ found: (Range<Int>, [UInt8]) -> Void) {
        guard end - first >= Base64Payloads.minLength, first >= base else { return }
        let encoded = text[(first - base)..<min(end - base, first - base + Base64Payloads.maxLength)]
        if let bytes = Base64Payloads.decoded(UnsafeBufferPointer(rebasing: encoded)) { found(first..<end, bytes) }
    }
}
