import Glibc
import Logging
import NIOPosix
import Routing
import Storage
import Wire

/// What the router knows that must outlive it: events go to the store and the log, spent retry budgets to the store. Runs beside
/// the path of requests, once a second.
public final class AdminEvents: Sendable {
    /// The newest are kept.
    public static let mostEvents = 100_000
    /// Kinds of events beside those of the router: a budget has passed a threshold; a breach has begun, is open again or worse.
    public static let budgetAlert = "budget_alert"
    public static let breach = "breach"

    private struct State {
        /// Events the store did not take.
        var lost = 0
        var forgotten = 0
        /// News that other gateways were not told.
        var untold = 0
        var saved: [RetrySpending] = []
        /// Deployments that rest, as this gateway or another one told: told once, however often a probe fails meanwhile.
        var resting: Set<String> = []
    }

    private let server: Server
    private let events: any Store
    private let counters: any Store
    private let bell: any Bell
    private let state = Locked(State())
    private let log: Logger

    /// - Parameters:
    ///   - events: Where events go.
    ///   - counters: Where spent budgets go.
    ///   - bell: Tells other gateways of breakers.
    public init(_ server: Server, events: any Store, counters: any Store, log: Logger, bell: any Bell = SilentBell()) {
        (self.server, self.events, self.counters, self.log, self.bell) = (server, events, counters, log, bell)
    }

    /// Events that were forgotten: nobody took them in time, or the store did not.
    public var dropped: Int { state.withLock { $0.lost } + server.router.with { $0.droppedEvents } }

    /// Takes up what a former process has spent this month. Before the first request.
    public func restore() throws(StoreFailure) {
        let month = Month.of(unixMilliseconds: WallClock.milliseconds())
        let spent = try counters.counters(period: month.written).filter { $0.name.hasPrefix(Self.prefix) }
            .map { RetrySpending(name: String($0.name.dropFirst(Self.prefix.count)), month: month.number, used: $0.value) }
        server.router.with { router in
            router.setMonth(month.number)
            router.restore(spent)
        }
        state.withLock { $0.saved = spent }
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
        try? await NIOThreadPool.singleton.runIfActive { self.move() }  // fails when the process ends
    }

    private static let prefix = "retries/"

    private func move() {
        let (now, wall) = (Instant.now(), WallClock.milliseconds())
        let month = Month.of(unixMilliseconds: wall)
        let (taken, spending, forgotten) = server.router.with { router in
            router.setMonth(month.number)
            return (router.takeEvents(), router.retrySpending, router.droppedEvents)
        }
        for event in taken {
            write(event)
            tell(event, unixMilliseconds: wall - (now - event.at).milliseconds)
        }
        do throws(StoreFailure) {
            if !taken.isEmpty {
                try events.append(taken.map { Self.stored($0, wall: wall - (now - $0.at).milliseconds) }, keeping: Self.mostEvents)
            }
        } catch {
            state.withLock { $0.lost += taken.count }
            log.error("events could not be kept", metadata: ["events": "\(taken.count)", "problem": "\(error)"])
        }
        let (before, saved) = state.withLock { state in
            defer { state.forgotten = forgotten }
            return (state.forgotten, state.saved)
        }
        if forgotten > before { log.warning("events were forgotten, there were too many", metadata: ["events": "\(forgotten - before)"]) }
        let untold = bell.forgotten
        let toldBefore = state.withLock { state in
            defer { state.untold = untold }
            return state.untold
        }
        if untold > toldBefore {
            server.newsForgotten.withLock { $0 = untold }
            log.warning("other gateways were not told all news: there were too many", metadata: ["news": "\(untold - toldBefore)"])
        }
        save(spending, unlike: saved, month)
    }

    private func tell(_ event: RouterEvent, unixMilliseconds: Int64) {
        guard event.kind == .breakerOpened || event.kind == .breakerClosed, let deployment = event.from else { return }
        let isOpen = event.kind == .breakerOpened
        let isNews = state.withLock { state in
            isOpen ? state.resting.insert(deployment).inserted : state.resting.remove(deployment) != nil
        }
        if isNews { server.webhooks.send(Self.alert(event, deployment, unixMilliseconds, gateway: server.gatewayName)) }
        bell.ring(
            .health(
                HealthNews(
                    deployment: deployment, isOpen: event.kind == .breakerOpened, rest: .milliseconds(event.number), reason: event.fault?.name ?? ""))
        )
    }

    /// Another gateway has told of it.
    public func heard(_ news: HealthNews) {
        state.withLock { state in
            if news.isOpen { state.resting.insert(news.deployment) } else { state.resting.remove(news.deployment) }
        }
    }

    /// A deployment rests, or serves again.
    static func alert(_ event: RouterEvent, _ deployment: String, _ unixMilliseconds: Int64, gateway: String) -> WebhookMessage {
        let isOpen = event.kind == .breakerOpened
        let why = event.fault.map { ": \($0.name)" } ?? ""
        var details: [(name: String, value: WebhookMessage.Value)] = [
            ("state", .text(isOpen ? "open" : "closed")), ("deployment", .text(deployment)), ("gateway", .text(gateway)),
        ]
        if let fault = event.fault, isOpen { details.append(("fault", .text(fault.name))) }
        if isOpen, event.number > 0 { details.append(("rest_ms", .number(Int64(event.number)))) }
        let message = isOpen ? "deployment `\(deployment)` rests\(why)" : "deployment `\(deployment)` serves again"
        return WebhookMessage(.breaker, message, unixMilliseconds: unixMilliseconds, details: details)
    }

    private func save(_ spending: [RetrySpending], unlike saved: [RetrySpending], _ month: Month) {
        let fresh = spending.filter { $0.month == month.number && !saved.contains($0) }
        guard !fresh.isEmpty else { return }
        do throws(StoreFailure) {
            try counters.saveCounters(fresh.map { PeriodCounter(name: Self.prefix + $0.name, period: month.written, value: $0.used) })
            state.withLock { $0.saved = spending }
        } catch {
            log.error("spent retry budgets could not be kept", metadata: ["problem": "\(error)"])
        }
    }

    private func write(_ event: RouterEvent) {
        var metadata: Logger.Metadata = ["event": "\(event.kind.rawValue)"]
        for (name, value) in [
            ("route", event.route), ("from", event.from), ("to", event.to), ("fault", event.fault?.name), ("policy", event.policy),
            ("rule", event.rule),
        ] {
            if let value { metadata[name] = "\(value)" }
        }
        if let id = RequestID(rawValue: Int64(bitPattern: event.ticket)), event.ticket != 0 { metadata["request_id"] = "\(id)" }
        switch event.kind {
        case .breakerOpened, .retryBudgetSpent, .retryStorm, .panic: log.warning("routing", metadata: metadata)
        case .breakerClosed, .breakerHalfOpen, .fallback: log.notice("routing", metadata: metadata)
        // One a request where a rule holds: the store has it.
        case .failover, .rule, .hedge: log.debug("routing", metadata: metadata)
        }
    }

    static func stored(_ event: RouterEvent, wall: Int64) -> StoredEvent {
        var writer = JSONWriter()
        writer.object { detail in
            for (name, value) in [
                ("route", event.route), ("from", event.from), ("to", event.to), ("fault", event.fault?.name), ("policy", event.policy),
                ("rule", event.rule),
            ] {
                if let value { detail.member(name, value) }
            }
            if event.number != 0 { detail.member("number", event.number) }
        }
        return StoredEvent(
            unixMilliseconds: wall, kind: event.kind.rawValue, request: Int64(bitPattern: event.ticket),
            detail: String(decoding: writer.bytes, as: UTF8.self))
    }
}

/// A calendar month in UTC.
struct Month: Hashable {
    let year: Int
    /// 1 ... 12
    let month: Int

    /// Rises by one each month, as the router wants it.
    var number: Int { year * 12 + month }
    /// As 202611.
    var written: Int { year * 100 + month }

    static func of(unixMilliseconds: Int64) -> Month {
        var seconds = time_t(unixMilliseconds / 1000)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        return Month(year: Int(parts.tm_year) + 1900, month: Int(parts.tm_mon) + 1)
    }
}
