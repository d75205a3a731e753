import Routing
import Wire

/// Members of one event that a reader needs, as places in it.
struct EventFields {
    var type: JSONText?
    var delta: JSONText?
    var text: JSONText?
    var outputIndex: Int?
    var item: ByteRange?
    var response: ByteRange?
    var annotation: ByteRange?
    var logprobs: ByteRange?

    static func read(_ data: UnsafeRawBufferPointer) throws(JSONProblem) -> EventFields {
        var fields = EventFields()
        var scanner = JSONScanner(data)
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            if scanner.text(name, is: "type") {
                fields.type = try scanner.looseString()
            } else if scanner.text(name, is: "delta") {
                fields.delta = try scanner.looseString()
            } else if scanner.text(name, is: "output_index") {
                fields.outputIndex = try scanner.looseCount()
            } else if scanner.text(name, is: "item") {
                fields.item = try scanner.looseObject()
            } else if scanner.text(name, is: "response") {
                fields.response = try scanner.looseObject()
            } else if scanner.text(name, is: "text") || scanner.text(name, is: "refusal") {
                fields.text = try scanner.looseString()
            } else if scanner.text(name, is: "annotation") {
                fields.annotation = try scanner.looseObject()
            } else if scanner.text(name, is: "logprobs") {
                fields.logprobs = try scanner.looseArray()
            } else {
                try scanner.skip()
            }
        }
        try scanner.finish()
        return fields
    }
}

/// Members of an item of the output.
struct ItemFields {
    var type: JSONText?
    var id: JSONText?
    var callID: JSONText?
    var name: JSONText?
    var arguments: JSONText?
    var sealed: JSONText?
    var content: ByteRange?
    var summary: ByteRange?

    static func read(_ bytes: UnsafeRawBufferPointer) throws(JSONProblem) -> ItemFields {
        var fields = ItemFields()
        var scanner = JSONScanner(bytes)
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            if scanner.text(name, is: "type") {
                fields.type = try scanner.looseString()
            } else if scanner.text(name, is: "id") {
                fields.id = try scanner.looseString()
            } else if scanner.text(name, is: "call_id") {
                fields.callID = try scanner.looseString()
            } else if scanner.text(name, is: "name") {
                fields.name = try scanner.looseString()
            } else if scanner.text(name, is: "arguments") {
                fields.arguments = try scanner.looseString()
            } else if scanner.text(name, is: "encrypted_content") {
                fields.sealed = try scanner.looseString()
            } else if scanner.text(name, is: "content") {
                fields.content = try scanner.looseArray()
            } else if scanner.text(name, is: "summary") {
                fields.summary = try scanner.looseArray()
            } else {
                try scanner.skip()
            }
        }
        return fields
    }

    func says(_ word: StaticString, _ bytes: UnsafeRawBufferPointer) -> Bool { type?.range.of(bytes).says(word) ?? false }
}

/// Members of a response object.
struct ResponseFields {
    var id: JSONText?
    var model: JSONText?
    var status: JSONText?
    var tier: JSONText?
    var created: Int64?
    var output: ByteRange?
    var usage: UsageReport?
    var error: FaultyReply?
    /// Why it is incomplete.
    var reason: JSONText?

    static func read(_ bytes: UnsafeRawBufferPointer) throws(JSONProblem) -> ResponseFields {
        var fields = ResponseFields()
        var scanner = JSONScanner(bytes)
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            if scanner.text(name, is: "id") {
                fields.id = try scanner.looseString()
            } else if scanner.text(name, is: "model") {
                fields.model = try scanner.looseString()
            } else if scanner.text(name, is: "status") {
                fields.status = try scanner.looseString()
            } else if scanner.text(name, is: "service_tier") {
                fields.tier = try scanner.looseString()
            } else if scanner.text(name, is: "created_at") {
                fields.created = try scanner.looseCount().map { Int64($0) }
            } else if scanner.text(name, is: "output") {
                fields.output = try scanner.looseArray()
            } else if scanner.text(name, is: "usage") {
                fields.usage = try UsageCounts.read(&scanner) ?? fields.usage
            } else if scanner.text(name, is: "error") {
                fields.error = try FaultyReply.member(&scanner)
            } else if scanner.text(name, is: "incomplete_details"), try scanner.peek() == .object {
                try scanner.enterObject()
                while let inner = try scanner.nextKey() {
                    if scanner.text(inner, is: "reason") { fields.reason = try scanner.looseString() } else { try scanner.skip() }
                }
            } else {
                try scanner.skip()
            }
        }
        return fields
    }

    private static let unfinished: [StaticString] = ["failed", "cancelled", "in_progress", "queued"]

    /// Nil: it is no end. Compatible servers have words of their own for `completed`.
    func finish(_ bytes: UnsafeRawBufferPointer, hasCalls: Bool) -> FinishReason? {
        guard let status = status?.range.of(bytes) else { return hasCalls ? .toolCalls : .stop }
        for unfinished in Self.unfinished where status.says(unfinished) { return nil }
        guard status.says("incomplete") else { return hasCalls ? .toolCalls : .stop }
        guard let reason else { return .length }
        let word = TextSlice(reason, of: bytes)
        if word.says("max_output_tokens") || word.says("max_tokens") { return .length }
        return word.says("content_filter") ? .contentFilter : .other(word.string)
    }
}

extension JSONScanner {
    /// A string where there is one; anything else is passed over.
    mutating func looseString() throws(JSONProblem) -> JSONText? {
        if try peek() == .string { return try string() }
        try skip()
        return nil
    }

    mutating func looseObject() throws(JSONProblem) -> ByteRange? {
        let isObject = try peek() == .object
        let range = try skip()
        return isObject ? range : nil
    }

    mutating func looseArray() throws(JSONProblem) -> ByteRange? {
        let isArray = try peek() == .array
        let range = try skip()
        return isArray ? range : nil
    }

    /// Also of timestamps that have a fraction.
    mutating func looseCount() throws(JSONProblem) -> Int? {
        if try peek() == .number { return Int(max(try number().integer, 0)) }
        try skip()
        return nil
    }
}
