import Bench
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// How far long work has come: one line on standard error that is written over, where that is a terminal; nothing where not.
final class Progress: Sendable {
    private struct State {
        var done = 0
        var of: Int?
        var shown = false
        var isOver = false
        var last = ContinuousClock.now
    }

    private let title: String
    private let terminal: Terminal
    private let began = ContinuousClock.now
    private let state = Mutex(State())

    /// Work that is done sooner has no line.
    private static let patience = Duration.milliseconds(400)
    private static let pace = Duration.milliseconds(100)

    init(_ title: String, of total: Int? = nil, on terminal: Terminal = .errors) {
        (self.title, self.terminal) = (title, terminal)
        state.withLock { $0.of = total }
    }

    func update(_ done: Int, of total: Int? = nil) {
        guard terminal.isWatched else { return }
        let line = state.withLock { state -> String? in
            state.done = done
            if let total { state.of = total }
            let now = ContinuousClock.now
            guard now - began > Self.patience, now - state.last > Self.pace || !state.shown else { return nil }
            (state.last, state.shown) = (now, true)
            return Self.line(title, state.done, of: state.of, columns: terminal.size.columns, seconds: Int((now - began).components.seconds))
        }
        if let line { terminal.stream.write("\r\u{1b}[K" + line) }
    }

    /// The line goes.
    func end() {
        state.withLock { state in
            state.isOver = true
            if state.shown { terminal.stream.write("\r\u{1b}[K") }
        }
    }

    static func line(_ title: String, _ done: Int, of total: Int?, columns: Int, seconds: Int) -> String {
        guard let total, total > 0 else { return String("\(title): \(done), \(seconds) s".prefix(columns)) }
        let share = min(1, Double(done) / Double(total))
        let end = " \(Int(share * 100)) %, \(done) of \(total), \(seconds) s"
        let width = max(0, min(40, columns - title.count - end.count - 3))
        let full = Int(share * Double(width))
        let bar = width > 4 ? " [" + String(repeating: "#", count: full) + String(repeating: "-", count: width - full) + "]" : ""
        return String((title + bar + end).prefix(columns))
    }

    /// Work that does not say how far it is: the seconds count.
    static func during<Result>(_ title: String, _ work: () throws -> Result) rethrows -> Result {
        let progress = Progress(title)
        guard progress.terminal.isWatched else { return try work() }
        let ticker = Task.detached {
            while !Task.isCancelled {
                progress.tick()
                try? await Task.sleep(for: .milliseconds(250))  // throws when it is cancelled
            }
        }
        defer {
            ticker.cancel()
            progress.end()
        }
        return try work()
    }

    private func tick() {
        let seconds = Int((ContinuousClock.now - began).components.seconds)
        guard ContinuousClock.now - began > Self.patience else { return }
        state.withLock { state in
            guard !state.isOver else { return }
            state.shown = true
            terminal.stream.write("\r\u{1b}[K" + String("\(title), \(seconds) s".prefix(terminal.size.columns)))
        }
    }
}
