import NIOCore
import Routing
import Translation

// Routes may have guards of their own. Where a request goes can hang on what guards find, so it is looked at with the guards of its key
// first, and again with those of the route that it would go to, until that stays the same.
extension PromptGuard {
    /// Rules and guardrails that send a request farther than this send it in a circle.
    private static let mostRoutes = 4

    /// Leaves the route that it was looked at for in `route`.
    /// - Parameters:
    ///   - look: Looks at the prompt with the guards of a route.
    ///   - way: The route that the request would take. Asked only where routes have guards; nothing may come of asking.
    mutating func look(
        _ look: (PromptGuard) throws(Obstacle) -> Look?, along way: (Look?) throws(Obstacle) -> Int
    ) throws(Obstacle) -> Look? {
        var found = try look(self)
        guard guards.table.hasRoutes else { return found }
        for _ in 0..<Self.mostRoutes {
            if found?.guarded.outcome.blocking != nil { return found }
            let next = guards.table.guarded(try way(found))
            if next == route { return found }
            route = next
            found = try look(self)
        }
        throw .refused(Refusal(.guardrailBlocked, "what guardrails find sends this request from route to route, in a circle", param: "pii"))
    }

    /// A request that was admitted goes where it was looked at for.
    func checkWay(of admitted: Admitted) throws(Obstacle) {
        guard guards.table.hasRoutes, let route = guards.table.guarded(admitted.entry.model.route), route != self.route else { return }
        throw .refused(Refusal(.overloaded, "the route of this request changed while it was looked at; send it again"))
    }
}

extension Reception {
    /// Looks at a prompt with all that guards it: what is said of its key, and what is said of the route that it goes to.
    func lookAlong(
        _ request: ClientRequest, _ call: Call, _ path: PathModel?, _ promptGuard: inout PromptGuard, _ unixMilliseconds: Int64
    ) throws(Obstacle) -> PromptGuard.Look? {
        let first = promptGuard
        return try promptGuard.look(
            { look(at: request, call, $0, unixMilliseconds) },
            along: { found throws(Obstacle) in
                var (seen, again) = (request, call)
                if let body = found?.body {
                    seen.body = ByteBuffer(bytes: body)
                    do throws(Refusal) { again = try read(seen, first.api, path) } catch { throw .refused(error) }
                }
                return try route(of: seen, again, first, found?.guarded, unixMilliseconds)
            })
    }

    /// Where it would go; nothing is counted.
    private func route(
        of request: ClientRequest, _ call: Call, _ promptGuard: PromptGuard, _ guarded: GuardedRequest?, _ unixMilliseconds: Int64
    ) throws(Obstacle) -> Int {
        var result: Result<Int, Obstacle>?
        request.bytes.withUnsafeReadableBytes { headBytes in
            request.body.withUnsafeReadableBytes { body in
                let view = RequestView(call, promptGuard.api, head: request.head, headBytes: headBytes, body: body) { client.remoteAddress }
                let admission = Admission(
                    live: promptGuard.live, server: loop.server, view: view, key: promptGuard.key ?? 0, now: loop.time,
                    unixMilliseconds: unixMilliseconds, isDry: true, guarded: guarded)
                do throws(Obstacle) {
                    result = .success(try admission.admit(request.body, deadline: nil).entry.model.route)
                } catch { result = .failure(error) }
            }
        }
        guard let result else { throw .refused(Refusal(.internalError, "the request could not be read")) }
        return try result.get()
    }
}
