import Gateway
import Schema
import Settings
import Wire

/// `POST /api/v1/playground`: a request as one of the keys, answered as it comes.
///
/// The answer is an event `answer` with its status, its request's id and whether a stream follows, and behind it the bytes that a client
/// with that key would have got. Lines that begin with a colon say that it goes on.
struct PlaygroundDesk: Sendable {
    let server: Server
    let book: SettingsBook

    static let members: [AdminRoute.Parameter] = [
        .init(name: "key", help: "The name of a virtual key; `local` where there are none."),
        .init(name: "body", help: "The request.", schema: "object"),
        .init(name: "api", help: "`chat_completions`, `responses`, `messages` …; the first of these without it."),
        .init(name: "headers", help: "Header lines that a client would send.", schema: "object"),
    ]

    func answer(_ call: AdminCall) async throws -> AdminAnswer {
        let asked = try call.object(Self.members.map(\.name))
        guard let key = asked["key"]?.scalar, !key.isEmpty else { throw AdminRefusal(400, "invalid_value", "`key` must be the name of a key") }
        guard let body = asked["body"], body.entries != nil else {
            throw AdminRefusal(400, "invalid_value", "`body` must be the request's JSON object")
        }
        let api = try Explaining.api(asked["api"]?.scalar)
        let headers = try Explaining.headers(asked["headers"])
        guard let request = try await server.ask(api, body: Array(body.json.utf8), headers: headers, as: key, tell: { Self.text($0) }) else {
            throw AdminRefusal.unknown("key", key, among: server.blueprint?.keys.map(\.name) ?? [])
        }
        do {
            try await book.note(call.mark("playground.ask", "\(key), \(body["model"]?.scalar ?? "no model")"))
        } catch {
            request.stop()
            throw error
        }
        var answer = AdminAnswer(text: "", type: "text/event-stream")
        answer.flow = AdminFlow(pieces: request.pieces, more: { request.more() }, stop: { request.stop() })
        return answer
    }

    private static func text(_ piece: OwnRequest.Piece) -> [UInt8] {
        switch piece {
        case .head(let status, let isStream, let requestID):
            var head = JSONWriter()
            head.object { line in
                line.member("status", status)
                line.member("stream", isStream)
                line.member("request_id", orNull: requestID)
            }
            return Array("event: answer\ndata: ".utf8) + head.bytes + Array("\n\n".utf8)
        case .body(let bytes): return bytes
        case .silence: return Array(":\n\n".utf8)
        }
    }
}
