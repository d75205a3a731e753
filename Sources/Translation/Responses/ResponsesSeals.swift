import Wire

/// Sealed thoughts in a request that goes on unread in its own dialect.
///
/// What a foreign provider sealed travels as `swl1:ORIGIN:KIND:DATA`. Whoever gets the request takes only its own, bare.
public enum ResponsesSeals {
    /// Nil: there is nothing of the kind in it, as nearly always.
    public static func resolve(_ body: UnsafeRawBufferPointer, for origin: Seal.Origin?) -> [UInt8]? {
        guard areIn(body) else { return nil }
        var out: [UInt8] = []
        var at = 0
        do throws(JSONProblem) {
            var scanner = JSONScanner(body)
            try scanner.enterObject()
            while let name = try scanner.nextKey() {
                guard scanner.text(name, is: "input"), try scanner.peek() == .array else {
                    try scanner.skip()
                    continue
                }
                let start = scanner.offset
                let list = try scanner.skip()
                out.append(contentsOf: body[at..<start])
                try resolve(list: list.of(body), origin, into: &out)
                at = Int(list.end)
            }
        } catch { return nil }  // the provider says what is wrong with it
        out.append(contentsOf: body[at...])
        return out
    }

    /// Something in `body` is sealed so.
    public static func areIn(_ body: UnsafeRawBufferPointer) -> Bool { body.contains("\"swl1:") }

    private static func resolve(list: UnsafeRawBufferPointer, _ origin: Seal.Origin?, into out: inout [UInt8]) throws(JSONProblem) {
        out.append(UInt8(ascii: "["))
        var isFirst = true
        var scanner = JSONScanner(list)
        try scanner.enterArray()
        while try scanner.nextElement() {
            let isObject = try scanner.peek() == .object
            let item = try scanner.skip().of(list)
            var kept = Array(item)
            if isObject, areIn(item) {
                let fields = try ItemFields.read(item)
                if fields.says("reasoning", item), let sealed = fields.sealed {
                    let text = TextSlice(sealed, of: item)
                    guard let bare = bare(text, for: origin) else { continue }
                    kept = Array(item[..<Int(sealed.range.start)]) + bare + Array(item[Int(sealed.range.end)...])
                }
            }
            if !isFirst { out.append(UInt8(ascii: ",")) }
            isFirst = false
            out.append(contentsOf: kept)
        }
        out.append(UInt8(ascii: "]"))
    }

    /// The inside of the string that the provider gave. Nil: it is another's.
    private static func bare(_ text: TextSlice, for origin: Seal.Origin?) -> [UInt8]? {
        let fields = text.string.split(separator: ":", maxSplits: 3, omittingEmptySubsequences: false)
        guard fields.count == 4, fields[0] == "swl1" else { return Array(text.bytes) }
        guard let origin, fields[1] == origin.rawValue else { return nil }
        var plain: [UInt8] = []
        Array(fields[3].utf8).withUnsafeBytes { JSONWriter.escape($0, into: &plain) }
        return plain
    }
}
