@testable import Guarding

/// splitmix64: a seed names the run.
struct Dice: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) {
        state = seed &* 0xd134_2543_de82_ef95 ^ 0x5bd1_e995_0f0f_3c3c
        _ = next()
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
    mutating func pick<T>(_ all: [T]) -> T { all[below(all.count)] }
}

/// A second opinion: the textbook's backtracking over the same tree, on characters instead of bytes. Exponential, so texts are short.
struct Backtracker {
    let text: [Unicode.Scalar]
    /// Where each character begins, in bytes.
    let offsets: [Int]
    var budget = 200_000
    /// Bytes that a match has at most.
    var longest = Int.max
    private var groups: [Int: Range<Int>] = [:]

    init(_ text: [Unicode.Scalar]) {
        self.text = text
        var (offsets, at) = ([0], 0)
        for scalar in text {
            at += PatternNode.length(of: scalar.value)
            offsets.append(at)
        }
        self.offsets = offsets
    }

    /// Whether it occurs; nil: nobody knows, for it would take too long.
    mutating func occurs(_ node: PatternNode) -> Bool? {
        for start in 0...text.count where matches(node, at: start, then: { _, _ in true }) { return budget > 0 ? true : nil }
        return budget > 0 ? false : nil
    }

    /// All matches from left to right and what their groups took, in bytes.
    mutating func all(_ node: PatternNode) -> [(range: Range<Int>, groups: [Int: Range<Int>])]? {
        var (found, start): ([(range: Range<Int>, groups: [Int: Range<Int>])], Int) = ([], 0)
        while start <= text.count {
            var end = -1
            var taken: [Int: Range<Int>] = [:]
            groups = [:]
            let isMatch = matches(node, at: start) { own, place in
                guard own.offsets[place] - own.offsets[start] <= own.longest else { return false }
                (end, taken) = (place, own.groups)
                return true
            }
            guard budget > 0 else { return nil }
            if isMatch, end > start {
                found.append((offsets[start]..<offsets[end], taken.mapValues { offsets[$0.lowerBound]..<offsets[$0.upperBound] }))
                start = end
            } else {
                start += 1
            }
        }
        return found
    }

    private mutating func matches(_ node: PatternNode, at place: Int, then rest: (inout Backtracker, Int) -> Bool) -> Bool {
        budget -= 1
        guard budget > 0 else { return false }
        switch node {
        case .empty: return rest(&self, place)
        case .set(let set):
            guard place < text.count, set.ranges.contains(where: { $0.contains(text[place].value) }) else { return false }
            return rest(&self, place + 1)
        case .sequence(let parts):
            guard let first = parts.first else { return rest(&self, place) }
            return matches(first, at: place) { own, next in own.matches(.sequence(Array(parts.dropFirst())), at: next, then: rest) }
        case .either(let branches):
            for branch in branches where matches(branch, at: place, then: rest) { return true }
            return false
        case .assertion(let assertion): return holds(assertion, at: place) && rest(&self, place)
        case .group(let number, let part):
            let before = groups[number]
            if matches(
                part, at: place,
                then: { own, next in
                    let inner = own.groups[number]
                    own.groups[number] = place..<next
                    if rest(&own, next) { return true }
                    own.groups[number] = inner
                    return false
                })
            {
                return true
            }
            groups[number] = before
            return false
        case .repeated(let part, let least, let most, let isLazy):
            if let most, most == 0 { return rest(&self, place) }
            if least == 0, isLazy, rest(&self, place) { return true }
            let goesOn = matches(part, at: place) { own, next in
                // A round that took nothing is the last, unless they are counted.
                if next == place, least == 0, most == nil { return rest(&own, next) }
                return own.matches(.repeated(part, least: max(0, least - 1), most: most.map { $0 - 1 }, isLazy: isLazy), at: next, then: rest)
            }
            return goesOn || (least == 0 && !isLazy && rest(&self, place))
        }
    }

    private func holds(_ assertion: PatternAssertion, at place: Int) -> Bool {
        let before = place > 0 ? text[place - 1] : nil
        let after = place < text.count ? text[place] : nil
        let isBoundary = (before?.isWord ?? false) != (after?.isWord ?? false)
        switch assertion {
        case .textStart: return before == nil
        case .textEnd: return after == nil
        case .lineStart: return before == nil || before == "\n"
        case .lineEnd: return after == nil || after == "\n"
        case .wordBoundary: return isBoundary
        case .noWordBoundary: return !isBoundary
        }
    }
}

extension StreamWindow {
    mutating func push(_ piece: some Collection<UInt8>, _ scratch: FirewallScratch, into output: inout [UInt8]) -> Bool {
        let bytes = Array(piece)
        return bytes.withUnsafeBufferPointer { push($0, scratch, into: &output) }
    }
}
