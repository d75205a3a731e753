import Gateway
import Schema
import Settings
import Translation
import Wire

/// `POST /api/v1/explain`: what would happen to a request, by the code that serves it.
struct Explaining: Sendable {
    let server: Server

    func answer(_ call: AdminCall) async throws -> AdminAnswer {
        guard call.method == "POST" else { throw AdminRefusal.wrongMethod("POST") }
        let body = try call.object(["api", "body", "headers", "key"])
        guard let request = body["body"], request.entries != nil else {
            throw AdminRefusal(400, "invalid_value", "`body` must be the request's JSON object")
        }
        let headers = try Self.headers(body["headers"])
        let api = try Self.api(body["api"]?.scalar)
        switch await server.explain(api, body: Array(request.json.utf8), headers: headers, key: body["key"]?.scalar) {
        case .success(let report): return AdminAnswer { report.write(to: &$0) }
        case .failure(let refusal): throw AdminRefusal(refusal.status, refusal.code.rawValue, refusal.message)
        }
    }

    /// Of a member `headers`: an object of texts.
    static func headers(_ node: Node?) throws -> [(name: String, value: String)] {
        guard let node, !node.isNull else { return [] }
        guard let entries = node.entries else { throw AdminRefusal(400, "invalid_value", "`headers` must be an object of texts") }
        return try entries.map { entry in
            guard let value = entry.node.scalar, !value.utf8.contains(where: { $0 < 0x20 && $0 != 9 }), Self.isName(entry.name) else {
                throw AdminRefusal(400, "invalid_value", "the header `\(entry.name.prefix(100))` cannot be sent as it is")
            }
            return (entry.name, value)
        }
    }

    private static func isName(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: ":") }
    }

    /// By name, by path, or OpenAI's word; chat completions where nothing is said.
    static func api(_ text: String?) throws -> API {
        guard let text else { return .chatCompletions }
        let asked = API.allCases.filter(\.isAsked)
        let known = asked.map(\.name)
        for api in asked {
            let names = [api.name, api.path, "/v1" + api.path, String(api.path.dropFirst())]
            if !text.isEmpty, names.contains(text) || (api == .chatCompletions && ["chat", "chat.completions"].contains(text)) { return api }
        }
        throw AdminRefusal(400, "invalid_value", "there is no api `\(text.prefix(50))`\(Spelling.help(for: text, among: known))")
    }
}
