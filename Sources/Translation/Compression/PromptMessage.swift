import Routing
import Wire

/// What has to be known of a message, or of an item, to leave it out.
struct PromptMessage {
    enum Side: UInt8 {
        /// Instructions: always kept, wherever they stand.
        case system
        /// The caller's, and results of tools.
        case user
        case assistant
    }

    /// The element of the list.
    var range: ByteRange
    var side: Side
    var hasCalls = false
    var hasResults = false
    var calls: [[UInt8]] = []
    var results: [[UInt8]] = []
    var size = PromptSize(textBytes: 0)

    init(_ side: Side, _ range: ByteRange) {
        self.side = side
        self.range = range
    }

    mutating func add(call id: [UInt8]?) {
        hasCalls = true
        if let id { calls.append(id) }
    }

    mutating func add(result id: [UInt8]?) {
        hasResults = true
        if let id { results.append(id) }
    }
}

/// Which messages can be left out of a conversation together, in the order in which they go.
///
/// A *block* is the least that stands or falls together: a call and its results, whatever one side says in a row. A *turn* begins where
/// the caller speaks again. Turns between the first and the last go first, the oldest before the newer; then of the last turn the
/// rounds of tools between its first and its most recent; then rounds of the first. What is left alternates as it did: a turn begins with
/// the caller and ends with the model, a round begins with the model and ends with results.
enum PromptPieces {
    private struct Block {
        var messages: [Int]
        var first: PromptMessage.Side
        var last: PromptMessage.Side
        var isRound: Bool { first == .assistant && last == .user }
    }

    /// Nil: results of calls that are not there, so nothing is known for certain.
    static func of(_ messages: [PromptMessage]) -> [[Int]]? {
        guard let blocks = blocks(messages) else { return nil }
        var turns: [[Block]] = []
        for block in blocks {
            if block.first == .user || turns.isEmpty { turns.append([]) }
            turns[turns.count - 1].append(block)
        }
        guard let first = turns.first, let last = turns.last else { return [] }
        var pieces = turns.dropFirst().dropLast().map { turn in turn.flatMap(\.messages) }
        pieces += last.filter(\.isRound).dropFirst().dropLast().map(\.messages)
        if turns.count > 1 { pieces += first.filter(\.isRound).map(\.messages) }
        return pieces
    }

    private static func blocks(_ messages: [PromptMessage]) -> [Block]? {
        let spoken = messages.indices.filter { messages[$0].side != .system }
        guard let joined = joints(messages, spoken) else { return nil }
        var blocks: [Block] = []
        for (place, index) in spoken.enumerated() {
            let side = messages[index].side
            if place > 0, joined[place] {
                blocks[blocks.count - 1].messages.append(index)
                blocks[blocks.count - 1].last = side
            } else {
                blocks.append(Block(messages: [index], first: side, last: side))
            }
        }
        return blocks
    }

    /// For each place among `spoken` whether what stands there and what stands before it belong together.
    private static func joints(_ messages: [PromptMessage], _ spoken: [Int]) -> [Bool]? {
        var joined = [Bool](repeating: false, count: spoken.count)
        var called: [[UInt8]: Int] = [:]
        for (place, index) in spoken.enumerated() {
            let message = messages[index]
            if place == 0 {
                if message.hasResults { return nil }
            } else {
                let before = messages[spoken[place - 1]]
                joined[place] = before.side == message.side || message.hasResults || before.hasCalls
            }
            for id in message.results {
                guard let call = called[id], call < place else { return nil }
                for between in call + 1...place { joined[between] = true }
            }
            for id in message.calls { called[id] = place }
        }
        return joined
    }
}
