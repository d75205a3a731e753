import Wire

extension Conversation {
    /// Refuses results of tools that nobody called: every dialect does, each in words of its own, and some only on the next turn.
    ///
    /// What only one dialect has (compacted turns, items kept by the provider) may hold calls that are not seen here: then
    /// nothing is refused. `body` is what the conversation was read from.
    public func checkResults(in body: UnsafeRawBufferPointer) throws(Malformed) {
        guard messages.contains(where: { $0.role == .tool }), !hasNatives, responses?.previousResponseID == nil else { return }
        for index in messages.indices where messages[index].role == .tool {
            for case .toolResult(let result) in messages[index].parts {
                // An id may have been made for it: then the name stands in the body.
                let places = [result.id, result.name].compactMap { $0.flatMap { Self.offset(of: $0, in: body) } }
                guard let offset = places.first, !isCalled(result, before: index) else { continue }
                let path = JSONPath.of(offset: offset, in: body)
                throw Malformed(offset: offset, message: "`\(path)` must be of a call that an earlier message made", member: path)
            }
        }
    }

    private var hasNatives: Bool {
        messages.contains { message in
            message.parts.contains { if case .native = $0 { true } else { false } }
        }
    }

    private func isCalled(_ result: ToolResult, before index: Int) -> Bool {
        for message in messages[..<index].reversed() {
            for case .toolCall(let call) in message.parts {
                if let id = result.id { if let called = call.id, Self.same(called, id) { return true } } else { return true }
            }
        }
        return false
    }

    private static func same(_ one: TextSlice, _ other: TextSlice) -> Bool {
        one.hasEscapes || other.hasEscapes ? one.string == other.string : one.bytes.elementsEqual(other.bytes)
    }

    /// Of a string's opening quote in `body`; nil: the text stands elsewhere.
    static func offset(of text: TextSlice, in body: UnsafeRawBufferPointer) -> Int? {
        guard let start = body.baseAddress, let here = text.bytes.baseAddress, here > start, here <= start + body.count else { return nil }
        return here - start - 1
    }
}
