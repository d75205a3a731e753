/// A program's states, each worked out when a text first reaches it, in bounded memory: what is beyond the bound is forgotten and worked
/// out again. So a byte costs one look into a table, or at worst one visit of each instruction.
///
/// Anchored states keep the order of preference and give up what is preferred less than a match; they say where the match from a place
/// ends. The others begin anew at every byte and say only that some match ends here.
final class LazyStates {
    /// Cells of the table: 64 KiB.
    private static let maxCells = 1 << 14
    private static let unknown: Int32 = -1
    /// The row from which nothing leads to a match.
    static let dead: Int32 = 0

    private struct State: Hashable {
        var kernel: [Int32]
        var before: PatternWalk.Context
    }

    let program: PatternProgram
    private let isAnchored: Bool
    private let classes: PatternClasses
    private let width: Int
    /// For each state and class of bytes: twice the row that follows, plus 1 if a match ends before that byte. A row is named by its first cell.
    private var cells: [Int32] = []
    private var states: [State] = []
    private var numbers: [State: Int32] = [:]
    private var walk: PatternWalk
    /// Counts how often all was forgotten: rows of an earlier generation mean nothing.
    private(set) var generation = 0
    /// Of each byte whether it begins nothing; worked out when it is first asked.
    private var stays: [Bool] = []
    /// Bytes looked up and instructions visited, for tests and limits.
    var steps = 0

    init(_ program: PatternProgram, _ classes: PatternClasses, anchored: Bool) {
        self.program = program
        self.classes = classes
        isAnchored = anchored
        width = classes.count + 1
        walk = PatternWalk(program)
        forget()
    }

    /// Bytes that the table occupies.
    var memory: Int { cells.capacity * 4 + states.count * 64 }

    func forget() {
        generation += 1
        cells.removeAll(keepingCapacity: true)
        states.removeAll(keepingCapacity: true)
        numbers.removeAll(keepingCapacity: true)
        _ = row(of: State(kernel: [], before: .other))
        for context in PatternWalk.Context.allCases { _ = row(of: State(kernel: [program.start], before: normal(context))) }
    }

    private func normal(_ context: PatternWalk.Context) -> PatternWalk.Context { program.hasAssertions ? context : .other }

    /// The row of the beginning, after `before`.
    func start(after before: PatternWalk.Context) -> Int32 { Int32((program.hasAssertions ? Int(before.rawValue) + 1 : 1) * width) }

    /// Rows up to this one have nothing under way: what was read before them matters no more.
    private var lastFresh: Int32 { Int32((program.hasAssertions ? PatternWalk.Context.allCases.count : 1) * width) }
    func isFresh(_ row: Int32) -> Bool { row <= lastFresh }

    private func row(of state: State) -> Int32 {
        if let known = numbers[state] { return known }
        let row = Int32(cells.count)
        numbers[state] = row
        states.append(state)
        cells.append(contentsOf: repeatElement(Self.unknown, count: width))
        return row
    }

    /// The cell of `row` over `byte`, nil at the end of the text; worked out if need be, after which `row` may be of another generation.
    func cell(_ row: Int32, _ byte: UInt8?) -> Int32 {
        let index = Int(row) + (byte.map { Int(classes.of[Int($0)]) } ?? width - 1)
        if cells[index] != Self.unknown { return cells[index] }
        let state = states[Int(row) / width]
        let isEnd = walk.close(state.kernel, before: state.before, after: byte, cutting: isAnchored)
        steps += walk.visits + state.kernel.count
        var next = Self.dead
        let began = generation
        if let byte {
            var kernel: [Int32] = []
            walk.step(over: byte, anchored: isAnchored, into: &kernel)
            if !isAnchored { kernel.sort() }
            if !kernel.isEmpty {
                let target = State(kernel: kernel, before: normal(PatternWalk.Context(after: byte)))
                if numbers[target] == nil, cells.count + width > Self.maxCells { forget() }
                next = self.row(of: target)
            }
        }
        let cell = next << 1 | (isEnd ? 1 : 0)
        if generation == began { cells[index] = cell }
        return cell
    }

    /// The bytes after which still nothing is under way, whatever stood before.
    private func readStays() -> [Bool] {
        (UInt8.min...UInt8.max).map { byte in
            PatternWalk.Context.allCases.allSatisfy { context in
                let cell = cell(start(after: context), byte)
                return cell & 1 == 0 && isFresh(cell >> 1)
            }
        }
    }

    /// Goes over `text[from..<to]` from `row` as long as cells are known and nothing ends: no match, and not the way itself. Gives back
    /// where it stands. `fresh` becomes the last place at which nothing was under way.
    func run(_ row: inout Int32, _ text: UnsafeBufferPointer<UInt8>, _ from: Int, _ to: Int, fresh: inout Int) -> Int {
        if stays.isEmpty, !isAnchored { stays = readStays() }
        let lastFresh = isAnchored ? -1 : lastFresh
        let (at, current, place) = cells.withUnsafeBufferPointer { cells in
            classes.of.withUnsafeBufferPointer { classes in
                var (at, current, place) = (from, row, -1)
                while at < to {
                    if current <= lastFresh {
                        let began = at
                        stays.withUnsafeBufferPointer { stays in while at < to, stays[Int(text[at])] { at += 1 } }
                        if at > began { (current, place) = (start(after: PatternWalk.Context(after: text[at - 1])), at) }
                        guard at < to else { break }
                    }
                    let cell = cells[Int(current) + Int(classes[Int(text[at])])]
                    // Also what is unknown is odd.
                    if cell & 1 != 0 || cell == LazyStates.dead { break }
                    current = cell >> 1
                    at += 1
                    if current <= lastFresh { place = at }
                }
                return (at, current, place)
            }
        }
        steps += at - from
        row = current
        if place >= 0 { fresh = place }
        return at
    }
}

/// Bytes that no instruction of a program tells apart, under one number.
struct PatternClasses: Sendable {
    let of: [UInt8]
    let count: Int

    init(_ program: PatternProgram) {
        let (classes, samples) = PatternAutomaton.classes(of: program)
        of = classes
        count = samples.count
    }
}
