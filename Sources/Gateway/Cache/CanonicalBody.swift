import Wire

/// A request's body as two bodies are compared: spaces between values do not count, nor does the order of the outermost members. All
/// else does, also members that nobody here knows, how a number is written, and the order of members further in: a model answers in the
/// order of a schema's properties.
struct CanonicalBody {
    private(set) var bytes: [UInt8] = []

    /// The body was validated when it was read. Nil: it is no object.
    init?(_ body: UnsafeRawBufferPointer) {
        var members: [(name: ByteRange, value: ByteRange)] = []
        var isEscaped = false
        var scanner = JSONScanner(body)
        do throws(JSONProblem) {
            try scanner.enterObject()
            while let name = try scanner.nextKey() {
                isEscaped = isEscaped || name.escaped
                members.append((name.range, try scanner.skip()))
            }
            try scanner.finish()
        } catch { return nil }
        bytes.reserveCapacity(body.count)
        // Of a name that is there twice the order counts, also where one of the two is written with escapes: then all stays as it is.
        let order =
            isEscaped
            ? Array(members.indices)
            : members.indices.sorted { left, right in
                let (a, b) = (members[left].name.of(body), members[right].name.of(body))
                return a.elementsEqual(b) ? left < right : a.lexicographicallyPrecedes(b)
            }
        for at in order {
            bytes.append(UInt8(ascii: "\""))
            bytes.append(contentsOf: members[at].name.of(body))
            bytes.append(UInt8(ascii: "\""))
            bytes.append(UInt8(ascii: ":"))
            appendTight(members[at].value.of(body))
            bytes.append(UInt8(ascii: ","))
        }
    }

    /// A valid JSON text without the spaces between its values: nothing else can be confused by leaving them out, since two values never
    /// stand side by side without a comma.
    private mutating func appendTight(_ value: UnsafeRawBufferPointer) {
        var start = 0
        var at = 0
        var isString = false
        while at < value.count {
            let byte = value[at]
            if isString {
                if byte == UInt8(ascii: "\\") { at += 1 } else if byte == UInt8(ascii: "\"") { isString = false }
            } else if byte == UInt8(ascii: "\"") {
                isString = true
            } else if byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 {
                bytes.append(contentsOf: value[start..<at])
                start = at + 1
            }
            at += 1
        }
        bytes.append(contentsOf: value[start..<value.count])
    }
}
