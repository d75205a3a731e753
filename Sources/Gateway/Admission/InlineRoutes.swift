import NIOCore
import Routing
import Schema
import Settings
import Storage

/// A tree that came with a request, compiled onto the table in force.
final class InlineRoute: Sendable {
    let table: RoutingTable
    /// What the request is for, and behind it what its own fallbacks are.
    let route: Route.ID
    let name: String
    let fallbacks: [Route.ID]?
    let limiters: [Limiter]
    /// By the table's fields.
    let sources: [FieldSource]
    /// The header line that names the route.
    let line: ByteBuffer

    init(_ table: RoutingTable, route: Route.ID, fallbacks: [Route.ID]?, limiters: [Limiter]) {
        self.limiters = limiters
        self.table = table
        self.route = route
        self.fallbacks = fallbacks
        name = table.routes[route].name
        sources = table.fields.map { FieldSource($0) }
        line = ByteBuffer(string: "x-swiftlet-route: \(name.headerSafe)\r\n")
    }
}

/// The trees that requests brought lately, by their text: the same tree is compiled once, and its strategies keep their state from
/// request to request.
final class InlineRoutes: Sendable {
    private struct Key: Hashable {
        var table: Int
        var text: [UInt8]
    }

    private struct State {
        var known: [Key: InlineRoute] = [:]
        /// In the order met.
        var keys: [Key] = []
        var next = 0
        /// Never a table's own version: those count upwards from 1.
        var version = 0
    }

    private static let kept = 256
    private let state = Locked(State())

    /// The tree of `text` on the table of that version, made by `make` from a version of its own where it is new.
    func find(
        _ text: [UInt8], on table: Int, make: (_ version: Int) throws(Obstacle) -> InlineRoute
    ) throws(Obstacle) -> InlineRoute {
        let key = Key(table: table, text: text)
        if let known = state.withLock({ $0.known[key] }) { return known }
        let version = state.withLock { state in
            state.version -= 1
            return state.version
        }
        let made = try make(version)
        state.withLock { state in
            if state.known.updateValue(made, forKey: key) != nil { return }
            if state.keys.count < Self.kept {
                state.keys.append(key)
            } else {
                state.known[state.keys[state.next]] = nil
                state.keys[state.next] = key
                state.next = (state.next + 1) % Self.kept
            }
        }
        return made
    }
}
