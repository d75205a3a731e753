/// Where in a JSON text an offset lies, as people write it: `messages[2].content[0].type`.
public enum JSONPath {
    /// Walks the text again from its start, which only somebody does who has found a problem. Of a text that is broken before
    /// `offset`: as far as it got.
    public static func of(offset: Int, in bytes: UnsafeRawBufferPointer) -> String {
        var scanner = JSONScanner(bytes)
        var path = ""
        do throws(JSONProblem) { try walk(&scanner, offset, &path) } catch {}
        return path
    }

    private static func walk(_ scanner: inout JSONScanner, _ offset: Int, _ path: inout String) throws(JSONProblem) {
        switch try scanner.peek() {
        case .object:
            try scanner.enterObject()
            while let name = try scanner.nextKey() {
                let before = path
                path += (path.isEmpty ? "" : ".") + scanner.decoded(name)
                if Int(name.range.end) >= offset { return }
                if try passed(&scanner, offset, &path) { return }
                path = before
            }
        case .array:
            try scanner.enterArray()
            var index = 0
            while try scanner.nextElement() {
                let before = path
                path += "[\(index)]"
                if try passed(&scanner, offset, &path) { return }
                path = before
                index += 1
            }
        default: try scanner.skip()
        }
    }

    /// Whether `offset` lies in the value that stands next; then `path` leads to it.
    private static func passed(_ scanner: inout JSONScanner, _ offset: Int, _ path: inout String) throws(JSONProblem) -> Bool {
        _ = try scanner.peek()
        var ahead = scanner
        let range = try ahead.skip()
        if offset >= Int(range.end) {
            scanner = ahead
            return false
        }
        if offset > Int(range.start) { try walk(&scanner, offset, &path) }
        return true
    }
}
