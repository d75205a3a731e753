import Gateway
import Storage
import Wire

/// `GET /api/v1/live`: what this gateway counts, now; `GET /console/live`: the same each second, as server-sent events.
final class LiveDesk: Sendable {
    let server: Server
    private let state = Locked(State())

    init(server: Server) { self.server = server }

    private struct State {
        var last: (at: Int64, body: [UInt8])?
        var watchers = 0
    }

    /// Browsers that watch at once; each is a connection that stays open.
    static let mostWatchers = 64
    /// Milliseconds between two looks, however many watch.
    private static let pace: Int64 = 1_000

    func answer() async -> AdminAnswer {
        var answer = AdminAnswer(text: "", type: "application/json")
        answer.body = await look()
        return answer
    }

    /// - Parameter isAllowed: Asked each second: a session may end, a token may be taken back.
    func watch(while isAllowed: @escaping @Sendable () -> Bool) throws -> AdminAnswer {
        let isRoom = state.withLock { state in
            guard state.watchers < Self.mostWatchers else { return false }
            state.watchers += 1
            return true
        }
        guard isRoom else { throw AdminRefusal(503, "too_many_watchers", "\(Self.mostWatchers) pages watch this gateway already: close some") }
        var answer = AdminAnswer(text: "", type: "text/event-stream")
        answer.events = AdminEventStream(
            next: { [self] in
                guard isAllowed() else { return Array("event: end\ndata: {}\n\n".utf8) }
                return await Array("data: ".utf8) + look() + Array("\n\n".utf8)
            },
            isOver: { !isAllowed() }, pace: .milliseconds(Self.pace), ended: { [self] in state.withLock { $0.watchers -= 1 } })
        return answer
    }

    private func look() async -> [UInt8] {
        let now = WallClock.milliseconds()
        if let last = state.withLock({ $0.last }), now - last.at < Self.pace - 100, now >= last.at { return last.body }
        let body = await server.liveReport(unixMilliseconds: now)
        state.withLock { $0.last = (now, body) }
        return body
    }
}

/// Events without an end, written while somebody reads.
struct AdminEventStream: Sendable {
    let next: @Sendable () async -> [UInt8]
    let isOver: @Sendable () -> Bool
    let pace: Duration
    /// Once, whatever ended it.
    let ended: @Sendable () -> Void
}
