import Routing
import Wire

/// What the scorer of prompts reads of a request, in every client's dialect: the last turn of its user, and what comes with it.
///
/// Read only where somebody asks how hard a request is. Linear in the body; the text itself is bounded.
public struct LastTurn: Sendable {
    /// The text of the last turn with its escapes undone, a line break between parts; of a long one the first 4 KB and the last 2 KB, with a
    /// line break between. A turn too short to say anything (`why?`) stands behind the one before it.
    public fileprivate(set) var text: [UInt8] = []
    public fileprivate(set) var circumstances = Circumstances()
    /// A hash of the first turn and the first answer, by which a conversation is known again. 0: there was no answer yet.
    public fileprivate(set) var conversation: UInt64 = 0

    /// Turns of fewer bytes than this are read with the one before them.
    static let shortest = 48

    /// `body` was read as `call` before, so it is valid.
    public static func read(_ body: UnsafeRawBufferPointer, _ call: Call) -> LastTurn {
        var reader = TurnReader(body: body, scanner: JSONScanner(body), isTalk: call.api.family == .chat || call.api.family == .count)
        try? reader.members()  // what cannot be read has no turns
        return reader.finish(call)
    }
}

private struct TurnReader {
    let body: UnsafeRawBufferPointer
    var scanner: JSONScanner
    /// Lists are of messages; else of texts.
    let isTalk: Bool
    /// Values of the last turn and of the one before it: a text, or a list of parts.
    private var last: ByteRange?
    private var before: ByteRange?
    private var turns = 0
    private var results = 0
    private var errors = 0
    private var firstTurn: UInt64 = 0
    private var firstAnswer: UInt64 = 0

    init(body: UnsafeRawBufferPointer, scanner: JSONScanner, isTalk: Bool) {
        self.isTalk = isTalk
        self.body = body
        self.scanner = scanner
    }

    func finish(_ call: Call) -> LastTurn {
        var read = LastTurn()
        read.circumstances.turns = turns
        read.circumstances.hasTools = call.needs.contains(.tools)
        read.circumstances.hasAttachments = call.images > 0 || call.attachmentBytes > 0
        read.circumstances.toolResults = results
        read.circumstances.toolErrors = errors
        if firstTurn != 0, firstAnswer != 0 { read.conversation = Random.mix(firstTurn ^ Random.mix(firstAnswer)) }
        var window = TextWindow()
        if let last { collect(last, into: &window) }
        if let before, window.count < LastTurn.shortest {
            window = TextWindow()
            collect(before, into: &window)
            if let last { collect(last, into: &window) }
        }
        read.text = window.bytes
        return read
    }

    // MARK: Messages

    mutating func members() throws(JSONProblem) {
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            let kind = try scanner.peek()
            if isTalk, kind == .array, scanner.text(name, is: "messages") || scanner.text(name, is: "contents") || scanner.text(name, is: "input") {
                try messages()
            } else if ["prompt", "input", "contents", "content", "requests"].contains(where: { scanner.text(name, is: $0) }) {
                turn(try scanner.skip())
            } else {
                try scanner.skip()
            }
        }
    }

    private mutating func messages() throws(JSONProblem) {
        try scanner.enterArray()
        while try scanner.nextElement() {
            if try scanner.peek() == .object { try message() } else { try scanner.skip() }
        }
    }

    private enum Speaker { case user, model, tool, other }

    private mutating func message() throws(JSONProblem) {
        let start = scanner.offset
        // A message of Google's without a role is the user's; an item of the Responses API without one says what it is.
        var speaker: Speaker?
        var type: Speaker?
        var content: ByteRange?
        var output: ByteRange?
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            let kind = try scanner.peek()
            if scanner.text(name, is: "role"), kind == .string {
                speaker = self.speaker(try scanner.string())
            } else if scanner.text(name, is: "type"), kind == .string {
                type = item(try scanner.string())
            } else if scanner.text(name, is: "content") || scanner.text(name, is: "parts") {
                content = try scanner.skip()
            } else if scanner.text(name, is: "output") {
                output = try scanner.skip()
            } else {
                try scanner.skip()
            }
        }
        switch speaker ?? type ?? .user {
        case .user: if let content { user(content) }
        case .model: if firstAnswer == 0, firstTurn != 0 { firstAnswer = fingerprint(content, else: ByteRange(start, scanner.offset)) }
        case .tool: result(isError: (content ?? output).map { tellsError($0.of(body)) } ?? false)
        case .other: break
        }
    }

    private func speaker(_ role: JSONText) -> Speaker {
        if scanner.text(role, is: "user") { return .user }
        if scanner.text(role, is: "assistant") || scanner.text(role, is: "model") { return .model }
        return scanner.text(role, is: "tool") || scanner.text(role, is: "function") ? .tool : .other
    }

    /// Of an item without a role.
    private func item(_ type: JSONText) -> Speaker? {
        if scanner.text(type, is: "message") { return nil }
        let text = type.range.of(body)
        if text.contains("_output") { return .tool }
        return text.contains("_call") || scanner.text(type, is: "reasoning") ? .model : .other
    }

    /// A message of the user's side: words of a user, or results of tools, with or without words beside them.
    private mutating func user(_ content: ByteRange) {
        var parts = PartWalk(content, of: body)
        var hasText = false
        var found = 0
        var failed = 0
        parts.each { part in
            switch part {
            case .text(let text): hasText = hasText || text.range.count > 0
            case .result(let range, let isError):
                found += 1
                if isError || tellsError(range.of(body)) { failed += 1 }
            }
        }
        if found > 0 {
            results += found
            errors += failed
        } else if hasText {
            turn(content)
        }
    }

    private mutating func turn(_ content: ByteRange) {
        before = last
        last = content
        turns += 1
        results = 0
        errors = 0
        if firstTurn == 0 { firstTurn = fingerprint(content, else: content) }
    }

    private mutating func result(isError: Bool) {
        results += 1
        if isError { errors += 1 }
    }

    /// Of the words alone, of which nobody changes any: markers of caches move.
    private func fingerprint(_ content: ByteRange?, else whole: ByteRange) -> UInt64 {
        var hash: UInt64 = 0
        if let content {
            var parts = PartWalk(content, of: body)
            parts.each { part in
                guard case .text(let text) = part, text.range.count > 0 else { return }
                hash = Random.mix(hash ^ Random.hash(bytes: Self.ends(of: text.range.of(body))))
            }
        }
        return hash == 0 ? Random.hash(bytes: Self.ends(of: whole.of(body))) | 1 : hash
    }

    /// The first kilobyte: enough to tell conversations apart.
    private static func ends(of bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: bytes.prefix(1024)) }

    /// What tools say when they fail, near its beginning; only some dialects have a member for it.
    private func tellsError(_ output: UnsafeRawBufferPointer) -> Bool {
        let beginning = UnsafeRawBufferPointer(rebasing: output.prefix(96))
        let words: [StaticString] = [
            "rror:", "\"error\"", "Error ", "ERROR", "xception", "Traceback", "Failed", "failed", "FAILED", "fatal:", "not found", "denied",
        ]
        return words.contains { beginning.contains($0) }
    }

    private func collect(_ content: ByteRange, into window: inout TextWindow) {
        var parts = PartWalk(content, of: body)
        parts.each { part in
            if case .text(let text) = part { window.add(text.range.of(body)) }
        }
    }
}

/// Walks a text, or a list of parts however deep: texts, and results of tools.
private struct PartWalk {
    enum Part {
        case text(JSONText)
        case result(ByteRange, isError: Bool)
    }

    private let body: UnsafeRawBufferPointer
    private let base: Int
    private var scanner: JSONScanner

    init(_ content: ByteRange, of body: UnsafeRawBufferPointer) {
        self.body = body
        base = Int(content.start)
        scanner = JSONScanner(content.of(body))
    }

    mutating func each(_ use: (Part) -> Void) {
        try? walk(depth: 0, use)  // was valid as part of its body
    }

    private func placed(_ range: ByteRange) -> ByteRange { ByteRange(base + Int(range.start), base + Int(range.end)) }

    private mutating func walk(depth: Int, _ use: (Part) -> Void) throws(JSONProblem) {
        switch try scanner.peek() {
        case .string:
            var text = try scanner.string()
            text.range = placed(text.range)
            use(.text(text))
        case .array:
            try scanner.enterArray()
            while try scanner.nextElement() { try walk(depth: depth, use) }
        case .object: try part(depth: depth, use)
        default: try scanner.skip()
        }
    }

    /// Members are looked at one by one: a tool's result is not a text, whatever is in it.
    private mutating func part(depth: Int, _ use: (Part) -> Void) throws(JSONProblem) {
        let start = scanner.offset
        var isResult = false
        var isError = false
        var texts: [JSONText] = []
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            let kind = try scanner.peek()
            if kind == .string, scanner.text(name, is: "text") {
                texts.append(try scanner.string())
            } else if kind == .string, scanner.text(name, is: "type") {
                let type = try scanner.string()
                isResult = isResult || scanner.text(type, is: "tool_result")
            } else if scanner.text(name, is: "toolResult") || scanner.text(name, is: "functionResponse") {
                isResult = true
                let value = UnsafeRawBufferPointer(rebasing: placed(try scanner.skip()).of(body).suffix(200))
                isError = isError || value.contains("\"status\":\"error\"") || value.contains("\"status\": \"error\"")
            } else if kind == .bool, scanner.text(name, is: "is_error") {
                isError = try scanner.bool()
            } else if depth < 3, kind == .array || kind == .object, scanner.text(name, is: "parts") || scanner.text(name, is: "content"), !isResult {
                // What is embedded, or a list of it.
                let content = try scanner.skip()
                var inner = PartWalk(placed(content), of: body)
                if !isResult { try inner.walk(depth: depth + 1, { if case .text(let text) = $0 { texts.append(text.moved(by: -base)) } }) }
            } else {
                try scanner.skip()
            }
        }
        if isResult { return use(.result(placed(ByteRange(start, scanner.offset)), isError: isError)) }
        for var text in texts {
            text.range = placed(text.range)
            use(.text(text))
        }
    }
}

extension JSONText {
    fileprivate func moved(by offset: Int) -> JSONText {
        var moved = self
        moved.range = ByteRange(Int(range.start) + offset, Int(range.end) + offset)
        return moved
    }
}

/// The first 4 KB and the last 2 KB of a text that comes in pieces.
struct TextWindow {
    static let head = 4096
    static let tail = 2048
    /// Of a longer string only both ends are decoded, each so much that escapes of six bytes do not matter.
    private static let longest = 1 << 16

    private var kept: [UInt8] = []
    /// The latest of what does not fit, in a ring.
    private var ring: [UInt8] = []
    private var next = 0
    private(set) var count = 0

    var bytes: [UInt8] {
        guard count > Self.head + Self.tail else { return kept }
        return kept[..<Self.head] + [UInt8(ascii: "\n")] + ring[next...] + ring[..<next]
    }

    /// What stands between the quotes of a string.
    mutating func add(_ raw: UnsafeRawBufferPointer) {
        if count > 0 { put(UInt8(ascii: "\n")) }
        guard raw.count > Self.longest else { return JSONEscapes.decode(raw) { put($0) } }
        JSONEscapes.decode(UnsafeRawBufferPointer(rebasing: raw.prefix(6 * (Self.head + Self.tail)))) { put($0) }
        JSONEscapes.decode(UnsafeRawBufferPointer(rebasing: raw[Self.start(of: 6 * Self.tail + 64, raw)...])) { put($0) }
    }

    private mutating func put(_ byte: UInt8) {
        count += 1
        if kept.count < Self.head + Self.tail { return kept.append(byte) }
        if ring.isEmpty { ring = Array(kept[Self.head...]) }
        ring[next] = byte
        next = (next + 1) % Self.tail
    }

    /// Where the last `size` bytes begin, or a little later: not within an escape, as far as the twelve bytes before tell.
    private static func start(of size: Int, _ raw: UnsafeRawBufferPointer) -> Int {
        let first = raw.count - size
        return (first..<first + 64).first { at in !raw[at - 12..<at].contains(UInt8(ascii: "\\")) && raw[at] & 0xc0 != 0x80 } ?? first
    }
}
