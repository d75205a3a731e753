import Wire

/// An event's members in their places, since `type` may stand behind what it is the type of.
struct AnthropicMessagesEvent {
    private(set) var type: JSONText?
    /// Of the block that it is about.
    private(set) var index: Int64?
    private(set) var part: JSONScanner?
    private(set) var counts: JSONScanner?

    init(_ data: UnsafeRawBufferPointer) throws(JSONProblem) {
        var scanner = JSONScanner(data)
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            if scanner.text(name, is: "delta") || scanner.text(name, is: "content_block") || scanner.text(name, is: "message") {
                part = scanner
            } else if scanner.text(name, is: "type"), try scanner.peek() == .string {
                type = try scanner.string()
                continue
            } else if scanner.text(name, is: "index"), try scanner.peek() == .number {
                index = try scanner.number().integer
                continue
            } else if scanner.text(name, is: "usage") {
                counts = scanner
            }
            try scanner.skip()
        }
        try scanner.finish()
    }
}

/// A block of a message, whole or as it begins in a stream.
struct AnthropicReplyBlock {
    private(set) var type = TextSlice.empty
    private(set) var text: TextSlice?
    private(set) var signature: TextSlice?
    private(set) var id: TextSlice?
    private(set) var name = TextSlice.empty
    private(set) var input: JSONSlice?
    private(set) var citations: JSONScanner?

    init(_ scanner: inout JSONScanner, _ body: UnsafeRawBufferPointer) throws(JSONProblem) {
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            let kind = try scanner.peek()
            if kind == .string {
                let value = TextSlice(try scanner.string(), of: body)
                if scanner.text(key, is: "type") {
                    type = value
                } else if scanner.text(key, is: "text") || scanner.text(key, is: "thinking") || scanner.text(key, is: "data") {
                    text = value
                } else if scanner.text(key, is: "signature") {
                    signature = value
                } else if scanner.text(key, is: "id") {
                    id = value
                } else if scanner.text(key, is: "name") {
                    name = value
                }
            } else if scanner.text(key, is: "input"), kind == .object {
                input = JSONSlice(try scanner.skip(), of: body)
            } else if scanner.text(key, is: "citations"), kind == .array {
                citations = scanner
                try scanner.skip()
            } else {
                try scanner.skip()
            }
        }
    }
}
