import Dispatch

/// Whom a connection is for. Journal and leases have one each, so that nobody who reads can keep them waiting.
enum PostgresLaneKind: CaseIterable {
    case journal, leases, others
}

/// A bounded set of connections. Made when they are needed; those that broke are thrown away.
final class PostgresLane: Sendable {
    private struct State {
        var idle: [PostgresConnection] = []
        var isClosed = false
        /// After a failed connection: until when none is tried, and what is said meanwhile.
        var restsUntil = ContinuousClock.now
        var pause = Duration.zero
        var failure: StoreFailure?
    }

    private let address: PostgresAddress
    private let limits: PostgresLimits
    private let places: DispatchSemaphore
    private let state = Locked(State())
    private let greeting: String

    init(_ address: PostgresAddress, _ limits: PostgresLimits, connections: Int, greeting: String) {
        self.address = address
        self.limits = limits
        self.greeting = greeting
        places = DispatchSemaphore(value: connections)
    }

    /// Blocks until a connection is free, `limits.wait` at most, and for what `body` does. A connection that broke is not used again,
    /// one that is left in a transaction neither.
    func use<Value>(_ body: (PostgresConnection) throws(StoreFailure) -> Value) throws(StoreFailure) -> Value {
        guard places.wait(timeout: .now() + .nanoseconds(Int(limits.wait.nanoseconds))) == .success else {
            throw StoreFailure(.locked, path: address.shown, "all connections were busy for \(limits.wait)")
        }
        defer { places.signal() }
        let connection = try taken()
        defer { giveBack(connection) }
        return try body(connection)
    }

    /// Runs `opening` behind BEGIN, then `body` with their results, then what `body` closes with before COMMIT: two round trips beside
    /// those of `body`. Those who change the same rows at once may be asked by the server to try again.
    ///
    /// `flushing`: others get the rows as soon as it is committed, not only once the disk has it, which a slow disk makes a long time. Then
    /// this statement is run as a transaction of its own, whose commit waits for the disk and with it for all that was committed before:
    /// what is returned is as durable as without it, and who built upon it meanwhile comes behind it in the server's log. Where `body`
    /// closes with nothing, nothing has to be durable.
    func transaction<Value>(
        within limit: Duration, opening: [PostgresQuery] = [], flushing: PostgresQuery? = nil,
        _ body: (PostgresConnection, [PostgresResult]) throws(StoreFailure) -> (closing: [PostgresQuery], value: Value)
    ) throws(StoreFailure) -> Value {
        var attempt = 1
        while true {
            do throws(StoreFailure) {
                return try use { connection throws(StoreFailure) in
                    do throws(StoreFailure) {
                        let beginning: [PostgresQuery] = flushing == nil ? [.begin] : [.begin, .unflushed]
                        let opened = try connection.run(beginning + opening, within: limit).dropFirst(beginning.count)
                        let (closing, value) = try body(connection, Array(opened))
                        let ending = flushing.map { closing.isEmpty ? [.commit] : [.commit, .begin, $0, .commit] } ?? [.commit]
                        let closed = try connection.run(closing + ending, within: limit)
                        // A transaction that had failed answers COMMIT with ROLLBACK, and calls that a success.
                        guard closed[closing.count].tag == "COMMIT", closed.last?.tag == "COMMIT" else {
                            throw StoreFailure(.other, path: address.shown, "the server rolled back what was to be committed")
                        }
                        return value
                    } catch {
                        // Where even this fails the connection is not given back.
                        if !connection.broken { _ = try? connection.run(PostgresQuery("ROLLBACK"), within: limit) }
                        throw error
                    }
                }
            } catch {
                guard error.kind == .locked, attempt < Self.attempts else { throw error }
                attempt += 1
            }
        }
    }

    private static let attempts = 3

    private func giveBack(_ connection: PostgresConnection) {
        guard connection.isIdle else { return }
        state.withLock { state in if !state.isClosed { state.idle.append(connection) } }
    }

    private func taken() throws(StoreFailure) -> PostgresConnection {
        while let idle = try pop() { if idle.isAlive { return idle } }
        do throws(StoreFailure) {
            let connection = try PostgresConnection(address, limits)
            try connection.script(greeting, within: limits.connect)
            state.withLock { state in
                state.pause = .zero
                state.failure = nil
            }
            return connection
        } catch {
            state.withLock { state in
                state.pause = max(limits.firstPause, min(state.pause * 2, limits.longestPause))
                state.restsUntil = .now + state.pause
                state.failure = error
            }
            throw error
        }
    }

    private func pop() throws(StoreFailure) -> PostgresConnection? {
        let (idle, failure) = state.withLock { state -> (PostgresConnection?, StoreFailure?) in
            if state.isClosed { return (nil, StoreFailure(.closed, path: address.shown, "the store is closed")) }
            if let idle = state.idle.popLast() { return (idle, nil) }
            return (nil, state.restsUntil > .now ? state.failure : nil)
        }
        if let failure { throw failure }
        return idle
    }

    /// Lets go of idle connections; those in use end with their call.
    func drop() { state.withLock { $0.idle.removeAll() } }

    func close() {
        state.withLock { state in
            state.isClosed = true
            state.idle.removeAll()
        }
    }
}
