import Wire

/// The words of a request's caller, for conditions on `request.text`: of a conversation the text of its last user message, a line
/// break between parts; of a completion its prompt, of an embedding its input.
///
/// Read only where a condition asks for it: this decodes what routing otherwise leaves in place.
public enum PromptText {
    /// Longer texts are cut: conditions look at the beginning.
    public static let longest = 65_536

    /// `body` has been read as a `Call` before, so it is valid.
    public static func read(_ body: UnsafeRawBufferPointer) -> String {
        var reader = Reader(body: body, scanner: JSONScanner(body))
        try? reader.members()  // what cannot be read has no text
        return String(decoding: reader.text.prefix(longest), as: UTF8.self)
    }

    private struct Reader {
        let body: UnsafeRawBufferPointer
        var scanner: JSONScanner
        var text: [UInt8] = []

        mutating func members() throws(JSONProblem) {
            try scanner.enterObject()
            while let name = try scanner.nextKey() {
                if scanner.text(name, is: "messages") {
                    try messages()
                } else if scanner.text(name, is: "prompt") || scanner.text(name, is: "input") {
                    try content()
                } else {
                    try scanner.skip()
                }
            }
        }

        private mutating func messages() throws(JSONProblem) {
            guard try scanner.peek() == .array else { return try pass() }
            try scanner.enterArray()
            while try scanner.nextElement() {
                guard try scanner.peek() == .object else {
                    try scanner.skip()
                    continue
                }
                let before = text
                text = []
                var isUser = false
                try scanner.enterObject()
                while let name = try scanner.nextKey() {
                    if scanner.text(name, is: "content") {
                        try content()
                    } else if scanner.text(name, is: "role"), try scanner.peek() == .string {
                        isUser = scanner.text(try scanner.string(), is: "user")
                    } else {
                        try scanner.skip()
                    }
                }
                if !isUser { text = before }
            }
        }

        /// A string, or parts with a text, or a list of either.
        private mutating func content() throws(JSONProblem) {
            switch try scanner.peek() {
            case .string: append(try scanner.string())
            case .array:
                try scanner.enterArray()
                while try scanner.nextElement() {
                    switch try scanner.peek() {
                    case .string: append(try scanner.string())
                    case .object: try part()
                    default: try scanner.skip()
                    }
                }
            default: try scanner.skip()
            }
        }

        private mutating func part() throws(JSONProblem) {
            try scanner.enterObject()
            while let name = try scanner.nextKey() {
                if scanner.text(name, is: "text"), try scanner.peek() == .string {
                    append(try scanner.string())
                } else {
                    try scanner.skip()
                }
            }
        }

        private mutating func pass() throws(JSONProblem) { try scanner.skip() }

        private mutating func append(_ string: JSONText) {
            guard text.count < longest else { return }
            if !text.isEmpty { text.append(UInt8(ascii: "\n")) }
            JSONEscapes.decode(string.range.of(body)) { text.append($0) }
        }
    }
}
