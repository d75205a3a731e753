/// One pass over a prompt's bytes: tokens as they come, counts and n-grams at once.
///
/// Words are runs of letters and digits that begin with a letter; numbers, characters of CJK and signs are tokens of their own, and
/// every other byte is a mark. Spaces, line ends and case leave no trace but in the number of lines.
struct Scan {
    private let text: UnsafeMutableBufferPointer<UInt8>
    private let classes: UnsafeBufferPointer<UInt8>
    private let counts: UnsafeMutableBufferPointer<Double>
    private let lexicon: Lexicon
    private var grams: NGrams
    private var options = Options()
    private var parts = Sentences()

    private var words = 0
    private var wordBytes = 0
    private var (long7, long10, long13) = (0, 0, 0)
    private var (distinct, foreign) = (0, 0)
    private var (numbers, digits, longestNumber, decimals, bigNumbers) = (0, 0, 0, 0, 0)
    private var (uneven, hundredths) = (0, 0)
    private var (cjk, symbols, sentences, marks) = (0, 0, 0, 0)
    private var (firstKind, lexiconFirst) = (0, 0)
    private var endsInQuestion = false
    private var lines = 0
    private var beginsLine = true
    private var before: UInt32 = 0
    /// Bytes so far that are not white space.
    private var size = 0

    static let byteClasses = ByteClass.table()

    struct Summary {
        /// There was no word, number or character at all.
        var isOdd: Bool
        /// N-grams looked up, each as often as it stands.
        var looks: Int
    }

    /// Writes counts and heads to `features`.
    static func run(
        _ prompt: UnsafeRawBufferPointer, weights: Weights, file: UnsafeRawBufferPointer, classes: UnsafeBufferPointer<UInt8>,
        into features: UnsafeMutableBufferPointer<Double>
    ) -> Summary {
        features.initialize(repeating: 0)
        let shape = weights.shape
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Window.capacity) { buffer in
            withUnsafeTemporaryAllocation(of: UInt64.self, capacity: shape.rows / 64) { present in
                withUnsafeTemporaryAllocation(of: Int32.self, capacity: shape.heads) { sums in
                    let count = Window.copy(prompt, into: buffer)
                    let rows = (file.baseAddress.unsafelyUnwrapped + weights.places.rows).assumingMemoryBound(to: Int8.self)
                    var scan = Scan(
                        text: UnsafeMutableBufferPointer(rebasing: buffer[..<count]), classes: classes, counts: features,
                        lexicon: Lexicon(weights, file), grams: NGrams(weights, rows, present: present, sums: sums))
                    scan.read()
                    scan.close(skipped: max(0, prompt.count - (Window.head + Window.tail)))
                    scan.heads(sums, weights, file)
                    return Summary(isOdd: scan.words + scan.numbers + scan.cjk == 0, looks: scan.grams.looks)
                }
            }
        }
    }

    private init(
        text: UnsafeMutableBufferPointer<UInt8>, classes: UnsafeBufferPointer<UInt8>, counts: UnsafeMutableBufferPointer<Double>, lexicon: Lexicon,
        grams: NGrams
    ) {
        self.text = text
        self.classes = classes
        self.counts = counts
        self.lexicon = lexicon
        self.grams = grams
    }

    private func kind(_ i: Int) -> UInt8 { classes[Int(text[i])] }

    private mutating func read() {
        var i = 0
        while i < text.count {
            let kind = kind(i)
            if kind == ByteClass.space {
                if text[i] == 0x0a || text[i] == 0x0d { beginsLine = true }
                i += 1
                continue
            }
            if beginsLine {
                lines += 1
                beginsLine = false
            }
            let end: Int
            switch kind {
            case ByteClass.letter:
                end = self.end(after: i) { $0 == ByteClass.letter || $0 == ByteClass.digit }
                word(i..<end)
            case ByteClass.digit:
                end = numberEnd(i)
                number(i..<end)
            case ByteClass.cjk:
                end = continuation(after: i, atMost: 2)
                character(i..<end)
            case ByteClass.symbol1, ByteClass.symbol2, ByteClass.symbol3:
                end = continuation(after: i, atMost: Int(kind - ByteClass.symbol1) + 1)
                symbol(i..<end)
            default:
                end = i + 1
                mark(text[i], kind)
            }
            size += end - i
            i = end
        }
    }

    private func end(after start: Int, while belongs: (UInt8) -> Bool) -> Int {
        var end = start + 1
        while end < text.count, belongs(kind(end)) { end += 1 }
        return end
    }

    private func continuation(after start: Int, atMost most: Int) -> Int {
        var end = start + 1
        while end < text.count, end <= start + most, 0x80...0xbf ~= text[end] { end += 1 }
        return end
    }

    /// Digits, and points or commas that stand between digits.
    private func numberEnd(_ start: Int) -> Int {
        var end = end(after: start) { $0 == ByteClass.digit }
        while end + 1 < text.count, text[end] == 0x2e || text[end] == 0x2c, kind(end + 1) == ByteClass.digit {
            end = self.end(after: end + 1) { $0 == ByteClass.digit }
        }
        return end
    }

    // MARK: Tokens

    private mutating func word(_ range: Range<Int>) {
        let hash = Self.hash(text[range])
        let length = range.count
        words += 1
        parts.word()
        wordBytes += length
        if length >= 7 { long7 += 1 }
        if length >= 10 { long10 += 1 }
        if length >= 13 { long13 += 1 }
        if text[range.lowerBound] >= 0x80 || text[range.upperBound - 1] >= 0x80 { foreign += 1 }
        if let list = lexicon.list(of: hash) {
            counts[Features.firstLexicon + list] += 1
            if words <= 3, lexiconFirst == 0 { lexiconFirst = list + 1 }
        }
        if words == 1 { firstKind = 1 }
        endsInQuestion = false
        options.letter(length == 1 ? text[range.lowerBound] : 0, at: size)
        distinct += grams.see(hash)
        if length >= 4 { pieces(range) }
        follow(hash)
    }

    /// Four bytes at a time, the word's ends among them.
    private mutating func pieces(_ range: Range<Int>) {
        var key: UInt32 = 0x5f
        for i in range {
            key = key << 8 | UInt32(text[i])
            if i - range.lowerBound >= 2 { grams.see(key ^ 0x9e37_79b9) }
        }
        grams.see((key << 8 | 0x5f) ^ 0x9e37_79b9)
    }

    private mutating func number(_ range: Range<Int>) {
        var length = 0
        for i in range where kind(i) == ByteClass.digit { length += 1 }
        let isWhole = length == range.count
        numbers += 1
        digits += length
        longestNumber = max(longestNumber, length)
        if !isWhole { decimals += 1 }
        if length >= 3 { bigNumbers += 1 }
        parts.number()
        let final = text[range.upperBound - 1]
        if isWhole, length >= 2, final != 0x30, final != 0x35 { uneven += 1 }
        if range.count >= 4, text[range.upperBound - 3] == 0x2e { hundredths += 1 }
        if words == 0, firstKind == 0 { firstKind = 2 }
        endsInQuestion = false
        options.number()
        let hash = Self.hash([0x23, UInt8(48 + min(length, 5) + (isWhole ? 0 : 5))])
        grams.see(hash)
        follow(hash)
    }

    private mutating func character(_ range: Range<Int>) {
        cjk += 1
        parts.word()
        endsInQuestion = false
        options.other()
        if range.count == 3, text[range.lowerBound] == 0xe3, text[range.lowerBound + 1] == 0x80, text[range.lowerBound + 2] == 0x82 {
            sentences += 1
            parts.end(isQuestion: false, next: size + range.count)
        }
        let hash = Self.hash(text[range])
        distinct += grams.see(hash)
        follow(hash)
    }

    private mutating func symbol(_ range: Range<Int>) {
        symbols += 1
        options.other()
        endsInQuestion =
            range.count == 3 && text[range.lowerBound] == 0xef && text[range.lowerBound + 1] == 0xbc && text[range.lowerBound + 2] == 0x9f
        guard endsInQuestion else { return }
        counts[Features.firstMark + Int(ByteClass.question)] += 1
        marks += 1
        sentences += 1
        parts.end(isQuestion: true, next: size + range.count)
    }

    private mutating func mark(_ byte: UInt8, _ kind: UInt8) {
        counts[Features.firstMark + Int(kind)] += 1
        marks += 1
        if kind == ByteClass.question || kind == ByteClass.stop {
            sentences += 1
            parts.end(isQuestion: kind == ByteClass.question, next: size + 1)
        }
        options.mark(byte, at: size)
        switch byte {
        case 0x3f: endsInQuestion = true
        case 0x22, 0x27, 0x29, 0x5d, 0x7d, 0x2a, 0x5f: break
        default: endsInQuestion = false
        }
    }

    /// The pair of this token and the one before it.
    private mutating func follow(_ hash: UInt32) {
        grams.see((before &* 31 &+ hash) ^ 0x7f4a_7c15)
        before = hash
    }

    /// FNV-1a, 32 bits.
    private static func hash(_ bytes: some Sequence<UInt8>) -> UInt32 {
        var hash: UInt32 = 0x811c_9dc5
        for byte in bytes { hash = (hash ^ UInt32(byte)) &* 0x0100_0193 }
        return hash
    }

    // MARK: The end

    private mutating func close(skipped: Int) {
        options.close(at: size)
        parts.end(isQuestion: false, next: size)
        func set(_ feature: Int, _ value: Int, per divisor: Int = 1) { counts[feature] = Double(value) / Double(max(divisor, 1)) }
        let units = words + cjk
        set(Features.size, size + skipped)
        set(Features.words, units)
        set(Features.wordLength, wordBytes, per: words)
        set(Features.long7, long7, per: words)
        set(Features.long10, long10, per: words)
        set(Features.long13, long13, per: words)
        set(Features.distinct, distinct, per: units)
        set(Features.numbers, numbers)
        set(Features.digits, digits)
        set(Features.longestNumber, longestNumber)
        set(Features.decimals, decimals)
        set(Features.bigNumbers, bigNumbers)
        set(Features.lines, lines)
        set(Features.lineWords, units, per: lines)
        set(Features.sentenceWords, units, per: sentences)
        set(Features.options, options.count)
        set(Features.stemSize, options.stem)
        set(Features.optionSize, size - options.stem, per: options.count)
        set(Features.optionNumbers, options.numbers, per: options.count)
        set(Features.optionSpread, options.longest - options.shortest)
        set(Features.foreign, foreign, per: words)
        set(Features.cjk, cjk)
        set(Features.symbols, symbols)
        set(Features.firstKind, firstKind)
        set(Features.lastQuestion, endsInQuestion ? 1 : 0)
        set(Features.capped, skipped > 0 ? 1 : 0)
        set(Features.sentences, sentences)
        set(Features.numberSentences, parts.withNumbers)
        set(Features.unevenNumbers, uneven)
        set(Features.hundredths, hundredths)
        set(Features.questionWords, parts.question.words)
        set(Features.questionNumbers, parts.question.numbers)
        set(Features.questionAt, parts.question.begin, per: size)
        set(Features.markShare, marks, per: size)
        set(Features.lexiconFirst, lexiconFirst)
    }

    private func heads(_ sums: UnsafeMutableBufferPointer<Int32>, _ weights: Weights, _ file: UnsafeRawBufferPointer) {
        let root = Double(max(grams.count, 1)).squareRoot()
        for head in 0..<weights.shape.heads {
            let scale = file.loadUnaligned(fromByteOffset: weights.places.scales + 16 * head, as: Double.self)
            let bias = file.loadUnaligned(fromByteOffset: weights.places.scales + 16 * head + 8, as: Double.self)
            let product = Double(sums[head]) * scale
            counts[weights.shape.counts + head] = product / root + bias
        }
    }
}
