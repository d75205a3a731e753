extension FeatureReader {
    /// Sums of a scorer: a text is as suspicious as its most suspicious block, with up to two before it as far as they add to it.
    struct Windows {
        /// The sum of the block under way.
        var own: Int32 = 0
        /// The most suspicious sum of blocks that are over, and where it stands; nil before the first.
        private(set) var best: Int32?
        private(set) var range = 0..<0
        private var start = 0
        /// Sums and beginnings of the block before and of the one before that.
        private var before: (sum: Int32, start: Int) = (0, 0)
        private var earlier: (sum: Int32, start: Int) = (0, 0)

        mutating func close(at offset: Int) {
            let two = before.sum + max(0, earlier.sum)
            let sum = own + max(0, two)
            if sum > best ?? Int32.min {
                best = sum
                range = (two <= 0 ? start : earlier.sum > 0 ? earlier.start : before.start)..<offset
            }
            earlier = before
            before = (own, start)
            own = 0
            start = offset
        }
    }

    /// The word under way: hashes as it stands and with lookalikes read as Latin letters.
    struct Word {
        var hash = FeatureHash.seed
        var twinHash = FeatureHash.seed
        var stem: UInt32 = 0
        var twinStem: UInt32 = 0
        var count = 0
        var capitals = 0
        var latin = 0
        var digits = 0
        var twins = 0
        var lastLetter: UInt32 = 0
    }

    /// Punctuation without a gap; from the fourth on, the same mark again changes nothing.
    struct Run {
        var hash = FeatureHash.seed
        var count = 0
        var last: UInt32 = 0
        var same = 0
    }

    /// Letters that stand alone, and the word that they make.
    struct Spelled {
        var hash = FeatureHash.seed
        var stem: UInt32 = 0
        var before: UInt32 = 0
        var count = 0
        var gap = 0
    }

    /// The last three concepts of a scorer and where they stood, in units.
    struct Chain {
        var first: UInt32 = 0
        var firstPlace = 0
        var second: UInt32 = 0
        var secondPlace = 0
        var third: UInt32 = 0
        var thirdPlace = 0
    }
}
