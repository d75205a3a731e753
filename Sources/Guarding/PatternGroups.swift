/// What the groups of an expression took of a match that is known: all ways are followed at once, each with its own notes, so that
/// the work is the match's length times the program's size.
struct PatternGroups {
    private struct Thread {
        var instruction: Int32
        /// Where each group begins and ends; -1: it took no part.
        var places: [Int]
    }

    private enum Task {
        case visit(Int32)
        case restore(slot: Int, place: Int)
    }

    private let program: PatternProgram
    private let text: TextPiece
    private let end: Int
    private var marks: [Int]
    private var round = 0

    private init(_ program: PatternProgram, _ text: TextPiece, _ end: Int) {
        (self.program, self.text, self.end) = (program, text, end)
        marks = Array(repeating: 0, count: program.instructions.count)
    }

    /// The ranges of groups 1, 2 and so on of the match in `range`; nil for one that took no part.
    static func ranges(_ program: PatternProgram, count: Int, of range: Range<Int>, in text: TextPiece) -> [Range<Int>?] {
        var search = PatternGroups(program, text, range.upperBound)
        let none = Array(repeating: -1, count: 2 * count + 2)
        let places = search.places(from: range.lowerBound, none) ?? none
        return (1...max(count, 1)).prefix(count).map { number in
            let (from, to) = (places[2 * number], places[2 * number + 1])
            return from < 0 || to < from ? nil : from..<to
        }
    }

    private mutating func places(from start: Int, _ none: [Int]) -> [Int]? {
        var threads: [Thread] = []
        var result = close(program.start, none, at: start, into: &threads)
        for at in start..<end {
            var next: [Thread] = []
            round += 1
            result = nil
            for thread in threads {
                let instruction = program.instructions[Int(thread.instruction)]
                guard program.sets[Int(instruction.other)].contains(text[at]) else { continue }
                if let found = close(instruction.next, thread.places, at: at + 1, into: &next) {
                    // Only at the end does a match count; what is preferred less is out then.
                    result = found
                    break
                }
            }
            threads = next
        }
        return result
    }

    /// Adds what is reached from `start` without a byte, the preferred first. Gives back the notes if that is the end of the match.
    private mutating func close(_ start: Int32, _ noted: [Int], at place: Int, into threads: inout [Thread]) -> [Int]? {
        if round == 0 { round = 1 }
        var places = noted
        var stack = [Task.visit(start)]
        let before = text.context(before: place)
        let after = place < text.end ? text[place] : nil
        while let task = stack.popLast() {
            guard case .visit(let index) = task else {
                if case .restore(let slot, let place) = task { places[slot] = place }
                continue
            }
            guard marks[Int(index)] != round else { continue }
            marks[Int(index)] = round
            let instruction = program.instructions[Int(index)]
            switch instruction.kind {
            case .match: if place == end { return places }
            case .bytes: threads.append(Thread(instruction: index, places: places))
            case .split:
                stack.append(.visit(instruction.other))
                stack.append(.visit(instruction.next))
            case .assertion:
                if PatternWalk.holds(PatternAssertion(rawValue: UInt8(instruction.other)), before, after) { stack.append(.visit(instruction.next)) }
            case .save:
                let slot = Int(instruction.other)
                if slot >= 0 {
                    stack.append(.restore(slot: slot, place: places[slot]))
                    places[slot] = place
                }
                stack.append(.visit(instruction.next))
            }
        }
        return nil
    }
}
