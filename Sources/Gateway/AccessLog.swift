import NIOCore
import Storage

/// One JSON line a request, at its end, on standard error, written by a thread of its own.
///
/// Loops hand over what one turn wrote. At most 4 MiB wait; past that lines are dropped and counted, since a slow log must
/// not slow an answer.
final class AccessLog: Sendable {
    private static let limit = 4 << 20

    private struct State {
        var waiting: [UInt8] = []
        var dropped = 0
        var writerSleeps = true
        var closed = false
    }

    private let state = Locked(State())
    private let wake: WakeUp
    let enabled: Bool

    init(enabled: Bool) {
        self.enabled = enabled
        wake = WakeUp()
    }

    /// Lines that were dropped because the log was too slow.
    var dropped: Int { state.withLock { $0.dropped } }

    func start() {
        guard enabled else { return }
        startThread { self.run() }
    }

    func close() {
        state.withLock { $0.closed = true }
        wake.signal()
    }

    fileprivate func offer(_ lines: [UInt8], count: Int) {
        let sleeps = state.withLock { state in
            guard state.waiting.count + lines.count <= Self.limit else {
                state.dropped += count
                return false
            }
            state.waiting += lines
            defer { state.writerSleeps = false }
            return state.writerSleeps
        }
        if sleeps { wake.signal() }
    }

    private func run() {
        while true {
            let (lines, closed) = state.withLock { state in
                let lines = state.waiting
                state.waiting = []
                if lines.isEmpty { state.writerSleeps = true }
                return (lines, state.closed)
            }
            if lines.isEmpty {
                if closed { return }
                wake.wait()
            } else {
                StandardError.write(lines)
            }
        }
    }

    /// One loop's lines of the turn in progress.
    final class Lane {
        private let log: AccessLog
        private let eventLoop: any EventLoop
        private var lines: [UInt8] = []
        private var count = 0
        private var time = Timestamp.Cache()

        init(log: AccessLog, eventLoop: any EventLoop) {
            self.log = log
            self.eventLoop = eventLoop
        }

        var enabled: Bool { log.enabled }

        func add(_ line: RequestLine) {
            if lines.isEmpty { eventLoop.assumeIsolated().execute { self.flush() } }
            lines += line.write(&time).bytes
            lines.append(UInt8(ascii: "\n"))
            count += 1
        }

        private func flush() {
            log.offer(lines, count: count)
            lines.removeAll(keepingCapacity: true)
            count = 0
        }
    }
}
