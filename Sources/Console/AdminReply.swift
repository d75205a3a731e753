import Gateway
import Schema
import Settings

/// An answer of the admin API as its callers read it.
public struct AdminReply: Sendable {
    public let status: Int
    public let text: String

    public init(status: Int, text: String) { (self.status, self.text) = (status, text) }

    /// Nothing where it is no JSON.
    public var node: Node { JSONNode.read(text) ?? .map([]) }

    /// What went wrong, in a line.
    public var problem: String { node["error"]?["message"]?.scalar ?? "the gateway answered \(status)" }
}

/// The body of `POST /api/v1/explain`.
public enum ExplainBody {
    public static func text(api: String?, body: Node, headers: [(String, String)], key: String?) -> String {
        var members: [(String, Node)] = [("body", body)]
        if let api { members.append(("api", .text(api))) }
        if let key { members.append(("key", .text(key))) }
        if !headers.isEmpty { members.append(("headers", .map(headers.map { ($0.0, .text($0.1)) }))) }
        return Node.map(members).json
    }

    /// The answer of a gateway in this process.
    public static func answer(_ text: String, by server: Server) async -> AdminReply {
        var answer: AdminAnswer
        do {
            answer = try await Explaining(server: server).answer(AdminCall("POST", "/api/v1/explain", body: Array(text.utf8)))
        } catch let refusal as AdminRefusal {
            answer = refusal.answer(requestID: "")
        } catch {
            answer = AdminRefusal(500, "internal_error", "\(error)").answer(requestID: "")
        }
        return AdminReply(status: answer.status, text: String(decoding: answer.body, as: UTF8.self))
    }
}

/// The body of `POST /api/v1/providers/{name}/test`.
public enum ProviderTestBody {
    public static func text(model: String?) -> String { Node.map(model.map { [("model", .text($0))] } ?? []).json }
}

/// Bodies of other calls.
public enum AdminBody {
    public static func text(_ members: [(String, Node)]) -> String { Node.map(members).json }
    public static func json(_ node: Node) -> String { node.json }
}
