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
        let promptGuard = PromptGuard(live: live, server: self, guards: guards, key: key, api: api)
        var result: Result<PromptGuard.Look?, Obstacle> = .success(nil)
        body.withUnsafeBytes { bytes in
            do throws(Malformed) {
                let view = RequestView(try Call.read(bytes, api: api), api, head: head, headBytes: headBytes, body: bytes) { remote }
                var texts = PromptTexts()
                result = .success(
                    promptGuard.look(at: view, now: .now(), unixMilliseconds: WallClock.milliseconds(), &texts) { Guard(guards.table.policies[$0]) })
            } catch {
                result = .failure(.refused(Refusal(error)))
            }
        }
        guard let look = try result.get() else { return (body, nil) }
        if let refusal = Refusal(look.guarded.outcome, look.guarded.policy) { throw .refused(refusal) }
        return (look.body ?? body, look.guarded)
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
