import Wire

/// Pieces of a stream's choices that have to wait, since a call of another choice is open and a call is told in one go.
struct OpenAIChatWaiting {
    struct Piece {
        var choice: Int
        var bytes: [UInt8]
    }

    private static let mostBytes = 1_048_576

    private var pieces: [Piece] = []
    private var bytes = 0

    var isEmpty: Bool { pieces.isEmpty }

    func has(_ choice: Int) -> Bool { pieces.contains { $0.choice == choice } }

    mutating func add(_ choice: Int, _ object: UnsafeRawBufferPointer) throws(JSONProblem) {
        bytes += object.count
        guard bytes <= Self.mostBytes else { throw JSONProblem(.kind, at: 0) }
        pieces.append(Piece(choice: choice, bytes: Array(object)))
    }

    /// All of them, in the order in which they came; none waits any more.
    mutating func takeAll() -> [Piece] {
        let all = pieces
        self = OpenAIChatWaiting()
        return all
    }
}
