import Dispatch
import Glibc

/// News by LISTEN and NOTIFY, on a connection and a thread of its own.
///
/// Notifications are lost while nobody listens, so the version of the settings is asked whenever the connection is new, and every ten
/// seconds anyway.
public final class PostgresBell: Bell {
    private struct State {
        var unsent: [News] = []
        /// Dropped unsent since the start: one too many, or one that is too long to be told.
        var forgotten = 0
        /// Where in all that was ever rung `unsent` begins.
        var first = 0
        var hear: (@Sendable (News) -> Void)?
        var isClosing = false
    }

    private let address: PostgresAddress
    private let limits: PostgresLimits
    private let pace: Duration
    /// Tells its own notifications from others'.
    private let sender = String(UInt64.random(in: .min ... .max), radix: 36)
    private let state = Locked(State())
    /// A byte in this pipe wakes the thread.
    private let wake: (read: Int32, write: Int32)
    private let ended = DispatchSemaphore(value: 0)

    static let mostUnsent = 256

    /// `pace`: how often the settings' version is asked for.
    public init(_ address: PostgresAddress, limits: PostgresLimits = PostgresLimits(), pace: Duration = .seconds(10)) {
        self.address = address
        self.limits = limits
        self.pace = pace
        var ends: [Int32] = [-1, -1]
        _ = pipe(&ends)
        for end in ends {
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
        wake = (ends[0], ends[1])
    }

    deinit {
        Glibc.close(wake.read)
        Glibc.close(wake.write)
    }

    public func ring(_ news: News) {
        state.withLock { state in
            if state.unsent.count >= Self.mostUnsent {
                state.unsent.removeFirst()
                state.first += 1
                state.forgotten += 1
            }
            state.unsent.append(news)
        }
        nudge()
    }

    public var forgotten: Int { state.withLock { $0.forgotten } }

    public func listen(_ hear: @escaping @Sendable (News) -> Void) {
        let isFirst = state.withLock { state in
            defer { state.hear = hear }
            return state.hear == nil && !state.isClosing
        }
        guard isFirst else { return }
        let thread = DispatchQueue(label: "news", qos: .utility)
        thread.async { self.run(hear) }
    }

    public func close() {
        let isRunning = state.withLock { state in
            defer { state.isClosing = true }
            return state.hear != nil && !state.isClosing
        }
        guard isRunning else { return }
        nudge()
        ended.wait()
    }

    /// A pipe that is full has woken it.
    private func nudge() { _ = write(wake.write, [1], 1) }

    private var isClosing: Bool { state.withLock { $0.isClosing } }

    private func run(_ hear: @Sendable (News) -> Void) {
        var version: Int64?
        var pause = limits.firstPause
        while !isClosing {
            do throws(StoreFailure) {
                let connection = try PostgresConnection(address, limits)
                let channel = try connect(connection)
                pause = limits.firstPause
                try serve(connection, channel, &version, hear)
            } catch {
                // The journal and the leases say what is wrong with the server; here it is only tried again.
                rest(pause, socket: -1)
                pause = min(pause * 2, limits.longestPause)
            }
        }
        ended.signal()
    }

    /// The channel: one for each schema, since a database may have several installations.
    private func connect(_ connection: PostgresConnection) throws(StoreFailure) -> String {
        let schema = try connection.run(PostgresQuery("SELECT current_schema()"), within: limits.connect)
        let channel = "swiftlet_\(schema.text(0, 0))"
        let quoted = channel.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
        try connection.script("LISTEN \"\(quoted)\"", within: limits.connect)
        return channel
    }

    private func serve(
        _ connection: PostgresConnection, _ channel: String, _ version: inout Int64?, _ hear: @Sendable (News) -> Void
    ) throws(StoreFailure) {
        var due = ContinuousClock.now
        while !isClosing {
            if due <= .now {
                try look(connection, &version, hear)
                due = .now + pace
            }
            try send(connection, channel)
            guard let notes = connection.notes() else { throw StoreFailure(.unreachable, path: address.shown, "the connection broke") }
            for note in notes where note.channel == channel {
                guard let text = NewsText.read(note.payload), text.from != sender, let news = text.news else { continue }
                if case .settings(let told) = news { version = max(version ?? 0, told) }
                if !isClosing { hear(news) }
            }
            if notes.isEmpty { rest(max(.zero, due - .now), socket: connection.socket) }
        }
    }

    /// The version that is there at first is what the gateway started with, or is about to read.
    private func look(_ connection: PostgresConnection, _ version: inout Int64?, _ hear: @Sendable (News) -> Void) throws(StoreFailure) {
        let newest = try connection.run(PostgresQuery("SELECT coalesce(max(version), 0) FROM settings_versions"), within: limits.read).int(0, 0)
        defer { version = max(version ?? 0, newest) }
        if newest > version ?? -1, !isClosing { hear(.settings(version: newest)) }
    }

    private func send(_ connection: PostgresConnection, _ channel: String) throws(StoreFailure) {
        let (unsent, end) = state.withLock { ($0.unsent, $0.first + $0.unsent.count) }
        guard !unsent.isEmpty else { return }
        let texts = unsent.compactMap { NewsText($0, from: sender).written }
        _ = try connection.run(
            PostgresQuery("SELECT pg_notify($1, t) FROM unnest($2::text[]) AS t", .text(channel), .texts(texts)), within: limits.write)
        state.withLock { state in
            // What came meanwhile stands behind; what made room for it is gone already.
            state.unsent.removeFirst(max(0, end - state.first))
            state.first = end > state.first ? end : state.first
            state.forgotten += unsent.count - texts.count
        }
    }

    /// Until something is to be sent or read.
    private func rest(_ time: Duration, socket: Int32) {
        var ready = [pollfd(fd: wake.read, events: Int16(POLLIN), revents: 0), pollfd(fd: socket, events: Int16(POLLIN), revents: 0)]
        _ = poll(&ready, socket >= 0 ? 2 : 1, Int32(clamping: time.wholeMilliseconds + 1))
        var bytes: [UInt8] = Array(repeating: 0, count: 64)
        while read(wake.read, &bytes, bytes.count) == bytes.count {}
    }
}
