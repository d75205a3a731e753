import Settings
import Storage

/// Tells webhooks when the store is lost and when it is back, once for each.
public final class StoreWatch: Sendable {
    private struct State {
        var server: Server?
        var loss = StoreLoss()
        /// What was to be told before there was somebody to tell it.
        var waiting: [WebhookMessage] = []
    }

    private let state = Locked(State())

    public init() {}

    /// From now on there is somebody who tells it.
    public func attach(_ server: Server) {
        let waiting = state.withLock { state in
            state.server = server
            state.loss.gateway = server.gatewayName
            defer { state.waiting = [] }
            return state.waiting
        }
        for message in waiting { server.webhooks.send(message) }
    }

    /// Nil: it answers. From any thread.
    public func note(_ failure: StoreFailure?, by witness: StoreWitness) {
        let now = WallClock.milliseconds()
        let (server, message) = state.withLock { state -> (Server?, WebhookMessage?) in
            let message = state.loss.note(failure, by: witness, unixMilliseconds: now)
            if let message, state.server == nil { state.waiting.append(message) }
            return (state.server, message)
        }
        if let server, let message { server.webhooks.send(message) }
    }
}

/// Who says that the store fails.
public enum StoreWitness: Hashable, Sendable {
    /// The writer of rows, what keeps them while the store is away, who looks for changes of settings.
    case journal, spool, settings
}

/// Several parts of a gateway notice that the store fails: it is lost while any of them says so.
struct StoreLoss: Sendable {
    var gateway = ""
    private var witnesses: Set<StoreWitness> = []
    private var since: Int64 = 0

    /// Returns what is news.
    mutating func note(_ failure: StoreFailure?, by witness: StoreWitness, unixMilliseconds now: Int64) -> WebhookMessage? {
        // Closed is how a gateway ends.
        if failure?.kind == .closed { return nil }
        let wasLost = !witnesses.isEmpty
        if failure == nil { witnesses.remove(witness) } else { witnesses.insert(witness) }
        guard wasLost == witnesses.isEmpty else { return nil }
        guard let failure else {
            return WebhookMessage(
                .store, "the store is back", unixMilliseconds: now,
                details: [("state", .text("back")), ("gateway", .text(gateway)), ("lost_ms", .number(max(0, now - since)))])
        }
        since = now
        return WebhookMessage(
            .store, "the store is lost: \(failure)", unixMilliseconds: now,
            details: [("state", .text("lost")), ("gateway", .text(gateway)), ("kind", .text("\(failure.kind)"))])
    }
}
