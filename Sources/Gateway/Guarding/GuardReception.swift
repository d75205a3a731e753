import Guarding
import NIOCore
import Routing
import Storage
import Translation
import Wire

// Prompts are looked at once it is known whose they are, and before anything is decided about them.
extension Reception {
    /// - Parameter isCounted: Nobody has looked at it before.
    func guardedAdmission(
        of request: ClientRequest, _ call: Call, _ api: API, _ path: PathModel?, _ key: Int, _ guards: LiveGuards, _ unixMilliseconds: Int64,
        _ id: RequestID, isCounted: Bool
    ) throws(Obstacle) -> Admitted {
        let live = live
        var promptGuard = PromptGuard(live: live, server: loop.server, guards: guards, key: key, api: api)
        guard let look = try lookAlong(request, call, path, &promptGuard, unixMilliseconds) else {
            let admitted = try admission(of: request, call, api, key, live, unixMilliseconds)
            try promptGuard.checkWay(of: admitted)
            return admitted
        }
        let guarded = look.guarded
        if isCounted {
            let model = request.body.withUnsafeReadableBytes { call.modelName(in: $0) } ?? ""
            let report = GuardReport(
                loop: loop, live: live, key: key, project: live.standing(of: key).project ?? look.project, api: api, model: model, id: id)
            report.tellPrompt(guarded)
        }
        if let refusal = Refusal(guarded.outcome, guarded.policy) { throw .refused(refusal) }
        if api == .responses { hide(guarded, promptGuard) }
        var (seen, again) = (request, call)
        if let body = look.body {
            seen.body = ByteBuffer(bytes: body)
            do throws(Refusal) { again = try read(seen, api, path) } catch { throw .refused(error) }
        }
        let admitted = try admission(of: seen, again, api, key, live, unixMilliseconds, guarded)
        try promptGuard.checkWay(of: admitted)
        return admitted
    }

    func look(at request: ClientRequest, _ call: Call, _ promptGuard: PromptGuard, _ unixMilliseconds: Int64) -> PromptGuard.Look? {
        request.bytes.withUnsafeReadableBytes { head in
            request.body.withUnsafeReadableBytes { body in
                let view = RequestView(call, promptGuard.api, head: request.head, headBytes: head, body: body) { client.remoteAddress }
                return promptGuard.look(at: view, now: loop.time, unixMilliseconds: unixMilliseconds, &loop.prompts) {
                    loop.checker($0, promptGuard.guards)
                }
            }
        }
    }

    /// What is kept of a response's input is what the provider was given, unless its client gets the values back.
    private func hide(_ guarded: GuardedRequest, _ promptGuard: PromptGuard) {
        guard guarded.outcome.action >= .mask, !guarded.policy.restores, let tap = client.tap as? ResponseTap else { return }
        tap.changeInput { promptGuard.masked($0, guarded) }
    }

    /// What a background request says, as it is kept: its own run is looked at when it begins.
    func maskedForKeeping(_ request: ClientRequest, _ key: Int) -> (([UInt8]) -> [UInt8])? {
        guard let guards = live.guards, let call = try? read(request, .responses, nil) else { return nil }  // refused when it runs
        let promptGuard = PromptGuard(live: live, server: loop.server, guards: guards, key: key, api: .responses)
        var along = promptGuard
        let now = WallClock.milliseconds()
        // What cannot be admitted is refused when it runs: of that its key's guards say what is kept.
        let look = (try? lookAlong(request, call, nil, &along, now)) ?? look(at: request, call, promptGuard, now)
        guard let guarded = look?.guarded, guarded.outcome.action >= .mask, !guarded.policy.restores else { return nil }
        return { promptGuard.masked($0, guarded) }
    }
}
