import Routing
import Wire

/// What one event of a stream in OpenAI's dialect tells the relay.
///
/// The text between the few members that matter is not parsed: in JSON a raw `"usage":` can only be a member's name,
/// since quotes inside strings are escaped. Only an event that has usage or an error is read as JSON.
struct StreamChunk {
    /// Bytes of text, reasoning and tool arguments, escapes as they stand.
    var contentBytes = 0
    /// Something a client would show or act on.
    var hasContent = false
    /// Choices that said why they ended.
    var finishes = 0
    var usage: UsageReport?
    /// How soon it was served; looked for only where there may be usage.
    var tier: ServiceTier?
    /// Usage and an empty list of choices: the event that exists only because usage was asked for.
    var isUsageOnly = false
    var error: FaultyReply?
    /// The error is the member `error`, which OpenAI's clients understand.
    var hasErrorMember = false
    /// Something that was looked into is not JSON.
    var isBroken = false

    static func read(_ data: UnsafeRawBufferPointer, api: API) -> StreamChunk {
        var chunk = StreamChunk()
        let text: StaticString = api == .completions ? "text" : "delta"
        let letters = (UInt8(ascii: "u"), UInt8(ascii: "e"), UInt8(ascii: "f"), text.utf8Start[0])
        var search = JSONMemberSearch(data, beginning: letters)
        var detailed = false
        while let letter = search.next() {
            switch letter {
            case UInt8(ascii: "u"): if search.value(of: "usage") != nil { detailed = true }
            case UInt8(ascii: "e"): if search.value(of: "error") != nil { detailed = true }
            case UInt8(ascii: "f"):
                if let value = search.value(of: "finish_reason"), Self.isReason(data, value) { chunk.finishes += 1 }
            default: if let value = search.value(of: text) { search.pass(to: chunk.content(data, value)) }
            }
        }
        if detailed { chunk.details(data) }
        return chunk
    }

    /// A text with something in it: some providers say `""` with each chunk until the last.
    private static func isReason(_ data: UnsafeRawBufferPointer, _ start: Int) -> Bool {
        let quote = UInt8(ascii: "\"")
        return start + 1 < data.count && data[start] == quote && data[start + 1] != quote
    }

    /// Counts the content of the `delta` or `text` whose value stands at `start`; answers where it ends.
    private mutating func content(_ data: UnsafeRawBufferPointer, _ start: Int) -> Int {
        var scanner = JSONScanner(UnsafeRawBufferPointer(rebasing: data[start...]))
        do throws(JSONProblem) {
            switch try scanner.peek() {
            case .object: try delta(&scanner)
            case .string: add(try scanner.string().range.count)
            default: try scanner.skip()
            }
        } catch {
            isBroken = true
            return data.count
        }
        return start + scanner.offset
    }

    /// Every member but `role` is content, unless it is null or empty: there are more names for thinking than one can list.
    private mutating func delta(_ scanner: inout JSONScanner) throws(JSONProblem) {
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            if scanner.text(name, is: "role") {
                try scanner.skip()
                continue
            }
            switch try scanner.peek() {
            case .string: add(try scanner.string().range.count)
            case .object, .array:
                let text = try Self.textBytes(&scanner)
                contentBytes += text.bytes
                if text.any { hasContent = true }
            case .number, .bool:
                try scanner.skip()
                hasContent = true
            case .null: try scanner.skip()
            }
        }
    }

    private mutating func add(_ count: Int) {
        contentBytes += count
        if count > 0 { hasContent = true }
    }

    /// Bytes of all strings in the value that stands next but ids and types, and whether it holds anything at all.
    private static func textBytes(_ scanner: inout JSONScanner) throws(JSONProblem) -> (bytes: Int, any: Bool) {
        var bytes = 0
        var any = false
        switch try scanner.peek() {
        case .string: return (try scanner.string().range.count, true)
        case .array:
            try scanner.enterArray()
            while try scanner.nextElement() {
                bytes += try textBytes(&scanner).bytes
                any = true
            }
        case .object:
            try scanner.enterObject()
            while let name = try scanner.nextKey() {
                any = true
                if scanner.text(name, is: "id") || scanner.text(name, is: "type") {
                    try scanner.skip()
                } else {
                    bytes += try textBytes(&scanner).bytes
                }
            }
        default: try scanner.skip()
        }
        return (bytes, any)
    }

    /// Reads usage and error, wherever a provider puts them: at the top, or in Groq's `x_groq`.
    private mutating func details(_ data: UnsafeRawBufferPointer) {
        var scanner = JSONScanner(data)
        do throws(JSONProblem) { try members(&scanner, data) } catch { isBroken = true }
    }

    private mutating func members(_ scanner: inout JSONScanner, _ data: UnsafeRawBufferPointer) throws(JSONProblem) {
        var hasNoChoices = false
        var groq: UsageReport?
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            if scanner.text(name, is: "usage") {
                let report = try UsageCounts.read(&scanner)
                if usage != nil { usage?.doubtful = true }
                usage = report ?? usage
            } else if scanner.text(name, is: "x_groq"), try scanner.peek() == .object {
                try scanner.enterObject()
                while let inner = try scanner.nextKey() {
                    if scanner.text(inner, is: "usage") { groq = try UsageCounts.read(&scanner) } else { try scanner.skip() }
                }
            } else if scanner.text(name, is: "error") {
                error = try FaultyReply.member(&scanner)
                hasErrorMember = error != nil
            } else if scanner.text(name, is: "choices"), try scanner.peek() == .array {
                try scanner.enterArray()
                hasNoChoices = true
                while try scanner.nextElement() {
                    hasNoChoices = false
                    try scanner.skip()
                }
            } else if scanner.text(name, is: "service_tier"), try scanner.peek() == .string {
                tier = ServiceTier(try scanner.string().range.of(data))
            } else {
                try scanner.skip()
            }
        }
        usage = usage ?? groq
        isUsageOnly = usage != nil && hasNoChoices
    }
}
