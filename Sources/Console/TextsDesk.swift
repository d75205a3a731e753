import Gateway
import Settings
import Storage
import Wire

/// Prompts and replies that are kept of requests: shown with a request to those who may, and deleted.
struct TextsDesk: Sendable {
    let store: any Store
    /// Where the audit log is.
    let audit: any Store

    /// Of a request: whether there are texts, and for roles that may see them what they say.
    static func write(_ texts: RequestTexts?, for role: AdminRole, to line: inout JSONWriter) {
        let isThere = texts.map { !$0.prompt.isEmpty || !$0.reply.isEmpty } ?? false
        line.member("texts", isThere ? "kept" : texts == nil ? "none" : "deleted")
        guard let texts, isThere, AdminRight.readTexts.roles.contains(role) else { return }
        for (name, text) in [("prompt", texts.prompt), ("reply", texts.reply)] {
            line.key(name)
            if text.isEmpty { line.null() } else { text.withUnsafeBytes { line.raw($0) } }
        }
    }

    /// `DELETE /api/v1/requests/{id}/texts`: the row stays and says so, the texts are overwritten.
    func delete(_ call: AdminCall) async throws -> AdminAnswer {
        guard let id = RequestID(call.path[3]) else { throw AdminRefusal.unknown("request", call.path[3]) }
        let (store, audit, entry) = (store, audit, call.mark("texts.delete", call.path[3]).entry())
        let wasThere = try await blocking { () throws -> Bool in
            guard let texts = try store.texts(of: id) else { return false }
            try store.keep([RequestTexts(request: id, prompt: [], reply: [])])
            if !texts.prompt.isEmpty || !texts.reply.isEmpty { _ = try audit.append(entry, with: nil) }
            return true
        }
        guard wasThere else { throw AdminRefusal.unknown("texts of request", call.path[3]) }
        return AdminAnswer { whole in
            whole.object { line in
                line.member("id", id.description)
                line.member("texts", "deleted")
            }
        }
    }
}
