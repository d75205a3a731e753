import Wire

/// Pieces of calls that have to wait, since the call that is open has not all of its arguments: other dialects tell one call after
/// the other, and a provider may tell several at once.
///
/// A call whose arguments are a whole JSON value gets no more, so that calls told in order never wait.
struct HeldCalls {
    private static let mostBytes = 1_048_576
    private static let mostCalls = 128

    private var pieces: [[UInt8]] = []
    private var bytes = 0
    private var calls = 0
    // Of the open call's arguments.
    private var depth = 0
    private var hasBegun = false
    private var isInString = false
    private var isEscaped = false

    var isEmpty: Bool { pieces.isEmpty }
    /// The open call has all of its arguments.
    var isOpenWhole: Bool { hasBegun && depth == 0 && !isInString }

    /// - Parameters:
    ///   - element: Of the list `tool_calls`, or an event.
    ///   - isHead: It begins a call.
    mutating func add(_ element: UnsafeRawBufferPointer, isHead: Bool) throws(JSONProblem) {
        bytes += element.count
        calls += isHead ? 1 : 0
        guard bytes <= Self.mostBytes, calls <= Self.mostCalls else { throw JSONProblem(.kind, at: 0) }
        pieces.append(Array(element))
    }

    /// All of them, in the order in which they came; none waits any more.
    mutating func takeAll() -> [[UInt8]] {
        defer { (pieces, bytes, calls) = ([], 0, 0) }
        return pieces
    }

    /// Another call is open.
    mutating func opened() { (depth, hasBegun, isInString, isEscaped) = (0, false, false, false) }

    mutating func took(_ arguments: TextSlice) {
        // A copy, since it changes with each byte.
        var now = self
        arguments.decode { now.took($0) }
        self = now
    }

    private mutating func took(_ byte: UInt8) {
        if isEscaped {
            isEscaped = false
        } else if isInString {
            if byte == UInt8(ascii: "\\") { isEscaped = true } else if byte == UInt8(ascii: "\"") { isInString = false }
        } else {
            switch byte {
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: "\""): isInString = true
            case 0x09, 0x0a, 0x0d, 0x20: return
            default: break
            }
            hasBegun = true
        }
    }
}
