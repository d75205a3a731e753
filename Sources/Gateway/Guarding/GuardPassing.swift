import Guarding
import NIOCore
import Routing
import Storage
import Translation
import Wire

// Bodies of pass-through endpoints are looked at where they are JSON or text. Their dialect is nobody's: whatever is not known to be
// something else is a text.
extension Reception {
    /// The body has to be there whole before it goes on.
    func gathersPassed(_ request: ClientRequest, to endpoint: PassEndpoint) -> Bool {
        guard let guards = live.guards else { return false }
        let key = endpoint.needsKey ? try? passKey(request, WallClock.milliseconds()) : nil  // without one it is refused anyway
        guard !endpoint.needsKey || key != nil else { return false }
        return guards.table.policy(of: key).map { guards.table.policies[$0].looksAtPrompts } ?? false
    }

    /// What guardrails and firewall say of a request, and what goes on in the body's place.
    /// - Parameter bodyFollows: It goes by bit by bit: nobody looks at prompts, only at the reply.
    func guardPassed(
        _ request: inout ClientRequest, to endpoint: PassEndpoint, _ key: Int?, _ id: RequestID, _ unixMilliseconds: Int64, bodyFollows: Bool
    ) throws(Refusal) -> PromptGuard.Look? {
        guard let guards = live.guards else { return nil }
        let promptGuard = PromptGuard(live: live, server: loop.server, guards: guards, key: key, api: .passThrough)
        let form = bodyFollows ? .other : PassedForm(request)
        let look: PromptGuard.Look?
        switch form {
        case .json, .nothing: look = self.look(at: request, Call(api: .passThrough), promptGuard, unixMilliseconds)
        case .text, .other: look = text(request, promptGuard, isText: form == .text, unixMilliseconds)
        }
        guard let look else { return nil }
        let policy = look.guarded.policy
        if form == .other, policy.looksAtPrompts {
            loop.counters.guarding.unread += 1
            if policy.refusesUnread {
                throw Refusal(.guardrailBlocked, "this body is nothing that guardrails can read: neither JSON nor text", param: "unread_bodies")
            }
        }
        let report = GuardReport(
            loop: loop, live: live, key: key, project: key.flatMap { live.standing(of: $0).project } ?? look.project, api: .passThrough,
            model: endpoint.pathText, id: id)
        report.tellPrompt(look.guarded)
        if let refusal = Refusal(look.guarded.outcome, policy) { throw refusal }
        if let body = look.body { request.body = ByteBuffer(bytes: body) }
        return look
    }

    /// Nobody reads what goes over a WebSocket.
    func passSocket(_ guarded: GuardedRequest) throws(Refusal) {
        guard guarded.policy.refusesWebSockets else {
            loop.counters.guarding.unread += 1
            return
        }
        throw Refusal(
            .guardrailBlocked,
            "guardrails hold for this key, and nobody reads what goes over a WebSocket; `guardrails.websockets: pass` lets it go by",
            param: "websockets")
    }

    private func text(_ request: ClientRequest, _ promptGuard: PromptGuard, isText: Bool, _ unixMilliseconds: Int64) -> PromptGuard.Look? {
        var empty = request
        empty.body = ByteBuffer(staticString: "null")
        guard var look = look(at: empty, Call(api: .passThrough), promptGuard, unixMilliseconds) else { return nil }
        guard isText, look.guarded.policy.looksAtPrompts else { return look }
        let text = GuardedText(.user, request.body.withUnsafeReadableBytes { Array($0) })
        look.body = look.guarded.check([text])[0]
        return look
    }
}

/// What a body of a pass-through endpoint is.
private enum PassedForm {
    case nothing, json, text
    /// Compressed, or of parts, or no text at all.
    case other

    init(_ request: ClientRequest) {
        guard request.body.readableBytes > 0 else {
            self = .nothing
            return
        }
        var (isPlain, isText) = (true, true)
        request.bytes.withUnsafeReadableBytes { raw in
            request.head.forEachField(in: raw) { name, value in
                if name.isLowered("content-encoding") { isPlain = value.isLowered("identity") }
                guard name.isLowered("content-type") else { return }
                let type = String(decoding: value, as: UTF8.self).lowercased()
                isText =
                    ["text/", "application/json", "application/x-ndjson", "application/jsonl", "application/x-www-form-urlencoded"]
                    .contains { type.hasPrefix($0) } || type.contains("+json")
            }
        }
        guard isPlain else {
            self = .other
            return
        }
        self = request.body.withUnsafeReadableBytes { raw in
            do throws(JSONProblem) {
                try JSONScanner.validate(raw)
                return .json
            } catch {
                return isText && String(validating: raw, as: UTF8.self) != nil ? .text : .other
            }
        }
    }
}
