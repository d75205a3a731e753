/// An expression as a tree.
indirect enum PatternNode: Hashable, Sendable {
    case empty
    case set(ScalarSet)
    case sequence([PatternNode])
    case either([PatternNode])
    /// `most` nil: without bound. Lazy: as few as will do.
    case repeated(PatternNode, least: Int, most: Int?, isLazy: Bool = false)
    /// What it takes is remembered under this number, counted from 1.
    case group(Int, PatternNode)
    case assertion(PatternAssertion)
}

/// What holds between two characters.
enum PatternAssertion: UInt8, Hashable, Sendable {
    case textStart, textEnd, lineStart, lineEnd, wordBoundary, noWordBoundary
}

extension PatternNode {
    var isBoundary: Bool { self == .assertion(.wordBoundary) }

    /// A letter beyond ASCII.
    var isForeign: Bool {
        guard case .set(let set) = self, let first = set.ranges.first, first.lowerBound >= 0x80 else { return false }
        return set.ranges.allSatisfy { Unicode.Scalar($0.lowerBound)?.properties.isAlphabetic ?? false }
    }
}
