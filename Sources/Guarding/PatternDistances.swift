/// For a stretch of text, how many bytes each instruction of a program is away from a match at each place: worked out once, backwards,
/// it answers for every start in the stretch what otherwise would be searched anew from each. This is what keeps expressions like
/// `(a|aa)*b` linear when all matches are asked for (after A. Frisch and L. Cardelli, "Greedy regular expression matching", 2004).
struct PatternDistances {
    private static let never = UInt16.max

    private let program: PatternProgram
    private let start: Int
    private let longest: Int
    private var rows: [UInt16] = []
    /// Instructions that lead to later ones: the heads of loops.
    private let backward: [Int]
    /// Instructions looked at.
    private(set) var steps = 0

    /// For starts in `starts`. `text` must reach `longest` bytes beyond them, or to the text's end.
    init(_ program: PatternProgram, in text: TextPiece, starts: Range<Int>, longest: Int) {
        self.program = program
        self.longest = longest
        start = starts.lowerBound
        backward = program.instructions.indices.filter { index in
            let instruction = program.instructions[index]
            return instruction.kind != .bytes && (Int(instruction.next) > index || (instruction.kind == .split && Int(instruction.other) > index))
        }
        let top = min(text.end, starts.upperBound - 1 + longest)
        let size = program.instructions.count
        rows = Array(repeating: Self.never, count: (top - start + 1) * size)
        var place = top
        while place >= start {
            fill(place, isTop: place == top, text)
            place -= 1
        }
    }

    private mutating func fill(_ place: Int, isTop: Bool, _ text: TextPiece) {
        let size = program.instructions.count
        let (row, above) = ((place - start) * size, (place - start + 1) * size)
        let before = text.context(before: place)
        let after = place < text.end ? text[place] : nil
        let (instructions, sets, backward) = (program.instructions, program.sets, backward)
        var rounds = 0
        rows.withUnsafeMutableBufferPointer { rows in
            func value(_ index: Int) -> UInt16 {
                let instruction = instructions[index]
                switch instruction.kind {
                case .match: return 0
                case .save: return rows[row + Int(instruction.next)]
                case .split: return min(rows[row + Int(instruction.next)], rows[row + Int(instruction.other)])
                case .assertion:
                    let holds = PatternWalk.holds(PatternAssertion(rawValue: UInt8(instruction.other)), before, after)
                    return holds ? rows[row + Int(instruction.next)] : Self.never
                case .bytes:
                    guard !isTop, let after, sets[Int(instruction.other)].contains(after) else { return Self.never }
                    let rest = rows[above + Int(instruction.next)]
                    return rest == Self.never ? rest : rest + 1
                }
            }
            // An instruction stands behind where it leads, so one round settles all but loops; what changes there asks for another.
            repeat {
                for index in 0..<size { rows[row + index] = value(index) }
                rounds += 1
            } while backward.contains { value($0) < rows[row + $0] }
        }
        steps += rounds * size
    }

    /// Where the match from `place` ends that is preferred to all others.
    mutating func end(from place: Int, in text: TextPiece, _ walk: inout PatternWalk) -> Int? {
        let size = program.instructions.count
        var instruction = program.start
        guard rows[(place - start) * size + Int(instruction)] <= longest else { return nil }
        var at = place
        while true {
            let after = at < text.end ? text[at] : nil
            let isEnd = walk.close([instruction], before: text.context(before: at), after: after)
            steps += walk.visits
            let row = (at - start) * size
            guard let next = walk.waiting.first(where: { rows[row + Int($0)] <= longest - (at - place) }) else { return isEnd ? at : nil }
            instruction = program.instructions[Int(next)].next
            at += 1
        }
    }
}
