/// For a stretch of text, how many bytes each instruction of a program is away from a match at each place: worked out once, backwards,
/// it answers for every start in the stretch what otherwise would be searched anew from each. This is what keeps expressions like
/// `(a|aa)*b` linear when all matches are asked for (after A. Frisch and L. Cardelli, "Greedy regular expression matching", 2004).
struct PatternDistances {
    private static let never = UInt16.max

    private let program: PatternProgram
    private let start: Int
    private let longest: Int
    private var rows: [UInt16] = []
    /// Instructions looked at.
    private(set) var steps = 0

    /// For starts in `starts`. `text` must reach `longest` bytes beyond them, or to the text's end.
    init(_ program: PatternProgram, in text: TextPiece, starts: Range<Int>, longest: Int) {
        self.program = program
        self.longest = longest
        start = starts.lowerBound
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
        let instructions = program.instructions
        var isChanged = true
        // An instruction mostly stands behind where it leads, so that one round settles nearly all; loops ask for another.
        while isChanged {
            isChanged = false
            steps += size
            for index in 0..<size {
                let instruction = instructions[index]
                let value: UInt16
                switch instruction.kind {
                case .match: value = 0
                case .save: value = rows[row + Int(instruction.next)]
                case .split: value = min(rows[row + Int(instruction.next)], rows[row + Int(instruction.other)])
                case .assertion:
                    let holds = PatternWalk.holds(PatternAssertion(rawValue: UInt8(instruction.other)), before, after)
                    value = holds ? rows[row + Int(instruction.next)] : Self.never
                case .bytes:
                    guard !isTop, let after, program.sets[Int(instruction.other)].contains(after) else { continue }
                    let rest = rows[above + Int(instruction.next)]
                    value = rest == Self.never ? rest : rest + 1
                }
                if value < rows[row + index] {
                    rows[row + index] = value
                    isChanged = true
                }
            }
        }
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
