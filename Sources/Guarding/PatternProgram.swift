/// An expression as instructions on the bytes of UTF-8 text.
struct PatternProgram: Hashable, Sendable {
    struct Instruction: Hashable, Sendable {
        enum Kind: UInt8 { case bytes, split, assertion, match, save }

        var kind: Kind
        /// Where to go on.
        var next: Int32 = -1
        /// The second choice of a split, the index of a set of bytes, the raw value of an assertion, or the place that a save remembers.
        var other: Int32 = -1
    }

    fileprivate(set) var instructions: [Instruction] = []
    fileprivate(set) var sets: [ByteSet] = []
    fileprivate(set) var start: Int32 = 0
    fileprivate(set) var hasAssertions = false

    /// Follows all ways at once: a byte visits an instruction at most once.
    func matches(_ bytes: UnsafeBufferPointer<UInt8>, steps: inout Int) -> Bool {
        var walk = PatternWalk(self)
        var kernel = [start]
        var next: [Int32] = []
        var before = PatternWalk.Context.start
        for byte in bytes {
            if walk.close(kernel, before: before, after: byte) { return true }
            steps += walk.visits
            next.removeAll(keepingCapacity: true)
            walk.step(over: byte, into: &next)
            swap(&kernel, &next)
            before = PatternWalk.Context(after: byte)
        }
        let matched = walk.close(kernel, before: before, after: nil)
        steps += walk.visits
        return matched
    }
}

/// 256 bits.
struct ByteSet: Hashable, Sendable {
    private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    mutating func insert(_ range: ClosedRange<UInt8>) {
        for byte in range {
            let bit: UInt64 = 1 << UInt64(byte & 63)
            switch byte >> 6 {
            case 0: words.0 |= bit
            case 1: words.1 |= bit
            case 2: words.2 |= bit
            default: words.3 |= bit
            }
        }
    }

    func contains(_ byte: UInt8) -> Bool {
        let word =
            switch byte >> 6 {
            case 0: words.0
            case 1: words.1
            case 2: words.2
            default: words.3
            }
        return word & (1 << UInt64(byte & 63)) != 0
    }

    static func == (left: ByteSet, right: ByteSet) -> Bool { left.words == right.words }
    func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
        hasher.combine(words.2)
        hasher.combine(words.3)
    }
}

/// Makes the program of a tree, from its end to its beginning, so that everything knows where it goes on.
struct PatternCompiler {
    private struct Tail: Hashable {
        var range: ClosedRange<UInt8>
        var next: Int32
    }

    /// Whether what groups take is remembered; who does not ask for it gets a smaller program.
    var keepsGroups = false
    /// Whether nothing leads back to the start, so that being there means that nothing was read.
    var marksStart = false
    private var program = PatternProgram()
    private var setNumbers: [ByteSet: Int32] = [:]
    /// Also what emits nothing costs: empty groups may repeat repeats.
    private var work = 0
    private static let maxWork = 100_000

    mutating func compile(_ node: PatternNode) throws(PatternError) -> PatternProgram {
        let match = try emit(.init(kind: .match))
        program.start = try add(node, before: match)
        if marksStart { program.start = try emit(.init(kind: .save, next: program.start)) }
        return program
    }

    private mutating func emit(_ instruction: PatternProgram.Instruction) throws(PatternError) -> Int32 {
        guard program.instructions.count < Pattern.maxProgram else { throw tooLarge }
        program.instructions.append(instruction)
        return Int32(program.instructions.count - 1)
    }

    private var tooLarge: PatternError {
        PatternError(message: "is too large: with its repeats written out it has more than \(Pattern.maxProgram) steps", position: 1)
    }

    /// The entry of `node` that goes on at `next`.
    private mutating func add(_ node: PatternNode, before next: Int32) throws(PatternError) -> Int32 {
        work += 1
        guard work <= Self.maxWork else { throw tooLarge }
        switch node {
        case .empty: return next
        case .set(let set): return try add(set, before: next)
        case .sequence(let parts):
            var entry = next
            for part in parts.reversed() { entry = try add(part, before: entry) }
            return entry
        case .either(let branches):
            var entry: Int32?
            for branch in branches.reversed() {
                let own = try add(branch, before: next)
                entry = if let rest = entry { try emit(.init(kind: .split, next: own, other: rest)) } else { own }
            }
            return entry ?? next
        case .assertion(let assertion):
            program.hasAssertions = true
            return try emit(.init(kind: .assertion, next: next, other: Int32(assertion.rawValue)))
        case .group(let number, let part):
            guard keepsGroups else { return try add(part, before: next) }
            let close = try emit(.init(kind: .save, next: next, other: Int32(2 * number + 1)))
            let entry = try add(part, before: close)
            return try emit(.init(kind: .save, next: entry, other: Int32(2 * number)))
        case .repeated(let part, let least, let most, let isLazy): return try add(part, least, most, isLazy, before: next)
        }
    }

    /// First `go`, then, if that leads nowhere, `stop`; a lazy one the other way round.
    private mutating func choice(_ go: Int32, _ stop: Int32, _ isLazy: Bool) throws(PatternError) -> Int32 {
        try emit(.init(kind: .split, next: isLazy ? stop : go, other: isLazy ? go : stop))
    }

    private mutating func add(_ part: PatternNode, _ least: Int, _ most: Int?, _ isLazy: Bool, before next: Int32) throws(PatternError) -> Int32 {
        var entry = next
        var copies = least
        if let most {
            for _ in least..<most {
                let own = try add(part, before: entry)
                entry = try choice(own, next, isLazy)
            }
        } else {
            let loop = try choice(next, next, isLazy)
            let own = try add(part, before: loop)
            if isLazy { program.instructions[Int(loop)].other = own } else { program.instructions[Int(loop)].next = own }
            // What may take nothing is asked once before the loop, so that its first choice stays its first choice.
            entry = least > 0 ? own : part.lengths.least == 0 ? try choice(own, next, isLazy) : loop
            copies = max(0, least - 1)
        }
        for _ in 0..<copies { entry = try add(part, before: entry) }
        return entry
    }

    // MARK: Characters to bytes

    private mutating func add(_ set: ScalarSet, before next: Int32) throws(PatternError) -> Int32 {
        var heads: [(next: Int32, bytes: ByteSet)] = []
        var tails: [Tail: Int32] = [:]
        for range in set.ranges {
            for sequence in UTF8Ranges.sequences(of: range) {
                var entry = next
                for bytes in sequence.dropFirst().reversed() {
                    let tail = Tail(range: bytes, next: entry)
                    if let known = tails[tail] {
                        entry = known
                    } else {
                        var own = ByteSet()
                        own.insert(bytes)
                        entry = try emit(.init(kind: .bytes, next: entry, other: number(of: own)))
                        tails[tail] = entry
                    }
                }
                let place = heads.firstIndex { $0.next == entry } ?? heads.count
                if place == heads.count { heads.append((entry, ByteSet())) }
                heads[place].bytes.insert(sequence[0])
            }
        }
        var entry: Int32?
        for head in heads.reversed() {
            let own = try emit(.init(kind: .bytes, next: head.next, other: number(of: head.bytes)))
            entry = if let rest = entry { try emit(.init(kind: .split, next: own, other: rest)) } else { own }
        }
        // A class of nothing, like [^\x{0}-\x{10FFFF}], never matches: a set without bytes.
        if let entry { return entry }
        return try emit(.init(kind: .bytes, next: next, other: number(of: ByteSet())))
    }

    private mutating func number(of set: ByteSet) -> Int32 {
        if let known = setNumbers[set] { return known }
        let number = Int32(program.sets.count)
        program.sets.append(set)
        setNumbers[set] = number
        return number
    }
}

/// Ranges of characters as sequences of ranges of bytes (R. Cox, "Regular expression matching in the wild", 2010). Texts are valid UTF-8,
/// so what no valid text holds may match: it keeps the sequences few.
enum UTF8Ranges {
    static func sequences(of range: ClosedRange<UInt32>) -> [[ClosedRange<UInt8>]] {
        let classes: [(length: Int, low: UInt32, high: UInt32)] = [
            (1, 0, 0x7F), (2, 0x80, 0x7FF), (3, 0x800, 0xFFFF), (4, 0x10000, 0x10FFFF),
        ]
        var result: [[ClosedRange<UInt8>]] = []
        for (length, low, high) in classes where range.lowerBound <= high && range.upperBound >= low {
            let from = range.lowerBound <= low ? 0 : range.lowerBound
            let to = range.upperBound >= high ? (length == 4 ? 0x1FFFFF : high) : range.upperBound
            split(from, to, length, into: &result)
        }
        return result
    }

    private static func split(_ from: UInt32, _ to: UInt32, _ length: Int, into result: inout [[ClosedRange<UInt8>]]) {
        for tail in 1..<max(length, 2) where length > 1 {
            let mask: UInt32 = (1 << UInt32(6 * tail)) - 1
            guard from & ~mask != to & ~mask else { continue }
            if from & mask != 0 {
                split(from, from | mask, length, into: &result)
                split((from | mask) + 1, to, length, into: &result)
                return
            }
            if to & mask != mask {
                split(from, (to & ~mask) - 1, length, into: &result)
                split(to & ~mask, to, length, into: &result)
                return
            }
        }
        result.append(zip(bytes(from, length), bytes(to, length)).map { $0...$1 })
    }

    private static func bytes(_ value: UInt32, _ length: Int) -> [UInt8] {
        let leads: [UInt32] = [0, 0, 0xC0, 0xE0, 0xF0]
        return (0..<length).map { index in
            let rest = value >> UInt32(6 * (length - 1 - index))
            return UInt8(truncatingIfNeeded: index == 0 ? leads[length] | rest : 0x80 | rest & 0x3F)
        }
    }
}
