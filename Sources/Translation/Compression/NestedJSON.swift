import Wire

/// Finds texts of a prompt that are JSON themselves: arguments of calls, results of tools, contents.
///
/// What a provider signed, cites by its place or keeps encrypted is left alone, and so are the values of arguments: a file that
/// a tool is to write is no JSON of ours.
struct NestedJSON {
    private let body: UnsafeRawBufferPointer
    private var scanner: JSONScanner
    private var cuts = Cuts()

    /// Deeper than any dialect nests.
    private static let deepest = 8

    private init(_ body: UnsafeRawBufferPointer) {
        self.body = body
        scanner = JSONScanner(body)
    }

    /// The white space in them.
    static func cuts(of body: UnsafeRawBufferPointer) throws(JSONProblem) -> Cuts {
        var finder = NestedJSON(body)
        try finder.scanner.enterObject()
        while let name = try finder.scanner.nextKey() {
            switch CallMember.of(name, in: body) {
            case .messages, .contents, .input: try finder.value(depth: 0, isText: false)
            default: try finder.scanner.skip()
            }
        }
        return finder.cuts
    }

    /// - Parameter isText: A string here is said to the model.
    private mutating func value(depth: Int, isText: Bool, isResult: Bool = false) throws(JSONProblem) {
        switch try scanner.peek() {
        case .string:
            let text = try scanner.string()
            if isText { WhiteSpace.cut(text: text, of: body, from: &cuts) }
        case .array where depth < Self.deepest:
            try scanner.enterArray()
            while try scanner.nextElement() { try value(depth: depth + 1, isText: isText, isResult: isResult) }
        case .object where depth < Self.deepest:
            if try isSealed() {
                try scanner.skip()
            } else {
                try object(depth: depth + 1, isResult: isResult)
            }
        default: try scanner.skip()
        }
    }

    private mutating func object(depth: Int, isResult: Bool) throws(JSONProblem) {
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            let kind = try scanner.peek()
            if isResult {
                try value(depth: depth, isText: true, isResult: true)
            } else if Self.texts.contains(where: { scanner.text(name, is: $0) }) {
                try value(depth: depth, isText: true)
            } else if kind == .string {
                if scanner.text(name, is: "arguments") { try value(depth: depth, isText: true) } else { try scanner.skip() }
            } else if Self.holders.contains(where: { scanner.text(name, is: $0) }) {
                try value(depth: depth, isText: false)
            } else if scanner.text(name, is: "response") {
                try value(depth: depth, isText: true, isResult: true)
            } else {
                try scanner.skip()
            }
        }
    }

    private static let texts: [StaticString] = ["content", "text", "output"]
    private static let holders: [StaticString] = [
        "parts", "tool_calls", "function", "function_call", "functionResponse", "function_response", "toolResult",
    ]
    private static let seals: [StaticString] = [
        "signature", "thoughtSignature", "thought_signature", "thought", "encrypted_content", "extra_content", "citations", "annotations",
    ]
    private static let sealedTypes: [StaticString] = ["thinking", "redacted_thinking", "reasoning", "compaction"]

    /// Whether the object that stands next is somebody's own words, to the byte.
    private func isSealed() throws(JSONProblem) -> Bool {
        var ahead = scanner
        try ahead.enterObject()
        while let name = try ahead.nextKey() {
            if ahead.text(name, is: "type"), try ahead.peek() == .string {
                let type = try ahead.string()
                if Self.sealedTypes.contains(where: { ahead.text(type, is: $0) }) { return true }
                continue
            }
            // An empty list or a null seals nothing.
            let value = try ahead.skip()
            if value.count > 2, value.of(body)[0] != UInt8(ascii: "n"), Self.seals.contains(where: { ahead.text(name, is: $0) }) { return true }
        }
        return false
    }
}
