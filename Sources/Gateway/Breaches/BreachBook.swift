import Logging
import NIOPosix
import Routing
import Settings
import Storage
import Wire

/// Takes incidents from all loops, sums them up and writes them to the store once a second, beside the path of requests. Who begins a
/// breach, opens one again or makes it worse has webhooks told.
///
/// What waits is bounded (`BreachPile.most` sums); beyond that incidents are dropped and counted. A batch that the store did not take
/// is given again as it was, so that nothing counts twice.
public final class BreachBook: Sendable {
    public struct Counts: Hashable, Sendable {
        public var reported = 0
        /// Of too many keys and rules at once, or the process ended while the store was away.
        public var dropped = 0
        /// Since the store takes none.
        public var waiting = 0
    }

    private struct State {
        var pile = BreachPile()
        var counts = Counts()
        /// Not taken yet.
        var batch: BreachBatch?
        var number: Int64 = 0
        var isFailing = false
        var toldDropped = 0
    }

    private let store: any BreachStore
    /// Where news is kept for those who look later; nil: nowhere.
    private let events: (any Store)?
    private let webhooks: WebhookSender
    private let gateway: String
    private let log: Logger
    private let writer = Int64.random(in: .min ... .max)
    private let state = Locked(State())
    /// One at a time: the last at the end, too.
    private let writing = Locked(())

    init(_ store: any BreachStore, events: (any Store)? = nil, webhooks: WebhookSender, gateway: String, log: Logger) {
        (self.store, self.events, self.webhooks, self.gateway, self.log) = (store, events, webhooks, gateway, log)
    }

    public var counts: Counts {
        state.withLock { state in
            var counts = state.counts
            counts.dropped += state.pile.dropped
            counts.waiting = state.pile.deltas.count + (state.batch?.deltas.count ?? 0)
            return counts
        }
    }

    /// From any thread; returns at once.
    public func report(_ incident: BreachIncident) {
        state.withLock { state in
            state.counts.reported += 1
            state.pile.add(incident)
        }
    }

    /// Until its task is cancelled.
    public func run() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(1))  // fails when it is cancelled
            await settle()
        }
    }

    /// Also once at the end, when no request is left.
    public func settle() async {
        try? await NIOThreadPool.singleton.runIfActive { self.write() }  // fails when the process ends
    }

    /// Blocks on the store.
    func write() {
        writing.withLock { _ in
            let (batch, dropped) = next()
            if dropped > 0 { log.warning("breaches were forgotten, there were too many", metadata: ["incidents": "\(dropped)"]) }
            guard let batch else { return }
            do throws(StoreFailure) {
                let news = try store.note(batch)
                let wasFailing = state.withLock { state in
                    defer { (state.batch, state.isFailing) = (nil, false) }
                    return state.isFailing
                }
                if wasFailing { log.notice("breaches are written again") }
                for one in news { tell(one) }
            } catch {
                let isNew = state.withLock { state in
                    defer { state.isFailing = true }
                    return !state.isFailing
                }
                if isNew { log.error("breaches could not be kept; tried again", metadata: ["problem": "\(error)"]) }
            }
        }
    }

    /// What is to be written, and how many incidents were dropped since this was asked last.
    private func next() -> (BreachBatch?, Int) {
        state.withLock { state in
            let all = state.counts.dropped + state.pile.dropped
            let dropped = all - state.toldDropped
            state.toldDropped = all
            if state.batch == nil, !state.pile.isEmpty {
                state.number += 1
                state.batch = BreachBatch(writer: writer, number: state.number, deltas: state.pile.deltas, unixMilliseconds: WallClock.milliseconds())
                state.counts.dropped += state.pile.dropped
                state.pile = BreachPile()
            }
            return (state.batch, dropped)
        }
    }

    private func tell(_ news: BreachNews) {
        let message = Self.message(news, gateway: gateway)
        log.warning("breach", metadata: ["news": "\(news.news.name)", "breach": "\(news.breach.id)", "what": "\(message.message)"])
        webhooks.send(message)
        guard let events else { return }
        do throws(StoreFailure) {
            try events.append([Self.event(news, message.message)], keeping: AdminEvents.mostEvents)
        } catch {
            log.error("an event could not be kept", metadata: ["problem": "\(error)"])
        }
    }

    private static func event(_ news: BreachNews, _ message: String) -> StoredEvent {
        let breach = news.breach
        var writer = JSONWriter()
        writer.object { detail in
            detail.member("breach", breach.id)
            detail.member("state", news.news.name)
            detail.member("key", breach.key)
            detail.member("trigger", breach.trigger.name)
            detail.member("severity", breach.severity.name)
            detail.member("message", message)
        }
        return StoredEvent(
            unixMilliseconds: breach.last, kind: AdminEvents.breach, request: breach.place.request,
            detail: String(decoding: writer.bytes, as: UTF8.self))
    }

    static func message(_ news: BreachNews, gateway: String) -> WebhookMessage {
        let breach = news.breach
        let what =
            switch news.news {
            case .begun: "has begun"
            case .reopened: "is open again"
            case .risen: "is \(breach.severity.name) now"
            }
        let incidents = breach.counts.incidents == 1 ? "1 incident" : "\(breach.counts.incidents) incidents"
        return WebhookMessage(
            .breach, "breach \(breach.id) \(what): \(breach.trigger.name) by key `\(breach.key.prefix(100))`, \(incidents)",
            unixMilliseconds: breach.last,
            details: [
                ("state", .text(news.news.name)), ("breach", .number(breach.id)), ("key", .text(breach.key)),
                ("owner", .text(breach.place.owner)), ("project", .text(breach.place.project)), ("model", .text(breach.place.model)),
                ("provider", .text(breach.place.provider)), ("endpoint", .text(breach.place.endpoint)), ("trigger", .text(breach.trigger.name)),
                ("severity", .text(breach.severity.name)), ("risk", .number(Int64(breach.risk))), ("incidents", .number(breach.counts.incidents)),
                ("blocked", .number(breach.counts[.blocked])), ("first_seen", .text(Timestamp.text(unixMilliseconds: breach.first))),
                ("last_seen", .text(Timestamp.text(unixMilliseconds: breach.last))), ("gateway", .text(gateway)),
            ])
    }
}
