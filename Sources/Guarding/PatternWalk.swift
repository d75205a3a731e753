/// One position of a text: which instructions are reached there without a byte.
struct PatternWalk {
    /// What assertions ask of the byte before a position.
    enum Context: UInt8, Hashable, CaseIterable {
        case start, newline, word, other

        init(after byte: UInt8) { self = byte == UInt8(ascii: "\n") ? .newline : PatternWalk.isWord(byte) ? .word : .other }
    }

    private let program: PatternProgram
    /// The round in which an instruction was last reached.
    private var marks: [Int]
    private var round = 0
    private var stack: [Int32] = []
    /// Instructions that want a byte, those preferred first.
    private(set) var waiting: [Int32] = []
    /// Of the last round.
    private(set) var visits = 0

    init(_ program: PatternProgram) {
        self.program = program
        marks = Array(repeating: 0, count: program.instructions.count)
    }

    /// Reaches from `kernel` what can be reached between `before` and the byte `after` (nil: the end). True: the end of the program.
    /// `cutting`: what is preferred less than that end is left out.
    mutating func close(_ kernel: [Int32], before: Context, after: UInt8?, cutting: Bool = true) -> Bool {
        var isEnd = false
        round += 1
        visits = 0
        waiting.removeAll(keepingCapacity: true)
        stack.append(contentsOf: kernel.reversed())
        while let place = stack.popLast() {
            let index = Int(place)
            if marks[index] == round { continue }
            marks[index] = round
            visits += 1
            let instruction = program.instructions[index]
            switch instruction.kind {
            case .match:
                isEnd = true
                if cutting { stack.removeAll(keepingCapacity: true) }
            case .save: stack.append(instruction.next)
            case .bytes: waiting.append(place)
            case .split:
                stack.append(instruction.other)
                stack.append(instruction.next)
            case .assertion:
                if Self.holds(PatternAssertion(rawValue: UInt8(instruction.other)), before, after) { stack.append(instruction.next) }
            }
        }
        return isEnd
    }

    /// Where `byte` leads from what waits; the beginning is one such place everywhere, unless a match may begin in one place only.
    mutating func step(over byte: UInt8, anchored: Bool = false, into kernel: inout [Int32]) {
        round += 1
        for place in waiting {
            let instruction = program.instructions[Int(place)]
            guard program.sets[Int(instruction.other)].contains(byte), marks[Int(instruction.next)] != round else { continue }
            marks[Int(instruction.next)] = round
            kernel.append(instruction.next)
        }
        if !anchored, marks[Int(program.start)] != round { kernel.append(program.start) }
    }

    static func holds(_ assertion: PatternAssertion?, _ before: Context, _ after: UInt8?) -> Bool {
        switch assertion {
        case .textStart: before == .start
        case .textEnd: after == nil
        case .lineStart: before == .start || before == .newline
        case .lineEnd: after == nil || after == UInt8(ascii: "\n")
        case .wordBoundary: (before == .word) != (after.map(isWord) ?? false)
        // Not within a character.
        case .noWordBoundary: (before == .word) == (after.map(isWord) ?? false) && !(after.map(isContinuation) ?? false)
        case nil: false
        }
    }

    static func isContinuation(_ byte: UInt8) -> Bool { byte & 0xC0 == 0x80 }
    static func isWord(_ byte: UInt8) -> Bool { Unicode.Scalar(byte).isASCII && Unicode.Scalar(byte).isWord }
}
