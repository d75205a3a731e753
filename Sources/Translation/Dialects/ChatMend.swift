import Wire

/// Changes of a chat request that goes to a provider of the same dialect which refuses, or does not know, OpenAI's newer words:
/// those and nothing else, the rest stays byte for byte as the client wrote it.
public struct ChatMend {
    private let quirks: ChatQuirks
    private let body: UnsafeRawBufferPointer
    private var scanner: JSONScanner
    private var edits: [(place: ByteRange, text: [UInt8])] = []
    /// Texts of ids that had to be made.
    private let ids = Conversation()

    /// Quirks that a client's own request can run into.
    public static let quirks: ChatQuirks = [
        .maxTokens, .systemRole, .randomSeed, .choiceAny, .noStreamOptions, .nineCharacterIDs, .thinkingParts,
    ]

    /// The body as the provider takes it. Nil: as it is. Linear in the body.
    public static func mended(_ body: UnsafeRawBufferPointer, _ quirks: ChatQuirks) -> [UInt8]? {
        var mend = ChatMend(body, quirks)
        do throws(JSONProblem) { try mend.members() } catch { return nil }  // the body was read before: it is JSON
        return mend.edits.isEmpty ? nil : mend.applied()
    }

    private init(_ body: UnsafeRawBufferPointer, _ quirks: ChatQuirks) {
        (self.body, self.quirks) = (body, quirks)
        scanner = JSONScanner(body)
    }

    // MARK: Members

    private mutating func members() throws(JSONProblem) {
        var hasLimit = false
        try scanner.enterObject()
        var place = Place(before: scanner.offset)
        while let name = try scanner.nextKey() {
            begin(name, &place)
            if scanner.text(name, is: "messages"), try scanner.peek() == .array {
                try messages()
            } else if scanner.text(name, is: "tool_choice"), quirks.contains(.choiceAny), try scanner.peek() == .string {
                let choice = try scanner.string()
                if scanner.text(choice, is: "required") { replace(choice, by: "any") }
            } else {
                try scanner.skip()
                if scanner.text(name, is: "max_tokens") {
                    hasLimit = true
                } else if scanner.text(name, is: "max_completion_tokens"), quirks.contains(.maxTokens) {
                    let isKnownToo = hasLimit ? true : try hasLimitAhead()
                    if isKnownToo { cut(&place) } else { replace(name, by: "max_tokens") }
                } else if scanner.text(name, is: "seed"), quirks.contains(.randomSeed) {
                    replace(name, by: "random_seed")
                } else if scanner.text(name, is: "stream_options"), quirks.contains(.noStreamOptions) {
                    cut(&place)
                }
            }
            end(&place)
        }
    }

    /// Of two limits the one that the provider knows stays.
    private func hasLimitAhead() throws(JSONProblem) -> Bool {
        var ahead = scanner
        while let name = try ahead.nextKey() {
            if ahead.text(name, is: "max_tokens") { return true }
            try ahead.skip()
        }
        return false
    }

    // MARK: Edits

    /// Where in an object the reading is: a member is cut with the comma before it, and as long as none was kept with the one behind.
    private struct Place {
        var before: Int
        var isFirst = true
        /// The cut that waits for the comma behind it.
        var leading: Int?
        var isCut = false
    }

    private mutating func begin(_ name: JSONText, _ place: inout Place) {
        place.isCut = false
        guard let leading = place.leading else { return }
        place.before = Int(name.range.start) - 1
        edits[leading].place.end = UInt32(place.before)
        place.leading = nil
    }

    private mutating func cut(_ place: inout Place) {
        edits.append((ByteRange(place.before, scanner.offset), []))
        place.isCut = true
        if place.isFirst { place.leading = edits.count - 1 }
    }

    private func end(_ place: inout Place) {
        place.before = scanner.offset
        if !place.isCut { place.isFirst = false }
    }

    private mutating func replace(_ text: JSONText, by word: StaticString) {
        edits.append((text.range, Array(UnsafeRawBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))))
    }

    // MARK: Messages

    private mutating func messages() throws(JSONProblem) {
        try scanner.enterArray()
        while try scanner.nextElement() {
            if try scanner.peek() == .object { try message() } else { try scanner.skip() }
        }
    }

    private mutating func message() throws(JSONProblem) {
        try scanner.enterObject()
        var place = Place(before: scanner.offset)
        while let name = try scanner.nextKey() {
            begin(name, &place)
            let kind = try scanner.peek()
            if scanner.text(name, is: "role"), kind == .string {
                let role = try scanner.string()
                if quirks.contains(.systemRole), scanner.text(role, is: "developer") { replace(role, by: "system") }
            } else if scanner.text(name, is: "tool_call_id"), kind == .string {
                fit(try scanner.string())
            } else if scanner.text(name, is: "tool_calls"), kind == .array {
                try calls()
            } else {
                try scanner.skip()
                // Other models' thoughts: here they would be parts of the content, and strange members are refused.
                let isThought = scanner.text(name, is: "reasoning_content") || scanner.text(name, is: "reasoning_details")
                if isThought, quirks.contains(.thinkingParts) { cut(&place) }
            }
            end(&place)
        }
    }

    private mutating func calls() throws(JSONProblem) {
        try scanner.enterArray()
        while try scanner.nextElement() {
            guard try scanner.peek() == .object else {
                try scanner.skip()
                continue
            }
            try scanner.enterObject()
            while let name = try scanner.nextKey() {
                if scanner.text(name, is: "id"), try scanner.peek() == .string { fit(try scanner.string()) } else { try scanner.skip() }
            }
        }
    }

    private mutating func fit(_ id: JSONText) {
        guard quirks.contains(.nineCharacterIDs), !id.range.isEmpty else { return }
        let text = TextSlice(id, of: body)
        let fitting = ToolIDs.fit(text, .nineAlphanumerics, ids)
        if fitting.bytes.baseAddress != text.bytes.baseAddress { edits.append((id.range, Array(fitting.bytes))) }
    }

    // MARK: The new body

    private func applied() -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(body.count + 64)
        var done = 0
        for edit in edits.sorted(by: { $0.place.start < $1.place.start }) {
            out += body[done..<Int(edit.place.start)]
            out += edit.text
            done = Int(edit.place.end)
        }
        out += body[done...]
        return out
    }
}
