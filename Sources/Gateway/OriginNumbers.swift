import Storage
import Translation

/// Numbers the origins in order of their first mention, for the life of the process: a changed setting keeps the pooled
/// connections of every origin it still names.
final class OriginNumbers: Sendable {
    private struct State {
        var numbers: [Origin: Int] = [:]
        var origins: [Origin] = []
    }

    private let state = Locked(State())

    func number(of origin: Origin) -> Int {
        state.withLock { state in
            if let number = state.numbers[origin] { return number }
            state.numbers[origin] = state.origins.count
            state.origins.append(origin)
            return state.origins.count - 1
        }
    }

    subscript(number: Int) -> Origin { state.withLock { $0.origins[number] } }
}
