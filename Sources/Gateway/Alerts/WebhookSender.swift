import Logging
import NIOCore
import Settings
import Storage

/// Posts alerts to the webhooks of the settings, in the background: one at a time to each, in order, again after a failure.
///
/// Each webhook has a queue of `most` messages. When it is full the oldest is dropped and counted: what an operator is told late is
/// worth less than what he is told now.
public final class WebhookSender: Sendable {
    public static let most = 1_000

    /// What became of messages, over all webhooks.
    public struct Counts: Hashable, Sendable {
        public var sent = 0
        public var retried = 0
        /// Dropped from full queues, refused by their receiver, or given up.
        public var lost = 0
        public var waiting = 0
    }

    /// How one webhook fares.
    public struct Standing: Sendable {
        public var sent = 0
        public var retried = 0
        public var lost = 0
        public var waiting = 0
        public var last: Delivery?
    }

    /// The last thing that came of a message.
    public struct Delivery: Sendable {
        public var unixMilliseconds: Int64
        public var isTaken: Bool
        /// Why it was not taken.
        public var problem: String?
    }

    private struct Message {
        var id: String
        var body: [UInt8]
        var failures = 0
    }

    private struct Queue {
        var waiting: [Message] = []
        var isSending = false
    }

    private struct State {
        var hooks: [WebhookSettings] = []
        var queues: [WebhookSettings: Queue] = [:]
        var standings: [WebhookSettings: Standing] = [:]
        var counts = Counts()
        var isStopped = false
    }

    private let state = Locked(State())
    private let loop: any EventLoop
    private let tls: TLS
    private let log: Logger

    init(on loop: any EventLoop, tls: TLS, log: Logger) {
        (self.loop, self.tls, self.log) = (loop, tls, log)
    }

    /// What waits for webhooks that are no more is dropped and counted.
    public func run(_ hooks: [WebhookSettings]) {
        state.withLock { state in
            state.hooks = hooks
            for (hook, queue) in state.queues where !hooks.contains(hook) {
                state.counts.lost += queue.waiting.count
                state.queues[hook] = nil
            }
            state.standings = state.standings.filter { hooks.contains($0.key) }
        }
    }

    public var counts: Counts {
        state.withLock { state in
            var counts = state.counts
            counts.waiting = state.queues.values.reduce(0) { $0 + $1.waiting.count }
            return counts
        }
    }

    /// The webhooks in the settings' order, and how each fares.
    public var standings: [(hook: WebhookSettings, standing: Standing)] {
        state.withLock { state in
            state.hooks.map { hook in
                var standing = state.standings[hook] ?? Standing()
                standing.waiting = state.queues[hook]?.waiting.count ?? 0
                return (hook, standing)
            }
        }
    }

    /// From any thread; returns at once.
    public func send(_ alert: WebhookMessage) {
        let id = "alert_\(String(UInt64.random(in: .min ... .max), radix: 36))"
        let body = alert.body(id: id)
        let hooks = state.withLock { state in
            let hooks = state.isStopped ? [] : state.hooks.filter { $0.events.contains(alert.event) }
            for hook in hooks {
                var queue = state.queues[hook] ?? Queue()
                queue.waiting.append(Message(id: id, body: body))
                if queue.waiting.count > Self.most {
                    // The one that is being sent stays.
                    queue.waiting.remove(at: queue.isSending ? 1 : 0)
                    state.counts.lost += 1
                    state.standings[hook, default: Standing()].lost += 1
                }
                state.queues[hook] = queue
            }
            return hooks
        }
        for hook in hooks { loop.execute { self.next(hook) } }
    }

    /// Nothing more is sent; what waits is counted as lost.
    public func stop() {
        state.withLock { state in
            state.isStopped = true
            state.counts.lost += state.queues.values.reduce(0) { $0 + $1.waiting.count }
            state.queues = [:]
        }
    }

    // MARK: Sending

    private func next(_ hook: WebhookSettings) {
        let message = state.withLock { state -> Message? in
            guard let queue = state.queues[hook], !queue.isSending, let first = queue.waiting.first else { return nil }
            state.queues[hook]?.isSending = true
            return first
        }
        guard let message else { return }
        Self.call(hook, message.id, message.body).send(on: loop, tls: tls, within: hook.timeout).whenComplete {
            self.ended(hook, message, Outcome($0))
        }
    }

    private static func call(_ hook: WebhookSettings, _ id: String, _ body: [UInt8]) -> PlainCall {
        var call = PlainCall(method: "POST", origin: hook.url.base.origin, path: hook.url.target)
        call.headers = [("content-type", "application/json"), ("x-swiftlet-delivery", id)]
        if let secret = hook.secret {
            let text = WebhookSignature.text(of: body, secret: secret, unixSeconds: WallClock.milliseconds() / 1000)
            call.headers.append((WebhookSignature.header, text))
        }
        call.body = body
        return call
    }

    /// Posts an event of the kind `test`, whatever else the webhook is told: once, signed as all are. Nil: it was taken; else why not.
    public func test(_ hook: WebhookSettings, gateway: String) async -> String? {
        let id = "alert_\(String(UInt64.random(in: .min ... .max), radix: 36))"
        let call = Self.call(hook, id, WebhookMessage.test(id: id, gateway: gateway, unixMilliseconds: WallClock.milliseconds()))
        let (loop, tls) = (loop, tls)
        let outcome = await withCheckedContinuation { (told: CheckedContinuation<Outcome, Never>) in
            loop.execute { call.send(on: loop, tls: tls, within: hook.timeout).whenComplete { told.resume(returning: Outcome($0)) } }
        }
        note(hook, outcome) { if outcome == .taken { $0.sent += 1 } }
        log.notice("a webhook was tested", metadata: ["webhook": "\(hook.url.written ?? "")", "outcome": "\(outcome.problem ?? "taken")"])
        return outcome.problem
    }

    private func note(_ hook: WebhookSettings, _ outcome: Outcome, _ count: (inout Standing) -> Void) {
        state.withLock { state in
            count(&state.standings[hook, default: Standing()])
            state.standings[hook]?.last = Delivery(
                unixMilliseconds: WallClock.milliseconds(), isTaken: outcome == .taken, problem: outcome.problem)
        }
    }

    enum Outcome: Hashable {
        case taken
        case failed(String)
        /// Sending it again would change nothing.
        case refused(String)

        var problem: String? {
            switch self {
            case .taken: nil
            case .failed(let why), .refused(let why): why
            }
        }

        init(_ result: Result<PlainCall.Reply, any Error>) {
            switch result {
            case .success(let reply): self.init(status: reply.status)
            case .failure(let error): self = .failed((error as? PlainCall.Failure)?.message ?? "\(error)")
            }
        }

        init(status: Int) {
            switch status {
            case 200..<300: self = .taken
            case 408, 425, 429, 500...: self = .failed("it answered \(status)")
            default: self = .refused("it answered \(status)")
            }
        }
    }

    private func ended(_ hook: WebhookSettings, _ message: Message, _ outcome: Outcome) {
        let failures = message.failures + 1
        let place = hook.url.written ?? ""
        switch outcome {
        case .taken:
            note(hook, outcome) { $0.sent += 1 }
            pass(hook, message) { $0.sent += 1 }
        case .failed(let why) where failures <= hook.retries:
            note(hook, outcome) { $0.retried += 1 }
            state.withLock { state in
                state.counts.retried += 1
                state.queues[hook]?.isSending = false
                guard state.queues[hook]?.waiting.first?.id == message.id else { return }
                state.queues[hook]?.waiting[0].failures = failures
                // Whoever comes meanwhile waits behind it.
                state.queues[hook]?.isSending = true
            }
            let pause = Self.pause(failures: failures, chance: .random(in: 0..<1))
            log.debug("an alert was not taken and is sent again", metadata: ["webhook": "\(place)", "problem": "\(why)"])
            loop.scheduleTask(in: .nanoseconds(pause.nanoseconds)) { self.again(hook) }
        case .failed(let why), .refused(let why):
            note(hook, outcome) { $0.lost += 1 }
            log.warning("an alert is lost: its webhook does not take it", metadata: ["webhook": "\(place)", "problem": "\(why)"])
            pass(hook, message) { $0.lost += 1 }
        }
    }

    private func again(_ hook: WebhookSettings) {
        state.withLock { $0.queues[hook]?.isSending = false }
        next(hook)
    }

    /// Done with a message: the next one.
    private func pass(_ hook: WebhookSettings, _ message: Message, _ count: (inout Counts) -> Void) {
        state.withLock { state in
            count(&state.counts)
            state.queues[hook]?.isSending = false
            if state.queues[hook]?.waiting.first?.id == message.id { state.queues[hook]?.waiting.removeFirst() }
        }
        next(hook)
    }

    /// One second, then twice as long each time, a minute at most; `chance` (0 to 1) spreads those who failed together.
    static func pause(failures: Int, chance: Double) -> Duration {
        let seconds = min(60, Double(1 << min(max(failures, 1) - 1, 6)))
        return .milliseconds(Int64(seconds * 1000 * (0.75 + chance / 2)))
    }
}
