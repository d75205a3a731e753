import CBytes
import Glibc

/// A process that was started here, alone in its session, and ends with this one.
final class Child {
    let id: pid_t
    private var exit: Int32?

    /// `settings` come on top of this process's environment; output and errors go to files.
    init(_ command: [String], settings: [String: String] = [:], folder: String? = nil, output: String, errors: String, core: Int?) throws {
        let words = command.map { strdup($0) } + [nil]
        let pairs = settings.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for word in words + pairs { free(word) } }
        id = cprocess_start(words, pairs, folder, output, errors, Int32(core ?? -1))
        guard id > 0 else { throw BenchProblem.system("start \(command.first ?? "")") }
    }

    /// Nil while it runs; else its exit status, 128 and the signal's number when a signal ended it.
    var ended: Int32? {
        if exit == nil {
            var status: Int32 = 0
            if waitpid(id, &status, WNOHANG) == id { exit = status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F }
        }
        return exit
    }

    /// Waits for the end, doing `meanwhile` every 20 ms; nil when it takes longer than `limit`.
    func waitForEnd(within limit: Duration, meanwhile: () -> Void = {}) -> Int32? {
        let end = Monotonic.now() + limit.nanoseconds
        while ended == nil, Monotonic.now() < end {
            meanwhile()
            Monotonic.sleep(milliseconds: 20)
        }
        return ended
    }

    /// Asks it and its children to end, and makes them after five seconds.
    func end() {
        kill(-id, SIGTERM)
        if waitForEnd(within: .seconds(5)) == nil {
            kill(-id, SIGKILL)
            _ = waitForEnd(within: .seconds(5))
        }
        // Workers that outlived their master.
        kill(-id, SIGKILL)
    }
}
