import Wire

/// What the gateway itself acts on in a request to `/v1/responses`: what is kept, what it follows on, and when it is run.
public struct ResponsesRequest: Sendable {
    /// Absent means true, as at OpenAI.
    public private(set) var store: Bool?
    public private(set) var background = false
    public private(set) var stream = false
    public private(set) var previousResponseID: String?
    /// The id of `conversation`, which is a string or an object.
    public private(set) var conversationID: String?
    /// The value of `input`, of `metadata` and of `model`.
    public private(set) var input: ByteRange?
    public private(set) var metadata: ByteRange?
    public private(set) var model: ByteRange?
    /// Members that are for us alone once they have been acted on: with the comma that goes with them.
    private var cuts: [ByteRange] = []

    /// It builds on something that is kept here.
    public var followsOn: Bool { previousResponseID != nil || conversationID != nil }

    /// Reads the top level of `body`, which need not be valid below it: whoever takes it next finds out.
    public static func read(_ body: UnsafeRawBufferPointer) throws(Malformed) -> ResponsesRequest {
        var request = ResponsesRequest()
        var reader = SliceReader(body)
        try reader.enterObject()
        var before = reader.scanner.offset
        var isFirst = true
        var leads = false
        while let name = try reader.nextKey() {
            let start = Int(name.range.start) - 1
            if leads {
                request.cuts[request.cuts.count - 1].end = UInt32(start)
                leads = false
            }
            if try request.member(name, &reader) {
                leads = isFirst
                request.cuts.append(ByteRange(isFirst ? start : before, reader.scanner.offset))
            } else {
                isFirst = false
            }
            before = reader.scanner.offset
        }
        try reader.finish()
        if request.previousResponseID != nil, request.conversationID != nil {
            throw Malformed(
                offset: 0, message: "`previous_response_id` and `conversation` exclude each other: give one", member: "previous_response_id")
        }
        return request
    }

    /// Whether the member is ours to cut.
    private mutating func member(_ name: JSONText, _ reader: inout SliceReader) throws(Malformed) -> Bool {
        if reader.says(name, "store") {
            store = try reader.flag()
        } else if reader.says(name, "stream") {
            stream = try reader.flag() ?? false
        } else if reader.says(name, "input") {
            input = try range(&reader)
        } else if reader.says(name, "metadata") {
            metadata = try range(&reader)
        } else if reader.says(name, "model") {
            model = try range(&reader)
        } else if reader.says(name, "background") {
            background = try reader.flag() ?? false
            return true
        } else if reader.says(name, "previous_response_id") {
            previousResponseID = try reader.text()?.string
            return true
        } else if reader.says(name, "conversation") {
            try conversation(&reader)
            return true
        } else {
            try reader.skip()
        }
        return false
    }

    private func range(_ reader: inout SliceReader) throws(Malformed) -> ByteRange? {
        let isNull = try reader.peek() == .null
        let start = reader.scanner.offset
        try reader.skip()
        return isNull ? nil : ByteRange(start, reader.scanner.offset)
    }

    private mutating func conversation(_ reader: inout SliceReader) throws(Malformed) {
        guard try reader.peek() == .object else {
            conversationID = try reader.text()?.string
            return
        }
        try reader.enterObject()
        while let name = try reader.nextKey() {
            if reader.says(name, "id") { conversationID = try reader.requiredText().string } else { try reader.skip() }
        }
    }

    // MARK: Rewriting

    /// The request without what was resolved here, its input behind `history`, whose elements are items separated by commas.
    /// `isWhole`: the answer is wanted whole, whatever the request says.
    public func expanded(_ body: UnsafeRawBufferPointer, history: [UInt8], isWhole: Bool = false) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(body.count + history.count + 64)
        var at = 0
        var edits = cuts.map { ($0, [UInt8]()) }
        if !history.isEmpty {
            if let input { edits.append((input, joined(input.of(body), history))) }
        }
        for (place, text) in edits.sorted(by: { $0.0.start < $1.0.start }) {
            out.append(contentsOf: body[at..<Int(place.start)])
            out.append(contentsOf: text)
            at = Int(place.end)
        }
        out.append(contentsOf: body[at...])
        if input == nil, !history.isEmpty { insert(Array("\"input\":[".utf8) + history + [UInt8(ascii: "]")], into: &out) }
        if isWhole, stream { out = Self.withoutStream(out) }
        return out
    }

    private func joined(_ input: UnsafeRawBufferPointer, _ history: [UInt8]) -> [UInt8] {
        let items = Self.items(of: input)
        return [UInt8(ascii: "[")] + history + (items.isEmpty ? [] : [UInt8(ascii: ",")]) + items + [UInt8(ascii: "]")]
    }

    private func insert(_ member: [UInt8], into out: inout [UInt8]) {
        guard let brace = out.firstIndex(of: UInt8(ascii: "{")) else { return }
        let isEmpty = out[(brace + 1)...].first { $0 > 0x20 } == UInt8(ascii: "}")
        out.insert(contentsOf: member + (isEmpty ? [] : [UInt8(ascii: ",")]), at: brace + 1)
    }

    private static func withoutStream(_ body: [UInt8]) -> [UInt8] {
        body.withUnsafeBytes { raw in
            var scanner = JSONScanner(raw)
            var place: ByteRange?
            do throws(JSONProblem) {
                try scanner.enterObject()
                while let name = try scanner.nextKey() {
                    let isStream = scanner.text(name, is: "stream")
                    let value = try scanner.skip()
                    if isStream { place = value }
                }
            } catch { return body }  // was read before, so it can be read
            guard let place else { return body }
            return Array(raw[..<Int(place.start)]) + Array("false".utf8) + Array(raw[Int(place.end)...])
        }
    }

    /// The elements of an input, separated by commas: a string is a message of the user.
    public static func items(of input: UnsafeRawBufferPointer) -> [UInt8] {
        guard input.first == UInt8(ascii: "[") else {
            guard input.first == UInt8(ascii: "\"") else { return [] }
            return Array("{\"type\":\"message\",\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":".utf8) + Array(input)
                + Array("}]}".utf8)
        }
        let inside = input.dropFirst().dropLast()
        return inside.allSatisfy { $0 <= 0x20 } ? [] : Array(inside)
    }
}
