import NIOCore
import Routing

/// Waits for the next answer of the store of limits.
protocol Parked: AnyObject {
    /// The store has answered, or patience is at its end: ask again.
    func unpark()
}

/// Requests of one loop that wait for the store of limits: what is leased is too little, and there may be more. Bounded; on its loop.
final class Parking {
    private static let most = 4_096

    private unowned let loop: Loop
    private var waiting: [any Parked] = []
    private var isTimed = false

    init(_ loop: Loop) { self.loop = loop }

    var count: Int { waiting.count }

    /// False: too many wait already.
    func add(_ parked: any Parked) -> Bool {
        guard waiting.count < Self.most else { return false }
        waiting.append(parked)
        loop.counters.parked += 1
        loop.server.keeper?.nudge()
        if !isTimed {
            isTimed = true
            loop.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(100)) {
                self.isTimed = false
                self.wake()
            }
        }
        return true
    }

    /// The client left, or the request ended otherwise.
    func remove(_ parked: any Parked) { waiting.removeAll { $0 === parked } }

    /// All ask again; those who must wait on come back.
    func wake() {
        guard !waiting.isEmpty else { return }
        loop.time = .now()
        var woken: [any Parked] = []
        swap(&woken, &waiting)
        for parked in woken { parked.unpark() }
    }
}
