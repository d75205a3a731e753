import Logging
import Routing
import Storage
import Synchronization

/// Leases slices of budgets and rates from the store, on a thread of its own: no request waits for it, but those for which what is
/// leased does not reach.
final class LeaseKeeper: Sendable {
    struct Status: Sendable {
        var calls = 0
        var failures = 0
        /// Why the store does not answer; nil: it does.
        var failure: StoreFailure?
        /// Nil: not joined yet, or no longer.
        var gateway: GatewayLife?
        var hasJoined = false
        var gateways = 1
        /// Microseconds that the last call took.
        var latency: Int64 = 0
    }

    /// Nobody asked, and yet the gateway is to be heard of.
    private static let pause = 1_000
    /// Between two calls, however many ask.
    private static let shortest = Duration.milliseconds(2)
    /// So long after a store has last been heard of its leases are charged in full.
    static let expiry = Duration.seconds(30)
    /// After this what was charged in full is corrected to what the ledger says.
    private static let silence = Duration.seconds(600)

    private let store: any Store
    private let ledger: SharedLedger
    private let identity: String
    private let name: String
    private let log: Logger
    private let wake = WakeUp()
    private let finished = WakeUp()
    private let isEnding = Atomic(false)
    private let isNudged = Atomic(false)
    private let isRunning = Atomic(false)
    private let state = Locked(Status())
    /// The loops have parked requests, and the store has answered.
    private let answered: @Sendable () -> Void
    private let crossed: @Sendable (LimitCrossing) -> Void

    /// - Parameters:
    ///   - identity: Lasts as long as what this gateway still has to write.
    ///   - answered: Called on the keeper's thread after each answer.
    ///   - crossed: Called there for each threshold that this gateway is to tell of.
    init(
        _ store: any Store, _ ledger: SharedLedger, identity: String, name: String, log: Logger, answered: @escaping @Sendable () -> Void,
        crossed: @escaping @Sendable (LimitCrossing) -> Void
    ) {
        (self.store, self.ledger, self.identity, self.name, self.log) = (store, ledger, identity, name, log)
        (self.answered, self.crossed) = (answered, crossed)
    }

    var status: Status { state.withLock { $0 } }

    /// Joins the store, asks it once, and goes on in the background. Blocks. A store that does not answer is asked again there.
    func start() {
        join()
        call()
        isRunning.store(true, ordering: .relaxed)
        startThread { self.run() }
    }

    /// A request waits, or slices run low.
    func nudge() {
        guard !isNudged.exchange(true, ordering: .relaxed) else { return }
        wake.signal()
    }

    /// Gives back what is leased. Call when all rows are written. Blocks.
    func stop() {
        guard isRunning.exchange(false, ordering: .relaxed) else { return }
        isEnding.store(true, ordering: .relaxed)
        wake.signal()
        finished.wait()
    }

    // MARK: The thread

    private func run() {
        var nextCorrection = Instant.now() + .seconds(60)
        while !isEnding.load(ordering: .relaxed) {
            wake.wait(milliseconds: Self.pause)
            isNudged.store(false, ordering: .relaxed)
            if isEnding.load(ordering: .relaxed) { break }
            if ledger.isExclusive { ledger.follow(WallClock.milliseconds(), at: .now()) }
            if status.gateway == nil { join() }
            call()
            if Instant.now() >= nextCorrection {
                nextCorrection = .now() + .seconds(60)
                attempt { () throws(StoreFailure) in _ = try store.correct(afterSilenceOf: Self.silence) }
            }
            pauseThread(Self.shortest)
        }
        // What is used of a minute is to be known to whoever comes next.
        call()
        if let gateway = status.gateway { attempt { () throws(StoreFailure) in try store.leave(gateway) } }
        finished.signal()
    }

    private func join() {
        attempt { () throws(StoreFailure) in
            let gateway = try store.join(gateway: identity, called: name)
            let isFirst = state.withLock { status in
                defer { (status.gateway, status.hasJoined) = (gateway, true) }
                return !status.hasJoined
            }
            // What was leased before is closed at the store.
            if !isFirst { ledger.with { $0.rejoined(at: ledger.unixMilliseconds(at: .now())) } }
        }
    }

    /// One round trip: says what is held, asks for more, takes the answer in.
    private func call() {
        guard let gateway = status.gateway else {
            ledger.with { $0.lost(at: ledger.unixMilliseconds(at: .now())) }
            return answered()
        }
        ledger.tellWritten()
        let began = Instant.now()
        let moment = ledger.unixMilliseconds(at: began)
        guard let call = ledger.with({ $0.call(at: moment) }) else { return tell() }
        do throws(StoreFailure) {
            let reply = try store.lease(call, for: gateway, expiry: Self.expiry)
            let now = Instant.now()
            if !ledger.isExclusive { ledger.setClock(reply.storeUnixMilliseconds, at: now) }
            ledger.with { $0.apply(reply, to: call, at: ledger.unixMilliseconds(at: now)) }
            state.withLock { status in
                status.calls += 1
                status.gateways = reply.gateways
                status.latency = (now - began).microseconds
            }
            succeeded()
        } catch {
            ledger.with { $0.lost(at: ledger.unixMilliseconds(at: .now())) }
            failed(error)
        }
        answered()
        tell()
    }

    /// Thresholds that were crossed: one gateway of all tells of each.
    private func tell() {
        for crossing in ledger.with({ $0.takeCrossings() }) {
            attempt { () throws(StoreFailure) in
                if try store.claimAlert(crossing.account, windowStart: crossing.window.start, threshold: crossing.threshold) { crossed(crossing) }
            }
        }
    }

    private func attempt(_ body: () throws(StoreFailure) -> Void) {
        do throws(StoreFailure) { try body() } catch { failed(error) }
    }

    private func succeeded() {
        let wasLost = state.withLock { status in
            defer { status.failure = nil }
            return status.failure != nil
        }
        if wasLost { log.notice("the store of limits answers again") }
    }

    private func failed(_ failure: StoreFailure) {
        let isNew = state.withLock { status in
            defer { status.failure = failure }
            status.failures += 1
            // Another process has taken the store over, or forgot us.
            if failure.kind == .conflict { status.gateway = nil }
            return status.failure == nil
        }
        if isNew {
            log.error(
                "the store of limits does not answer; what is leased is served, then requests with budgets are refused",
                metadata: ["problem": "\(failure)"])
        }
    }
}
