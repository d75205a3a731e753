import Wire

/// What one element of `tool_calls` says, of a chunk or of a whole message.
struct OpenAIChatCallDelta {
    var index: Int64?
    var id: TextSlice?
    var name: TextSlice?
    var arguments: TextSlice?
    var seal: TextSlice?

    mutating func read(_ scanner: inout JSONScanner, _ list: UnsafeRawBufferPointer) throws(JSONProblem) {
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            let kind = try scanner.peek()
            if scanner.text(name, is: "index"), kind == .number {
                index = try scanner.number().integer
            } else if scanner.text(name, is: "id"), kind == .string {
                id = TextSlice(try scanner.string(), of: list)
            } else if scanner.text(name, is: "function"), kind == .object {
                try function(&scanner, list)
            } else if scanner.text(name, is: "extra_content"), kind == .object {
                try extraContent(&scanner, list)
            } else {
                try scanner.skip()
            }
        }
    }

    /// Also the value of the older `function_call`.
    mutating func function(_ scanner: inout JSONScanner, _ list: UnsafeRawBufferPointer) throws(JSONProblem) {
        try scanner.enterObject()
        while let member = try scanner.nextKey() {
            let kind = try scanner.peek()
            if scanner.text(member, is: "name"), kind == .string {
                name = TextSlice(try scanner.string(), of: list)
            } else if scanner.text(member, is: "arguments"), kind == .string {
                arguments = TextSlice(try scanner.string(), of: list)
            } else if scanner.text(member, is: "arguments"), kind == .object {
                arguments = TextSlice(plain: try scanner.skip().of(list))
            } else {
                try scanner.skip()
            }
        }
    }

    /// Gemini's seal in OpenAI's dialect.
    private mutating func extraContent(_ scanner: inout JSONScanner, _ list: UnsafeRawBufferPointer) throws(JSONProblem) {
        try scanner.enterObject()
        while let member = try scanner.nextKey() {
            guard scanner.text(member, is: "google"), try scanner.peek() == .object else {
                try scanner.skip()
                continue
            }
            try scanner.enterObject()
            while let inner = try scanner.nextKey() {
                if scanner.text(inner, is: "thought_signature"), try scanner.peek() == .string {
                    seal = TextSlice(try scanner.string(), of: list)
                } else {
                    try scanner.skip()
                }
            }
        }
    }
}
