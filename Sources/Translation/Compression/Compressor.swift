import Routing
import Wire

/// Makes a prompt shorter for one deployment: first without loss, then by leaving out messages from its middle.
///
/// Fails no request: where anything is in doubt there is no shorter prompt, and the request goes as it came.
public struct Compressor {
    private let compression: Compression
    /// Tokens.
    private let window: Int64
    private let estimate: (PromptSize) -> Int64

    public init(_ compression: Compression, window: Int64, estimate: @escaping (PromptSize) -> Int64) {
        self.compression = compression
        self.window = window
        self.estimate = estimate
    }

    /// Whether there are messages in bodies of this API that can be told apart.
    public static func knows(_ api: API) -> Bool {
        switch api {
        case .chatCompletions, .responses, .messages, .generateContent, .converse: true
        default: false
        }
    }

    /// Nil: there is nothing to do, or nothing that can be done.
    public func compress(_ body: UnsafeRawBufferPointer, _ call: Call) -> CompressedPrompt? {
        guard compression.mode != .off, window > 0, Self.knows(call.api) else { return nil }
        let asCame = tokens(call, body.count)
        if compression.mode == .contextWindow, asCame <= Compression.limit(ofWindow: window) { return nil }
        do {
            return try compress(body, call, asCame)
        } catch {
            return nil
        }
    }

    private func compress(_ body: UnsafeRawBufferPointer, _ call: Call, _ asCame: Int64) throws -> CompressedPrompt? {
        let tight = WhiteSpace.cuts(of: body).applied(to: body)
        let before = try tokens(of: tight, call)
        let goal = compression.goal(of: before, window: window)
        var shorter = try tight.withUnsafeBytes { try NestedJSON.cuts(of: $0).applied(to: $0) }
        var dropped = 0
        var now = try shorter.withUnsafeBytes { try call.again($0) }
        if tokens(now, shorter.count) > goal {
            let cuts = try shorter.withUnsafeBytes { raw in try drops(raw, now, goal, &dropped) }
            if !cuts.isEmpty {
                shorter = shorter.withUnsafeBytes { cuts.applied(to: $0) }
                now = try shorter.withUnsafeBytes { try call.again($0) }
            }
        }
        guard shorter.count < body.count, now.asksAs(call) else { return nil }
        let after = tokens(now, shorter.count)
        return CompressedPrompt(body: shorter, call: now, saving: PromptSaving(before: before, after: after, dropped: dropped))
    }

    private func tokens(_ call: Call, _ bytes: Int) -> Int64 { estimate(PromptSize(call, bodyBytes: bytes)) }

    private func tokens(of body: [UInt8], _ call: Call) throws -> Int64 {
        try body.withUnsafeBytes { tokens(try call.again($0), $0.count) }
    }

    /// The messages to leave out until no more than `goal` is left, or nothing that can go.
    private func drops(_ body: UnsafeRawBufferPointer, _ call: Call, _ goal: Int64, _ dropped: inout Int) throws(JSONProblem) -> Cuts {
        let outline = try PromptOutline(body, call.api)
        var cuts = Cuts()
        guard !outline.isDoubtful, let pieces = PromptPieces.of(outline.messages) else { return cuts }
        var size = PromptSize(call, bodyBytes: body.count)
        var gone = [Bool](repeating: false, count: outline.messages.count)
        for piece in pieces where estimate(size) > goal {
            for index in piece {
                gone[index] = true
                size.subtract(outline.messages[index])
                dropped += 1
            }
        }
        // The first that speaks is never among them: a comma stands before each.
        for index in outline.messages.indices where gone[index] {
            cuts.cut(Int(outline.messages[index - 1].range.end), Int(outline.messages[index].range.end))
        }
        return cuts
    }
}

extension PromptSize {
    fileprivate mutating func subtract(_ message: PromptMessage) {
        textBytes = max(0, textBytes - message.size.textBytes)
        images = max(0, images - message.size.images)
        attachmentBytes = max(0, attachmentBytes - message.size.attachmentBytes)
        bodyBytes = max(0, bodyBytes - Int64(message.range.count))
    }
}

extension Call {
    /// Reads another body of the same request.
    fileprivate func again(_ body: UnsafeRawBufferPointer) throws(Malformed) -> Call {
        guard let pathModel else { return try Call.read(body, api: api) }
        return try Call.read(body, api: api, pathModel: pathModel, stream: stream, framing: framing)
    }

    /// Whether `other` wants the same kind of answer.
    fileprivate func asksAs(_ other: Call) -> Bool {
        stream == other.stream && maxTokens == other.maxTokens && choices == other.choices && needs.isSubset(of: other.needs)
            && (model == nil) == (other.model == nil) && stores == other.stores && hasExtras == other.hasExtras
    }

    /// What one message of a list comes to.
    static func size(ofMessage message: UnsafeRawBufferPointer, _ api: API) -> PromptSize {
        var reader = CallReader(message, api: api)
        try? reader.message()  // it was read before, as part of its body
        return PromptSize(reader.call, bodyBytes: message.count)
    }
}
