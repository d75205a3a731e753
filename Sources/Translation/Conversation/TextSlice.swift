import Wire

/// Text of a request or reply, as it stands there: copied from one dialect into another without being decoded.
///
/// Points into bytes that somebody else keeps: the body or event that is being read, or a `Conversation`'s own. Of use only
/// as long as those are, which is why translation runs to its end inside one `withUnsafeReadableBytes`.
public struct TextSlice {
    public enum Form: UInt8, Sendable {
        /// UTF-8. Arguments of a tool that came as a JSON object are `plain` too: the object's bytes.
        case plain
        /// The inside of a JSON string.
        case quoted
    }

    public var bytes: UnsafeRawBufferPointer
    public var form: Form
    /// Of `quoted`: there are backslashes in it. Without any, both forms are the same bytes.
    public var hasEscapes: Bool

    public init(quoted bytes: UnsafeRawBufferPointer, hasEscapes: Bool) {
        (self.bytes, self.form, self.hasEscapes) = (bytes, .quoted, hasEscapes)
    }

    public init(plain bytes: UnsafeRawBufferPointer) { (self.bytes, self.form, self.hasEscapes) = (bytes, .plain, false) }

    /// Of a string in `body`.
    public init(_ text: JSONText, of body: UnsafeRawBufferPointer) {
        self.init(quoted: text.range.of(body), hasEscapes: text.escaped)
    }

    public init(_ text: StaticString) {
        self.init(plain: UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    public static var empty: TextSlice { TextSlice(plain: UnsafeRawBufferPointer(start: nil, count: 0)) }
    public var isEmpty: Bool { bytes.isEmpty }

    /// Decoded: for names, ids and messages, not for text of any length.
    public var string: String { hasEscapes ? JSONEscapes.decoded(bytes) : String(decoding: bytes, as: UTF8.self) }

    /// Whether the text is `word`, which is ASCII and needs no escape.
    public func says(_ word: StaticString) -> Bool { hasEscapes ? string == "\(word)" : bytes.says(word) }

    /// Hands out the decoded UTF-8.
    public func decode(_ emit: (UInt8) -> Void) {
        if hasEscapes { JSONEscapes.decode(bytes, emit) } else { bytes.forEach(emit) }
    }
}

extension TextSlice {
    /// Arguments of a call as a history has them. Of a function that takes none, clients also say nothing, blanks, `null` or an empty
    /// array, where some providers demand an object: each of them is no arguments.
    var asArguments: TextSlice {
        guard !isEmpty, bytes.count <= 64 else { return self }
        var said: [UInt8] = []
        decode { if $0 > 0x20 { said.append($0) } }
        return [[], Array("null".utf8), Array("[]".utf8)].contains(said) ? .empty : self
    }
}

/// A whole JSON value as it stands in a body: schemas, numbers, whatever is copied and not looked into.
public struct JSONSlice {
    public var bytes: UnsafeRawBufferPointer

    public init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }
    public init(_ range: ByteRange, of body: UnsafeRawBufferPointer) { bytes = range.of(body) }

    public var isNull: Bool { bytes.says("null") }
    public var isTrue: Bool { bytes.says("true") }
    /// A whole number; nil for anything else.
    public var integer: Int64? {
        var scanner = JSONScanner(bytes)
        do throws(JSONProblem) { return try scanner.number().integer } catch { return nil }
    }

    public var isObject: Bool { bytes.first == UInt8(ascii: "{") }
}

extension JSONWriter {
    /// A string. What has its escapes already is copied.
    public mutating func string(_ text: TextSlice) {
        if text.form == .quoted { quoted(text.bytes) } else { escaping(text.bytes) }
    }

    /// The JSON value that `text` spells: arguments of a tool as an object. An empty text is `{}`.
    public mutating func json(_ text: TextSlice) {
        beginRaw()
        if text.isEmpty {
            appendRaw(UInt8(ascii: "{"))
            appendRaw(UInt8(ascii: "}"))
        } else if text.hasEscapes {
            text.decode { appendRaw($0) }
        } else {
            appendRaw(text.bytes)
        }
    }

    public mutating func value(_ json: JSONSlice) { raw(json.bytes) }

    public mutating func member(_ name: StaticString, _ text: TextSlice) {
        self.name(name)
        string(text)
    }

    public mutating func member(_ name: StaticString, word: StaticString) {
        self.name(name)
        self.word(word)
    }

    public mutating func member(_ name: StaticString, _ json: JSONSlice) {
        self.name(name)
        value(json)
    }

    public mutating func member(_ name: StaticString, ifPresent json: JSONSlice?) {
        if let json { member(name, json) }
    }

    public mutating func member(_ name: StaticString, ifPresent text: TextSlice?) {
        if let text { member(name, text) }
    }
}
