/// Writes JSON, compact. Commas and escapes are its business, nesting the caller's.
public struct JSONWriter: Sendable {
    public private(set) var bytes: [UInt8] = []
    private var needsComma = false

    public init() {}

    /// With room for so many bytes.
    public init(capacity: Int) { bytes.reserveCapacity(capacity) }

    /// Forgets what was written and keeps the room: for the next event of a stream.
    public mutating func clear() {
        bytes.removeAll(keepingCapacity: true)
        needsComma = false
    }

    /// Bytes that are no value: framing between events.
    public mutating func framing(_ text: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
        needsComma = false
    }

    /// The same, by whoever knows the framing.
    mutating func framing<Result>(_ write: (inout [UInt8]) -> Result) -> Result {
        needsComma = false
        return write(&bytes)
    }

    // MARK: The same without closures and escapes, for the path of a request

    public mutating func beginObject() { open(UInt8(ascii: "{")) }
    public mutating func endObject() { close(UInt8(ascii: "}")) }
    public mutating func beginArray() { open(UInt8(ascii: "[")) }
    public mutating func endArray() { close(UInt8(ascii: "]")) }

    /// A member's name that needs no escape; its value must follow.
    public mutating func name(_ name: StaticString) {
        comma()
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// A member's name by its inside, escaped already; its value must follow.
    public mutating func quotedName(_ inside: UnsafeRawBufferPointer) {
        quoted(inside)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// A string that needs no escape.
    public mutating func word(_ word: StaticString) {
        comma()
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
        bytes.append(UInt8(ascii: "\""))
    }

    /// A string by its inside, escaped already.
    public mutating func quoted(_ inside: UnsafeRawBufferPointer) {
        comma()
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: inside)
        bytes.append(UInt8(ascii: "\""))
    }

    /// A string of UTF-8, escaped on the way.
    public mutating func escaping(_ text: UnsafeRawBufferPointer) {
        comma()
        bytes.append(UInt8(ascii: "\""))
        Self.escape(text, into: &bytes)
        bytes.append(UInt8(ascii: "\""))
    }

    /// More bytes of the value just written or begun: for strings that are put together of several pieces, see `beginString`.
    public mutating func beginString() {
        comma()
        bytes.append(UInt8(ascii: "\""))
    }

    public mutating func appendQuoted(_ inside: UnsafeRawBufferPointer) { bytes.append(contentsOf: inside) }
    public mutating func appendEscaping(_ text: UnsafeRawBufferPointer) { Self.escape(text, into: &bytes) }
    public mutating func endString() { bytes.append(UInt8(ascii: "\"")) }

    /// More bytes of a value that is written piece by piece. The pieces together must be one JSON value.
    public mutating func beginRaw() { comma() }
    public mutating func appendRaw(_ json: UnsafeRawBufferPointer) { bytes.append(contentsOf: json) }
    public mutating func appendRaw(_ byte: UInt8) { bytes.append(byte) }

    /// Runs that need no escape are copied whole.
    public static func escape(_ text: UnsafeRawBufferPointer, into bytes: inout [UInt8]) {
        var start = 0
        for i in 0..<text.count {
            let byte = text[i]
            guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else { continue }
            bytes.append(contentsOf: text[start..<i])
            escape(byte, into: &bytes)
            start = i + 1
        }
        bytes.append(contentsOf: text[start...])
    }

    public mutating func object(_ members: (inout JSONWriter) -> Void) {
        open(UInt8(ascii: "{"))
        members(&self)
        close(UInt8(ascii: "}"))
    }

    public mutating func array(_ elements: (inout JSONWriter) -> Void) {
        open(UInt8(ascii: "["))
        elements(&self)
        close(UInt8(ascii: "]"))
    }

    /// A member's name; its value must follow.
    public mutating func key(_ name: String) {
        string(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    public mutating func string(_ text: String) {
        comma()
        Self.append(text, to: &bytes)
    }

    public mutating func number(_ value: some BinaryInteger) { raw("\(value)") }
    public mutating func bool(_ value: Bool) { raw(value ? "true" : "false") }
    public mutating func null() { raw("null") }

    /// A finished JSON value.
    public mutating func raw(_ json: some StringProtocol) {
        comma()
        bytes.append(contentsOf: json.utf8)
    }

    /// A finished JSON value.
    public mutating func raw(_ json: UnsafeRawBufferPointer) {
        comma()
        bytes.append(contentsOf: json)
    }

    public mutating func member(_ name: String, _ value: String) {
        key(name)
        string(value)
    }

    public mutating func member(_ name: String, _ value: some BinaryInteger) {
        key(name)
        number(value)
    }

    public mutating func member(_ name: String, _ value: Bool) {
        key(name)
        bool(value)
    }

    /// `null` when there is no value.
    public mutating func member(_ name: String, orNull value: String?) {
        key(name)
        if let value { string(value) } else { null() }
    }

    private mutating func open(_ bracket: UInt8) {
        comma()
        bytes.append(bracket)
        needsComma = false
    }

    private mutating func close(_ bracket: UInt8) {
        bytes.append(bracket)
        needsComma = true
    }

    private mutating func comma() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }

    /// `text` in quotes. Escapes what JSON demands and nothing else; DEL and line separators are legal as they are.
    public static func append(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { escape(byte, into: &bytes) } else { bytes.append(byte) }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private static func escape(_ byte: UInt8, into bytes: inout [UInt8]) {
        switch byte {
        case 0x08: bytes += Array("\\b".utf8)
        case 0x09: bytes += Array("\\t".utf8)
        case 0x0a: bytes += Array("\\n".utf8)
        case 0x0c: bytes += Array("\\f".utf8)
        case 0x0d: bytes += Array("\\r".utf8)
        case 0..<0x20:
            let digits = Array("0123456789abcdef".utf8)
            bytes += Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 0xf)]]
        default: bytes += [UInt8(ascii: "\\"), byte]
        }
    }
}
