import Translation
import Wire

/// Paths below `/v1/responses/` and `/v1/conversations`: what is kept here and no provider is asked about.
enum StoredPath: Sendable {
    /// The id stands in the path, undecoded, in this range of it.
    case response(ByteRange), replay(ByteRange), cancel(ByteRange), inputItems(ByteRange), remove(ByteRange)
    case newConversation, conversation(ByteRange), removeConversation(ByteRange)

    private static let responses: StaticString = "/v1/responses/"
    private static let conversations: StaticString = "/v1/conversations"

    /// Nil: another path.
    static func find(_ method: Method, path: UnsafeRawBufferPointer) -> Endpoint? {
        if path.equals(conversations) { return method == .post ? .stored(.newConversation) : .wrongMethod(allow: "POST") }
        if let id = id(in: path, behind: conversations.utf8CodeUnitCount + 1, if: path.starts(with: "/v1/conversations/")), id.rest.isEmpty {
            if method == .get { return .stored(.conversation(id.range)) }
            return method == .delete ? .stored(.removeConversation(id.range)) : .wrongMethod(allow: "GET, DELETE")
        }
        guard let id = id(in: path, behind: responses.utf8CodeUnitCount, if: path.starts(with: responses)) else { return nil }
        if id.rest.isEmpty {
            switch method {
            case .get: return .stored(.response(id.range))
            case .delete: return .stored(.remove(id.range))
            case .post: return .stored(.replay(id.range))
            default: return .wrongMethod(allow: "GET, DELETE, POST")
            }
        }
        if id.rest.equals("/input_items") { return method == .get ? .stored(.inputItems(id.range)) : .wrongMethod(allow: "GET") }
        if id.rest.equals("/cancel") { return method == .post ? .stored(.cancel(id.range)) : .wrongMethod(allow: "POST") }
        return nil
    }

    private static func id(
        in path: UnsafeRawBufferPointer, behind start: Int, if matches: Bool
    ) -> (range: ByteRange, rest: UnsafeRawBufferPointer)? {
        guard matches, path.count > start else { return nil }
        let end = path[start...].firstIndex(of: UInt8(ascii: "/")) ?? path.count
        // Ours and OpenAI's have some sixty characters.
        guard end > start, end - start <= 256 else { return nil }
        return (ByteRange(start, end), UnsafeRawBufferPointer(rebasing: path[end...]))
    }

    var id: ByteRange? {
        switch self {
        case .response(let id), .replay(let id), .cancel(let id), .inputItems(let id), .remove(let id): id
        case .conversation(let id), .removeConversation(let id): id
        case .newConversation: nil
        }
    }
}
