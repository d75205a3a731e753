/// Reads a text once, character by character, and sums the weights of what it finds, block by block.
///
/// Words give hashes of themselves, of their first five letters, of pairs with the two words before and of sentence starts; words of the
/// lexicon give concepts and pairs of them; runs of punctuation, scripts without spaces, hidden characters give theirs. A feature counts
/// once a block. `training/guardrails/reader.py` says the same; the golden vectors hold both to it.
struct FeatureReader {
    /// A block's length: a word is 2, a character of a script without spaces 1.
    static let unitsInBlock = 24
    /// Characters of a word that is hashed as one.
    static let longest = 32
    /// Letters of a stem.
    static let stemLetters = 5
    /// How far apart concepts of a pair may be, in units.
    static let reach = 24
    static let near = 8
    static let seenWords = 64

    private let fold: UnsafePointer<UInt16>
    private let twins: UnsafePointer<UInt8>
    private let lexicon: UnsafePointer<UInt32>
    private let mayKnow: [UInt64]
    private let weights: UnsafePointer<Int8>
    /// A bit for what this block has had: 4,096 of them, by the low bits of the feature's number. Owned by the scorer.
    private let seen: UnsafeMutablePointer<UInt64>

    /// Bytes of the text up to the character that is read; set by who reads.
    var offset = 0
    private(set) var injection = Windows()
    private(set) var toxicity = Windows()
    /// Whether anything was counted in this block.
    private var isMarked = false

    private var units = 0
    private var place = 0
    private var before: UInt32 = 0
    private var earlier: UInt32 = 0
    private var starts = true
    private var runAfter: UInt32 = 0
    private var dense: UInt32 = 0
    private var denser: UInt32 = 0
    private var hasShouted = false
    private var word = Word()
    private var run = Run()
    private var spelled = Spelled()
    private var attacks = Chain()
    private var insults = Chain()

    init(_ file: ScorerWeights, seen: UnsafeMutablePointer<UInt64>) {
        fold = file.fold
        twins = file.twins
        lexicon = file.lexicon
        mayKnow = ScorerWeights.mayKnow
        weights = file.weights
        self.seen = seen
        seen.update(repeating: 0, count: Self.seenWords)
    }

    // MARK: Characters

    @inline(__always)
    mutating func read(_ code: UInt32) {
        let character =
            code < 0x800
            ? FoldedCharacter(entry: fold[Int(code)])
            : ScorerWeights.farLatin ~= code
                ? FoldedCharacter(entry: fold[0x800 + Int(code - ScorerWeights.farLatin.lowerBound)]) : FoldedCharacter(far: code, ascii: fold)
        switch character.kind {
        case .letter: letter(code, character.reading, isDigit: false)
        case .digit: letter(code, character.reading, isDigit: true)
        case .space:
            gap(1)
            endRun()
        case .mark: mark(character.reading)
        case .line:
            gap(2)
            endRun()
            starts = true
        case .dense: ideograph(character.reading)
        case .other:
            gap(2)
            endRun()
        case .unseen: emit(FeatureHash.mix(FeatureHash.unseen, 0))
        case .skip: break
        }
    }

    /// Ends what is open: a text is over.
    mutating func end() {
        endWord()
        endRun()
        endSpelled()
        if isMarked { closeBlock() }
    }

    @inline(__always)
    private mutating func letter(_ code: UInt32, _ reading: UInt32, isDigit: Bool) {
        endRun()
        dense = 0
        denser = 0
        let twin = reading < 0x800 ? UInt32(twins[Int(reading)]) : 0
        if 0x61...0x7A ~= reading {
            word.latin += 1
            if 0x41...0x5A ~= code { word.capitals += 1 }
        }
        if isDigit { word.digits += 1 }
        if twin != 0 { word.twins += 1 }
        word.hash = FeatureHash.step(word.hash, isDigit ? 0x30 : reading)
        word.twinHash = FeatureHash.step(word.twinHash, twin != 0 ? twin : reading)
        word.count += 1
        if word.count == Self.stemLetters {
            word.stem = word.hash
            word.twinStem = word.twinHash
        }
        word.lastLetter = reading
    }

    private mutating func mark(_ reading: UInt32) {
        gap(1)
        switch reading {
        case 0x21, 0x2E, 0x3A, 0x3B, 0x3F: starts = true  // ! . : ; ?
        default: break
        }
        run.same = reading == run.last ? run.same + 1 : 0
        run.last = reading
        run.count += 1
        if run.same < 3 { run.hash = FeatureHash.step(run.hash, reading) }
    }

    private mutating func ideograph(_ code: UInt32) {
        endWord()
        endRun()
        endSpelled()
        if dense != 0 {
            let pair = FeatureHash.mix(FeatureHash.two, dense, code)
            emit(pair)
            _ = know(pair)
            if denser != 0 {
                let start = FeatureHash.step(FeatureHash.step(FeatureHash.seed, denser), dense)
                let three = FeatureHash.mix(FeatureHash.three, start, code)
                emit(three)
                _ = know(three)
            }
        }
        denser = dense
        dense = code
        before = 0
        earlier = 0
        starts = false
        spend(1)
    }

    @inline(__always)
    private mutating func gap(_ count: Int) {
        endWord()
        dense = 0
        denser = 0
        spelled.gap += count
    }

    // MARK: Words

    @inline(__always)
    private mutating func endWord() {
        if word.count > 0 { closeWord() }
    }

    private mutating func closeWord() {
        let isDisguised = word.latin > 0 && word.twins > 0
        let hash = isDisguised ? word.twinHash : word.hash
        let stem = word.count < Self.stemLetters ? hash : isDisguised ? word.twinStem : word.stem
        if word.latin == 1, word.count == 1 { spell(word.lastLetter) } else { endSpelled() }
        let whole = FeatureHash.mix(FeatureHash.word, hash)
        let stemmed = FeatureHash.mix(FeatureHash.stemmed, stem)
        if word.count > Self.longest {
            emit(FeatureHash.mix(word.digits > 2 && word.capitals > 2 ? FeatureHash.blob : FeatureHash.long, 0))
        } else {
            emit(whole)
        }
        if word.count > Self.stemLetters { emit(stemmed) }
        if !know(whole), word.count > Self.stemLetters { _ = know(stemmed) }
        if before != 0 { emit(FeatureHash.mix(FeatureHash.pair, before, stem)) }
        if earlier != 0 { emit(FeatureHash.mix(FeatureHash.skipped, earlier, stem)) }
        if starts { emit(FeatureHash.mix(FeatureHash.first, stem)) }
        if runAfter != 0 { emit(FeatureHash.mix(FeatureHash.afterRun, runAfter, stem)) }
        if isDisguised { emit(FeatureHash.mix(word.digits > 0 ? FeatureHash.disguised : FeatureHash.mixed, 0)) }
        let shouts = word.count >= 3 && word.capitals == word.count
        if shouts {
            emit(FeatureHash.mix(FeatureHash.capitals, 0))
            if hasShouted { emit(FeatureHash.mix(FeatureHash.shouting, 0)) }
        }
        hasShouted = shouts
        earlier = before
        before = stem
        starts = false
        runAfter = 0
        word = Word()
        spend(2)
    }

    /// A letter by itself: letters that stand alone one after the other make a word again.
    private mutating func spell(_ letter: UInt32) {
        if spelled.gap > 1 { endSpelled() }
        spelled.hash = FeatureHash.step(spelled.hash, letter)
        spelled.count += 1
        if spelled.count == Self.stemLetters { spelled.stem = spelled.hash }
        spelled.gap = 0
    }

    @inline(__always)
    private mutating func endSpelled() {
        if spelled.count >= 3 { closeSpelled() } else if spelled.count == 0 { spelled.before = 0 }
        spelled.hash = FeatureHash.seed
        spelled.count = 0
        spelled.stem = 0
        spelled.gap = 0
    }

    private mutating func closeSpelled() {
        let stem = spelled.count >= Self.stemLetters ? spelled.stem : spelled.hash
        let whole = FeatureHash.mix(FeatureHash.word, spelled.hash)
        emit(whole)
        let isKnown = know(whole)
        if spelled.count > Self.stemLetters {
            let stemmed = FeatureHash.mix(FeatureHash.stemmed, stem)
            emit(stemmed)
            if !isKnown { _ = know(stemmed) }
        }
        if spelled.before != 0 { emit(FeatureHash.mix(FeatureHash.pair, spelled.before, stem)) }
        emit(FeatureHash.mix(FeatureHash.spelled, 0))
        spelled.before = stem
    }

    // MARK: Punctuation

    @inline(__always)
    private mutating func endRun() {
        if run.count > 0 { closeRun() }
    }

    private mutating func closeRun() {
        if run.count > 1 || !Self.isQuiet(run.last) {
            emit(FeatureHash.mix(FeatureHash.run, run.hash))
            if before != 0 { emit(FeatureHash.mix(FeatureHash.beforeRun, before, run.hash)) }
            runAfter = run.hash
        }
        run = Run()
    }

    /// Punctuation that says nothing when it stands alone: ' ( ) , - .
    private static func isQuiet(_ mark: UInt32) -> Bool {
        switch mark {
        case 0x27, 0x28, 0x29, 0x2C, 0x2D, 0x2E: true
        default: false
        }
    }

    // MARK: Features

    /// Looks a hash up in the lexicon; true if it stands there.
    private mutating func know(_ key: UInt32) -> Bool {
        let low = Int(key & 0xFFFF)
        guard mayKnow[low >> 6] >> UInt64(low & 63) & 1 != 0 else { return false }
        var slot = Int(key >> 20)
        while lexicon[slot] != 0 {
            let entry = lexicon[slot]
            if entry >> 12 == key & 0xF_FFFF {
                attacks = concept(entry >> 6 & 63, own: entry >> 6 & 63, after: attacks)
                insults = concept(entry & 63, own: entry & 63 + 64, after: insults)
                return true
            }
            slot = (slot + 1) & (ScorerWeights.lexiconSlots - 1)
        }
        return false
    }

    @inline(__always)
    private mutating func concept(_ concept: UInt32, own: UInt32, after chain: Chain) -> Chain {
        if concept == 0 { return chain }
        emit(FeatureHash.mix(FeatureHash.concept, own))
        if starts { emit(FeatureHash.mix(FeatureHash.opening, own)) }
        join(chain.first, chain.firstPlace, own)
        join(chain.second, chain.secondPlace, own)
        join(chain.third, chain.thirdPlace, own)
        if chain.first != 0, chain.second != 0, place - chain.secondPlace <= Self.reach {
            emit(FeatureHash.mix(FeatureHash.triple, chain.second << 12 | chain.first, own))
        }
        return Chain(
            first: concept, firstPlace: place, second: chain.first, secondPlace: chain.firstPlace, third: chain.second,
            thirdPlace: chain.secondPlace)
    }

    @inline(__always)
    private mutating func join(_ other: UInt32, _ otherPlace: Int, _ own: UInt32) {
        if other == 0 || place - otherPlace > Self.reach { return }
        emit(FeatureHash.mix(FeatureHash.concepts, other, own))
        if place - otherPlace <= Self.near { emit(FeatureHash.mix(FeatureHash.close, other, own)) }
    }

    @inline(__always)
    private mutating func emit(_ hash: UInt32) {
        let number = Int(hash >> (32 - UInt32(ScorerWeights.bits)))
        let bit = UInt64(1) << UInt64(number & 63)
        let slot = number >> 6 & (Self.seenWords - 1)
        if seen[slot] & bit != 0 { return }
        seen[slot] |= bit
        injection.own += Int32(weights[2 * number])
        toxicity.own += Int32(weights[2 * number + 1])
        isMarked = true
    }

    private mutating func spend(_ count: Int) {
        place += count
        units += count
        if units >= Self.unitsInBlock { closeBlock() }
    }

    private mutating func closeBlock() {
        injection.close(at: offset)
        toxicity.close(at: offset)
        seen.update(repeating: 0, count: Self.seenWords)
        units = 0
        isMarked = false
    }
}
