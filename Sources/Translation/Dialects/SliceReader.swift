import Wire

/// Takes a request apart into slices. What is of the wrong kind is refused with its JSON path and offset.
///
///     try reader.enterObject()
///     while let name = try reader.nextKey() {
///         if reader.says(name, "role") { role = try reader.text() } else { others.append(try reader.other(name)) }
///     }
struct SliceReader {
    let body: UnsafeRawBufferPointer
    var scanner: JSONScanner
    /// Members that nobody knows, of whatever object: see `reportUnknown`.
    private var unknown: [JSONText] = []

    init(_ body: UnsafeRawBufferPointer) {
        self.body = body
        scanner = JSONScanner(body)
    }

    /// A problem with the value that stands next, or with the one at `offset`.
    func wrong(_ expected: String, at offset: Int? = nil) -> Malformed {
        let offset = offset ?? scanner.offset
        let path = JSONPath.of(offset: offset, in: body)
        return Malformed(offset: offset, message: "`\(path)` must be \(expected)", member: path)
    }

    /// A problem with a text that was read before.
    func wrong(_ expected: String, _ text: TextSlice) -> Malformed { wrong(expected, at: Conversation.offset(of: text, in: body)) }

    mutating func peek() throws(Malformed) -> JSONKind {
        do throws(JSONProblem) { return try scanner.peek() } catch { throw Malformed(error) }
    }

    mutating func enterObject() throws(Malformed) {
        guard try peek() == .object else { throw wrong("an object") }
        do throws(JSONProblem) { try scanner.enterObject() } catch { throw Malformed(error) }
    }

    mutating func enterArray() throws(Malformed) {
        guard try peek() == .array else { throw wrong("an array") }
        do throws(JSONProblem) { try scanner.enterArray() } catch { throw Malformed(error) }
    }

    mutating func nextKey() throws(Malformed) -> JSONText? {
        do throws(JSONProblem) { return try scanner.nextKey() } catch { throw Malformed(error) }
    }

    mutating func nextElement() throws(Malformed) -> Bool {
        do throws(JSONProblem) { return try scanner.nextElement() } catch { throw Malformed(error) }
    }

    func says(_ name: JSONText, _ word: StaticString) -> Bool { scanner.text(name, is: word) }
    func slice(_ text: JSONText) -> TextSlice { TextSlice(text, of: body) }

    @discardableResult
    mutating func skip() throws(Malformed) -> JSONSlice {
        do throws(JSONProblem) { return JSONSlice(try scanner.skip(), of: body) } catch { throw Malformed(error) }
    }

    mutating func finish() throws(Malformed) {
        do throws(JSONProblem) { try scanner.finish() } catch { throw Malformed(error) }
    }

    /// A string; nil for null.
    mutating func text() throws(Malformed) -> TextSlice? {
        switch try peek() {
        case .string: do throws(JSONProblem) { return slice(try scanner.string()) } catch { throw Malformed(error) }
        case .null:
            try skip()
            return nil
        default: throw wrong("a string")
        }
    }

    /// A string that must be there.
    mutating func requiredText() throws(Malformed) -> TextSlice {
        guard try peek() == .string else { throw wrong("a string") }
        do throws(JSONProblem) { return slice(try scanner.string()) } catch { throw Malformed(error) }
    }

    /// A number as it stands; nil for null.
    mutating func number() throws(Malformed) -> JSONSlice? {
        switch try peek() {
        case .number: return try skip()
        case .null:
            try skip()
            return nil
        default: throw wrong("a number")
        }
    }

    mutating func flag() throws(Malformed) -> Bool? {
        switch try peek() {
        case .bool: return try skip().isTrue
        case .null:
            try skip()
            return nil
        default: throw wrong("true or false")
        }
    }

    /// An object as it stands; nil for null.
    mutating func object() throws(Malformed) -> JSONSlice? {
        switch try peek() {
        case .object: return try skip()
        case .null:
            try skip()
            return nil
        default: throw wrong("an object")
        }
    }

    /// Any value as it stands; nil for null.
    mutating func value() throws(Malformed) -> JSONSlice? {
        let isNull = try peek() == .null
        let value = try skip()
        return isNull ? nil : value
    }

    /// Passes over the value of a member that nobody knows, and takes note of it unless it is null and so says nothing. `type` and
    /// `index` only say what the place says already.
    mutating func unknown(_ name: JSONText) throws(Malformed) {
        if try value() != nil, !says(name, "type"), !says(name, "index") { unknown.append(name) }
    }

    /// So many were noted: for `forgetUnknown`, where the whole object turns out to be of use in its own dialect only.
    var unknownCount: Int { unknown.count }
    mutating func forgetUnknown(since count: Int) { unknown.removeSubrange(count...) }

    /// Members that nobody knew go to `others`, by their paths.
    func reportUnknown(to conversation: Conversation) {
        for name in unknown { AnthropicMessagesBlocks.lose(name, body, conversation) }
    }

    /// A member that has no place in a conversation; nil when it is null and so asks for nothing.
    mutating func other(_ name: JSONText) throws(Malformed) -> (name: TextSlice, value: JSONSlice)? {
        try value().map { (slice(name), $0) }
    }

    /// Refuses a second member of the same meaning. `bit`: one for each name that is acted on.
    mutating func once(_ name: JSONText, _ bit: Int, _ seen: inout UInt64) throws(Malformed) {
        guard seen & (1 << UInt64(bit)) == 0 else {
            let offset = Int(name.range.start) - 1
            let path = slice(name).string
            throw Malformed(offset: offset, message: "`\(path)` must be given only once", member: path)
        }
        seen |= 1 << UInt64(bit)
    }
}
