import Logging
import NIOCore
import Routing
import Settings
import Storage

/// Sends spans and metrics to an OpenTelemetry collector, on a thread of its own.
///
/// Requests come through a bounded queue: when it is full they are dropped and counted, since a slow collector must not slow an answer.
/// What a collector does not take for a moment is sent again, each time after a longer wait, five times at most.
final class Telemetry: Sendable {
    struct Counts: Hashable, Sendable {
        var spans = 0
        /// Requests that came to a full queue, or whose spans nobody took.
        var dropped = 0
        var failures = 0
    }

    private struct State {
        var settings: TelemetrySettings?
        var waiting: [FinishedRequest] = []
        var counts = Counts()
        var isStopped = false
        var hasThread = false
    }

    private static let most = 512
    private static let attempts = 5

    private let state = Locked(State())
    private let wake = WakeUp()
    private let ended = WakeUp()
    private let loop: any EventLoop
    private let tls: TLS
    private let log: Logger
    private let instance = String(UInt64.random(in: .min ... .max), radix: 16)

    init(on loop: any EventLoop, tls: TLS, log: Logger) {
        (self.loop, self.tls, self.log) = (loop, tls, log)
    }

    /// The settings in force. A thread is started with the first that ask for anything.
    func run(_ settings: TelemetrySettings) {
        let starts = state.withLock { state in
            state.settings = settings.endpoint == nil ? nil : settings
            if state.settings == nil { state.waiting = [] }
            defer { state.hasThread = state.hasThread || state.settings != nil }
            return state.settings != nil && !state.hasThread
        }
        if starts { startThread { self.work() } }
    }

    /// From an event loop; returns at once.
    func offer(_ request: FinishedRequest) {
        state.withLock { state in
            guard let settings = state.settings, !state.isStopped else { return }
            if state.waiting.count < settings.queue { state.waiting.append(request) } else { state.counts.dropped += 1 }
        }
    }

    var counts: Counts { state.withLock { $0.counts } }

    /// What waits is sent once more, if the collector takes it within two seconds.
    func stop() {
        let hasThread = state.withLock { state in
            state.isStopped = true
            return state.hasThread
        }
        guard hasThread else { return }
        wake.signal()
        ended.wait(milliseconds: 2_000)
    }

    // MARK: The thread

    private func work() {
        let started = WallClock.milliseconds() * 1_000_000
        var book: MetricBook?
        var conventions: TelemetrySettings.Conventions?
        var metricsDue = Instant.now()
        while true {
            let (settings, batch, isLast) = state.withLock { state in
                let batch = state.waiting
                state.waiting = []
                state.waiting.reserveCapacity(min(batch.count, Self.most))
                return (state.settings, batch, state.isStopped)
            }
            if let settings {
                if conventions != settings.conventions {
                    book = MetricBook(settings.conventions, sinceUnixNanoseconds: started)
                    conventions = settings.conventions
                }
                if settings.metrics { for request in batch { book?.add(request) } }
                send(batch.filter { $0.trace.isSampled }, settings, isLast)
                if settings.metrics, let book, !book.isEmpty, isLast || .now() >= metricsDue {
                    metricsDue = .now() + settings.metricsInterval
                    send(book, settings)
                }
            }
            if isLast { break }
            wake.wait(milliseconds: batch.count >= Self.most ? 1 : 500)
        }
        ended.signal()
    }

    private func send(_ requests: [FinishedRequest], _ settings: TelemetrySettings, _ isLast: Bool) {
        guard settings.traces else { return }
        var rest = requests[...]
        while !rest.isEmpty {
            let batch = rest.prefix(Self.most)
            rest = rest.dropFirst(Self.most)
            var spans = 0
            let body = OTLPWriter.envelope(of: "Spans", service: settings.serviceName.text, instance: instance) { out in
                var writer = SpanWriter(conventions: settings.conventions, out: out)
                for request in batch {
                    writer.write(request)
                    spans += 1 + (request.passedTo == nil ? request.attempts.count : request.entry.attempts > 0 ? 1 : 0)
                }
                out = writer.out
            }
            let isTaken = post(body, to: "/v1/traces", settings, attempts: isLast ? 1 : Self.attempts)
            let sent = spans
            state.withLock { state in
                if isTaken { state.counts.spans += sent } else { state.counts.dropped += batch.count }
            }
        }
    }

    /// What does not arrive comes with the next: sums are since the start.
    private func send(_ book: MetricBook, _ settings: TelemetrySettings) {
        let now = WallClock.milliseconds() * 1_000_000
        let body = OTLPWriter.envelope(of: "Metrics", service: settings.serviceName.text, instance: instance) {
            book.write(to: &$0, atUnixNanoseconds: now)
        }
        _ = post(body, to: "/v1/metrics", settings, attempts: 1)
    }

    /// Whether the collector took it. The thread waits meanwhile; the queue does not grow beyond its bound.
    private func post(_ body: [UInt8], to path: String, _ settings: TelemetrySettings, attempts: Int) -> Bool {
        guard let endpoint = settings.endpoint else { return false }
        var call = PlainCall(method: "POST", origin: endpoint.origin, path: endpoint.path + path)
        call.headers = [("content-type", "application/json")] + settings.headers.entries.map { ($0.name, $0.value.reveal()) }
        call.body = body
        var why = ""
        for attempt in 1...max(1, attempts) {
            switch outcome(of: call, within: settings.timeout) {
            case .taken: return true
            case .refused(let reason):
                failed(reason, settings)
                return false
            case .failed(let reason): why = reason
            }
            if attempt == attempts || state.withLock({ $0.isStopped || $0.settings == nil }) { break }
            wake.wait(milliseconds: 200 << attempt)
        }
        failed(why, settings)
        return false
    }

    private func outcome(of call: PlainCall, within limit: Duration) -> WebhookSender.Outcome {
        let answer = Locked<WebhookSender.Outcome>(.failed("no answer in time"))
        let came = WakeUp()
        let (loop, tls) = (loop, tls)
        loop.execute {
            call.send(on: loop, tls: tls, within: limit).whenComplete { result in
                answer.withLock { $0 = WebhookSender.Outcome(result) }
                came.signal()
            }
        }
        came.wait(milliseconds: Int(limit.nanoseconds / 1_000_000) + 1_000)
        return answer.withLock { $0 }
    }

    private func failed(_ why: String, _ settings: TelemetrySettings) {
        let isFirst = state.withLock { state in
            state.counts.failures += 1
            return state.counts.failures == 1 || state.counts.failures % 100 == 0
        }
        guard isFirst else { return }
        log.warning(
            "the telemetry collector does not take what it is sent",
            metadata: ["endpoint": "\(settings.endpoint?.written ?? "")", "problem": "\(why)"])
    }
}
