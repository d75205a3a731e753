import CBytes

/// What kind of value stands next.
@frozen public enum JSONKind: UInt8, Sendable {
    case object, array, string, number, bool, null
}

/// Bytes `start ..< end` of a document. Documents are shorter than 4 GiB; 8 bytes instead of 16, as many are kept.
@frozen public struct ByteRange: Hashable, Sendable {
    public var start: UInt32
    public var end: UInt32

    @inlinable public init(_ start: Int, _ end: Int) {
        self.start = UInt32(truncatingIfNeeded: start)
        self.end = UInt32(truncatingIfNeeded: end)
    }

    @inlinable public var count: Int { Int(end) &- Int(start) }
    public var range: Range<Int> { Int(start)..<Int(end) }
    public func of(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: bytes[range]) }
}

/// A string or member name: the range inside the quotes, and whether it holds escapes.
@frozen public struct JSONText: Hashable, Sendable {
    public var range: ByteRange
    public var escaped: Bool

    @inlinable init(range: ByteRange, escaped: Bool) {
        self.range = range
        self.escaped = escaped
    }
}

/// Pulls one JSON text apart from front to back and validates all of it on the way: RFC 8259 grammar, UTF-8, depth.
///
/// Allocates nothing. What is not asked for is passed over with `skip`, at the speed of memory where it is text.
/// After a thrown problem the scanner is of no more use. Lone surrogate escapes are valid JSON and accepted.
///
///     var scanner = JSONScanner(bytes)
///     try scanner.enterObject()
///     while let key = try scanner.nextKey() {
///         if scanner.text(key, is: "model") { model = try scanner.string() } else { try scanner.skip() }
///     }
///     try scanner.finish()
@frozen public struct JSONScanner {
    /// Deeper nesting is refused: no real request comes near, and readers behind us may recurse.
    @inlinable public static var deepest: Int { 128 }

    @usableFromInline let grammar: JSONGrammar
    @usableFromInline var p: Bytes
    @usableFromInline var depth: Int
    /// An object or array was entered and nothing of it read yet.
    @usableFromInline var entered = false

    @inlinable public init(_ bytes: UnsafeRawBufferPointer, depth: Int = JSONScanner.deepest) {
        let raw = bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 1).unsafelyUnwrapped  // empty: never read
        let base = raw.assumingMemoryBound(to: UInt8.self)
        grammar = JSONGrammar(base: base, end: base + bytes.count)
        p = base
        self.depth = depth
    }

    /// Bytes read so far.
    @inlinable public var offset: Int { p - grammar.base }

    /// The kind of the value that stands next, by its first byte.
    @inlinable @inline(__always) public mutating func peek() throws(JSONProblem) -> JSONKind {
        p = grammar.space(p)
        guard p < grammar.end else { throw noValue() }
        switch p.pointee {
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool
        case UInt8(ascii: "n"): return .null
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
        default: throw noValue()
        }
    }

    @usableFromInline func noValue() -> JSONProblem {
        guard p < grammar.end else { return JSONProblem(grammar.base == grammar.end ? .empty : .cut, at: offset) }
        return JSONProblem(p.pointee == 0xef && offset == 0 ? .byteOrderMark : .value, at: offset)
    }

    @usableFromInline mutating func expect(_ kind: JSONKind) throws(JSONProblem) {
        guard try peek() == kind else { throw JSONProblem(.kind, at: offset) }
    }

    /// As the other `expect`, for kinds that one byte tells.
    @inlinable @inline(__always) mutating func expect(_ byte: UInt8, _ kind: JSONKind) throws(JSONProblem) {
        p = grammar.space(p)
        if p < grammar.end, p.pointee == byte { return }
        try expect(kind)
    }

    @inlinable public mutating func enterObject() throws(JSONProblem) {
        try expect(UInt8(ascii: "{"), .object)
        try enter()
    }

    @inlinable public mutating func enterArray() throws(JSONProblem) {
        try expect(UInt8(ascii: "["), .array)
        try enter()
    }

    @inlinable @inline(__always) mutating func enter() throws(JSONProblem) {
        guard depth > 0 else { throw JSONProblem(.depth, at: offset) }
        depth &-= 1
        entered = true
        p += 1
    }

    /// The next member's name; then its value must be read or skipped. Nil after the last member: the object is left.
    @inlinable @inline(__always) public mutating func nextKey() throws(JSONProblem) -> JSONText? {
        guard let quote = try more(UInt8(ascii: "}")) else { return nil }
        var escaped = false
        let close = try grammar.key(quote, &escaped)
        p = try grammar.colon(close + 1)
        return JSONText(range: ByteRange(quote + 1 - grammar.base, close - grammar.base), escaped: escaped)
    }

    /// Whether the array has another element, which must then be read or skipped. False: the array is left.
    @inlinable @inline(__always) public mutating func nextElement() throws(JSONProblem) -> Bool {
        guard let element = try more(UInt8(ascii: "]")) else { return false }
        p = element
        return true
    }

    /// Where the next member or element should begin; nil when there is none.
    @inlinable @inline(__always) mutating func more(_ close: UInt8) throws(JSONProblem) -> Bytes? {
        let here = grammar.space(p)
        guard here < grammar.end else { throw grammar.problem(.commaOrEnd, here) }
        if here.pointee == close {
            p = here + 1
            depth &+= 1
            entered = false
            return nil
        }
        if entered {
            entered = false
            return here
        }
        guard here.pointee == UInt8(ascii: ",") else { throw grammar.problem(.commaOrEnd, here) }
        return grammar.space(here + 1)
    }

    @inlinable @inline(__always) public mutating func string() throws(JSONProblem) -> JSONText {
        try expect(UInt8(ascii: "\""), .string)
        let start = p + 1
        var escaped = false
        let close = try grammar.string(start, &escaped)
        p = close + 1
        return JSONText(range: ByteRange(start - grammar.base, close - grammar.base), escaped: escaped)
    }

    public mutating func bool() throws(JSONProblem) -> Bool {
        try expect(.bool)
        let isTrue = p.pointee == UInt8(ascii: "t")
        p = try isTrue ? grammar.literal(p, "true") : grammar.literal(p, "false")
        return isTrue
    }

    public mutating func number() throws(JSONProblem) -> JSONNumber {
        if let number = shortNumber() { return JSONNumber(number) }
        try expect(.number)
        let start = p
        p = try grammar.number(p)
        return JSONNumber(UnsafeRawBufferPointer(start: start, count: p - start))
    }

    /// The next value without its fraction, saturated, where it is a number. Nil: it is none, and was passed over.
    public mutating func looseInteger() throws(JSONProblem) -> Int64? {
        if let number = shortNumber() { return number }
        guard try peek() == .number else {
            try skip()
            return nil
        }
        return try number().integer
    }

    /// A few digits and nothing else, as nearly all numbers are.
    private mutating func shortNumber() -> Int64? {
        p = grammar.space(p)
        var q = p
        var value: Int64 = 0
        while q < grammar.end, q.pointee &- 0x30 < 10, q - p < 18 {
            value = value &* 10 &+ Int64(q.pointee & 0xf)
            q += 1
        }
        guard q > p, q < grammar.end, q - p == 1 || p.pointee != UInt8(ascii: "0") else { return nil }
        switch q.pointee {
        case UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]"), 0...0x20:
            p = q
            return value
        default: return nil
        }
    }

    /// Passes over the next value, validating it; answers where it stands.
    @discardableResult
    @inlinable public mutating func skip() throws(JSONProblem) -> ByteRange {
        let start = grammar.space(p)
        if start == grammar.base { _ = try peek() }  // names an empty text and a byte order mark
        // One pass in C; the grammar here says what is wrong where that finds no value.
        p = if let end = cjson_value_end(start, grammar.end, depth) { end } else { try grammar.value(start, depth) }
        return ByteRange(start - grammar.base, offset)
    }

    /// Nothing but white space may follow.
    public mutating func finish() throws(JSONProblem) {
        p = grammar.space(p)
        guard p == grammar.end else { throw JSONProblem(.trailing, at: offset) }
    }

    /// Validates a whole text.
    public static func validate(_ bytes: UnsafeRawBufferPointer, depth: Int = deepest) throws(JSONProblem) {
        var scanner = JSONScanner(bytes, depth: depth)
        try scanner.skip()
        try scanner.finish()
    }
}
