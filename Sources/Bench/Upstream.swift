import CBytes
import Glibc

/// A provider that costs next to nothing: one thread, answers made beforehand.
///
/// It answers `POST` with a chat completion, with a stream of `chunks` events one `interval` apart when the body says
/// `"stream":true`, and any `GET` with a list. Whatever it costs itself is in the row "direct" of every table.
public final class Upstream {
    /// What the command line chooses.
    public struct Plan: Sendable {
        public var port: UInt16
        public var chunks: Int
        /// Zero sends all events at once.
        public var interval: Duration
        /// The processor to stay on.
        public var core: Int?

        public init(port: UInt16, chunks: Int = 50, interval: Duration = .milliseconds(2), core: Int? = nil) {
            self.port = port
            self.chunks = chunks
            self.interval = interval
            self.core = core
        }
    }

    private let plan: Plan
    private let interval: Int64
    private let answers: CannedAnswers
    private let poller: Poller
    private let listener: Int32
    /// By socket number, which the kernel keeps small.
    private var connections: [UpstreamConnection?] = Array(repeating: nil, count: 1_024)
    /// Streams in the order in which they are due: the interval is the same for all, so the end of the queue is the latest.
    private var streams = Ring<UpstreamConnection>()

    public init(_ plan: Plan) throws {
        self.plan = plan
        interval = plan.interval.nanoseconds
        answers = CannedAnswers(chunks: plan.chunks)
        if let core = plan.core { _ = cprocess_pin(Int32(core)) }
        _ = cprocess_exact_timers()
        _ = cprocess_raise_open_files(20_000)
        poller = try Poller()
        listener = cepoll_listen(plan.port)
        guard listener >= 0 else { throw BenchProblem.system("listen on 127.0.0.1:\(plan.port)") }
        try poller.add(listener)
    }

    /// Serves until the process is ended.
    public func run() throws {
        while true {
            let wait = streams.first.map { max(0, $0.due - Monotonic.now()) }
            for ready in try poller.wait(wait) {
                if ready.fd == listener { try accept() } else { serve(ready) }
            }
            if streams.first != nil { sendDueEvents() }
        }
    }

    private func accept() throws {
        while true {
            let socket = cepoll_accept(listener)
            if socket < 0 { return }
            if Int(socket) >= connections.count {
                connections.append(contentsOf: repeatElement(nil, count: Int(socket) + 1_024 - connections.count))
            }
            connections[Int(socket)] = UpstreamConnection(socket: socket)
            try poller.add(socket)
        }
    }

    private func serve(_ ready: cepoll_ready) {
        guard let connection = connections[Int(ready.fd)] else { return }
        if ready.takesBytes {
            connection.sendUnsent()
            if !connection.hasUnsent { poller.watchWritable(ready.fd, false) }
        }
        guard ready.hasBytes else { return }
        guard connection.read() else { return close(connection) }
        answer(connection)
    }

    /// Answers the requests that are there whole; a stream holds back those behind it.
    private func answer(_ connection: UpstreamConnection) {
        while connection.eventsLeft == nil, let ask = connection.next() {
            switch ask {
            case .list: connection.send(answers.list)
            case .completion: connection.send(answers.completion)
            case .stream(let withUsage):
                connection.send(answers.streamHead)
                connection.wantsUsage = withUsage
                connection.eventsLeft = plan.chunks
                schedule(connection)
            }
        }
        if connection.hasUnsent { poller.watchWritable(connection.socket, true) }
    }

    private func schedule(_ connection: UpstreamConnection) {
        connection.due = Monotonic.now() + interval
        streams.append(connection)
    }

    private func sendDueEvents() {
        let now = Monotonic.now()
        while let connection = streams.first, connection.due <= now {
            streams.removeFirst()
            if connection.isClosed { continue }
            if let left = connection.eventsLeft, left > 0 {
                connection.send(answers.event)
                connection.eventsLeft = left - 1
                schedule(connection)
                if connection.hasUnsent { poller.watchWritable(connection.socket, true) }
            } else {
                connection.send(connection.wantsUsage ? answers.endWithUsage : answers.end)
                connection.eventsLeft = nil
                answer(connection)
            }
        }
    }

    private func close(_ connection: UpstreamConnection) {
        connection.isClosed = true
        connections[Int(connection.socket)] = nil
        Glibc.close(connection.socket)
    }
}
