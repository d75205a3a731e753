/// A program with its positions worked out beforehand: a byte costs one look into a table. Most expressions people write become one;
/// those with too many states stay programs.
struct PatternAutomaton: Sendable {
    private static let maxStates = 2000
    private static let maxCells = 1 << 16
    /// Visits of instructions while it is made.
    private static let maxWork = 100_000

    fileprivate static let matched: Int32 = -1

    /// Bytes that no instruction tells apart share a class.
    private let classes: [UInt8]
    /// One cell for each class in a row, and one for the end of the text.
    private let width: Int
    private let cells: [Int32]

    /// Nil: too many states, or too much work.
    init?(_ program: PatternProgram) {
        let (classes, samples) = Self.classes(of: program)
        let width = samples.count + 1
        var builder = Builder(program)
        var cells: [Int32] = []
        var row = 0
        _ = builder.number(of: [program.start], .start)
        while row < builder.states.count {
            guard row < Self.maxStates, cells.count + width <= Self.maxCells, builder.work <= Self.maxWork else { return nil }
            for sample in samples { cells.append(builder.target(of: row, over: sample, width)) }
            cells.append(builder.target(of: row, over: nil, width))
            row += 1
        }
        self.classes = classes
        self.width = width
        self.cells = cells
    }

    func matches(_ bytes: UnsafeBufferPointer<UInt8>, steps: inout Int) -> Bool {
        steps += bytes.count + 1
        return classes.withUnsafeBufferPointer { classes in
            cells.withUnsafeBufferPointer { cells in
                var row = 0
                for byte in bytes {
                    let next = cells[row + Int(classes[Int(byte)])]
                    if next == Self.matched { return true }
                    row = Int(next)
                }
                return cells[row + width - 1] == Self.matched
            }
        }
    }

    /// The class of every byte, and a byte of every class.
    static func classes(of program: PatternProgram) -> (classes: [UInt8], samples: [UInt8]) {
        var sets = program.sets
        if program.hasAssertions {
            var (words, newline, continuations) = (ByteSet(), ByteSet(), ByteSet())
            continuations.insert(0x80...0xBF)
            for byte in UInt8.min...UInt8.max where PatternWalk.isWord(byte) { words.insert(byte...byte) }
            newline.insert(UInt8(ascii: "\n")...UInt8(ascii: "\n"))
            sets += [words, newline, continuations]
        }
        var classes = Array(repeating: UInt8(0), count: 256)
        for set in sets {
            // For each class its number within the set and without; 256: none yet.
            var split = Array(repeating: UInt16(256), count: 512)
            var count: UInt16 = 0
            for byte in UInt8.min...UInt8.max {
                let key = Int(classes[Int(byte)]) << 1 | (set.contains(byte) ? 1 : 0)
                if split[key] == 256 {
                    split[key] = count
                    count += 1
                }
                classes[Int(byte)] = UInt8(truncatingIfNeeded: split[key])
            }
        }
        let count = Int(classes.max() ?? 0) + 1
        return (classes, (0..<count).map { number in UInt8(classes.firstIndex { Int($0) == number } ?? 0) })
    }

    private struct Builder {
        struct State: Hashable {
            var kernel: [Int32]
            var before: PatternWalk.Context
        }

        let program: PatternProgram
        var walk: PatternWalk
        var states: [State] = []
        var numbers: [State: Int] = [:]
        var work = 0

        init(_ program: PatternProgram) {
            self.program = program
            walk = PatternWalk(program)
        }

        mutating func number(of kernel: [Int32], _ before: PatternWalk.Context) -> Int {
            let state = State(kernel: kernel, before: program.hasAssertions ? before : .other)
            if let known = numbers[state] { return known }
            numbers[state] = states.count
            states.append(state)
            return states.count - 1
        }

        /// The cell of a state and a byte: where its row begins, or `matched`. At the end of the text only a match counts.
        mutating func target(of row: Int, over byte: UInt8?, _ width: Int) -> Int32 {
            let state = states[row]
            let hasMatched = walk.close(state.kernel, before: state.before, after: byte)
            work += walk.visits + state.kernel.count
            if hasMatched { return PatternAutomaton.matched }
            guard let byte else { return 0 }
            var kernel: [Int32] = []
            walk.step(over: byte, into: &kernel)
            kernel.sort()
            return Int32(number(of: kernel, PatternWalk.Context(after: byte)) * width)
        }
    }
}
