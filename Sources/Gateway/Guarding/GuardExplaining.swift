import Guarding
import NIOCore
import Routing
import Translation
import Wire

extension Server {
    /// Looks at a request that is only explained: nothing is counted, nobody is told.
    /// - Returns: What is to be explained, with what guardrails say of it.
    func guarded(
        _ live: Live, _ api: API, _ body: [UInt8], _ head: RequestHead, _ headBytes: UnsafeRawBufferPointer, key: Int, _ remote: String?
    ) throws(Obstacle) -> (body: [UInt8], guarded: GuardedRequest?) {
        guard let guards = live.guards else { return (body, nil) }
        var promptGuard = PromptGuard(live: live, server: self, guards: guards, key: key, api: api)
        let look = try promptGuard.look(
            { promptGuard throws(Obstacle) in
                try view(api, body, head, headBytes, remote) { view in
                    var texts = PromptTexts()
                    return promptGuard.look(at: view, now: .now(), unixMilliseconds: WallClock.milliseconds(), &texts) {
                        Guard(guards.table.policies[$0])
                    }
                }
            },
            along: { found throws(Obstacle) in
                let seen = found?.body ?? body
                return try view(api, seen, head, headBytes, remote) { view throws(Obstacle) in
                    let admission = Admission(
                        live: live, server: self, view: view, key: key, now: .now(), unixMilliseconds: WallClock.milliseconds(), isDry: true,
                        guarded: found?.guarded)
                    return try admission.admit(ByteBuffer(bytes: seen), deadline: nil).entry.model.route
                }
            })
        guard let look else { return (body, nil) }
        if let refusal = Refusal(look.guarded.outcome, look.guarded.policy) { throw .refused(refusal) }
        return (look.body ?? body, look.guarded)
    }

    private func view<Answer>(
        _ api: API, _ body: [UInt8], _ head: RequestHead, _ headBytes: UnsafeRawBufferPointer, _ remote: String?,
        _ use: (RequestView) throws(Obstacle) -> Answer
    ) throws(Obstacle) -> Answer {
        var result: Result<Answer, Obstacle>?
        body.withUnsafeBytes { bytes in
            let call: Call
            do throws(Malformed) { call = try Call.read(bytes, api: api) } catch {
                result = .failure(.refused(Refusal(error)))
                return
            }
            do throws(Obstacle) {
                result = .success(try use(RequestView(call, api, head: head, headBytes: headBytes, body: bytes) { remote }))
            } catch { result = .failure(error) }
        }
        guard let result else { throw .refused(Refusal(.internalError, "the request could not be read")) }
        return try result.get()
    }
}

extension DecisionReport {
    /// What a guardrail found in the prompt.
    public struct GuardLine: Sendable {
        public var guardrail: String
        public var name: String
        public var action: String
        public var isShadow: Bool
        public var count: Int
    }

    /// As `Admitted.guarded` has them: those alike as one.
    static func lines(of guarded: GuardedRequest?) -> [GuardLine] {
        var lines: [GuardLine] = []
        for finding in guarded?.outcome.findings ?? [] {
            let (name, action) = (finding.kind.name, "\(finding.action)")
            let known = lines.firstIndex {
                $0.guardrail == name && $0.name == finding.detail && $0.action == action && $0.isShadow == finding.isShadow
            }
            if let known {
                lines[known].count += 1
            } else {
                lines.append(GuardLine(guardrail: name, name: finding.detail, action: action, isShadow: finding.isShadow, count: 1))
            }
        }
        return lines
    }

    static func write(_ line: GuardLine, to writer: inout JSONWriter) {
        writer.object { found in
            found.member("guardrail", line.guardrail)
            if !line.name.isEmpty { found.member("name", line.name) }
            found.member("action", line.action)
            if line.isShadow { found.member("shadow", true) }
            found.member("count", line.count)
        }
    }
}
