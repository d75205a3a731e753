/// What is wrong with a JSON text, and where.
@frozen public struct JSONProblem: Error, Hashable, Sendable {
    @frozen public enum Reason: UInt8, Sendable {
        case empty, byteOrderMark, cut, value, literal, number, key, colon, commaOrEnd, control, escape, hex, utf8, depth, trailing
        /// Asked for a kind of value that is not there; the text itself may be right.
        case kind
    }

    public var reason: Reason
    /// Bytes before the first wrong one.
    public var offset: Int

    @inlinable public init(_ reason: Reason, at offset: Int) {
        self.reason = reason
        self.offset = offset
    }

    /// What was expected, to follow the offset in an error message.
    public var expected: String {
        switch reason {
        case .empty: "expected a JSON value, found nothing"
        case .byteOrderMark: "expected no byte order mark"
        case .cut: "the text ends in the middle of a value"
        case .value: "expected a value"
        case .literal: "expected true, false or null"
        case .number: "expected a digit"
        case .key: "expected a member name in quotes"
        case .colon: "expected ':' after a member name"
        case .commaOrEnd: "expected ',' or the end of the object or array"
        case .control: "expected control characters in a string to be escaped"
        case .escape: "expected one of \"\\/bfnrtu after a backslash"
        case .hex: "expected four hexadecimal digits after \\u"
        case .utf8: "expected UTF-8"
        case .depth: "expected fewer nested objects and arrays"
        case .trailing: "expected nothing after the value"
        case .kind: "expected another kind of value"
        }
    }
}
