import CPostgres
import Glibc

/// A connection, used by one thread at a time: whoever has taken it from its lane.
///
/// Every statement goes through a pipeline: all that is to be said is sent at once, then one answer is read for each statement and one
/// for the sync behind them. A connection that breaks answers with nothing at all, which is no success: every answer is counted.
final class PostgresConnection: Sendable {
    /// libpq lets any thread use a connection, one at a time.
    private struct Handle: Sendable {
        private let address: UInt
        init(_ pointer: PostgresConn) { address = UInt(bitPattern: pointer) }
        var pointer: PostgresConn? { PostgresConn(bitPattern: address) }
    }

    let address: PostgresAddress
    private let handle: Handle
    private struct Prepared {
        /// By their text, what the server calls statements on this connection.
        var names: [String: String] = [:]
        var next = 0
    }
    private let prepared = Locked(Prepared())
    private let isBroken = Locked(false)

    /// Blocks up to `limits.connect`, but for the look-up of the host's name.
    init(_ address: PostgresAddress, _ limits: PostgresLimits) throws(StoreFailure) {
        self.address = address
        guard let conn = Self.start(address) else { throw StoreFailure(.other, path: address.shown, "no memory for a connection") }
        handle = Handle(conn)
        postgres_silence(conn)
        let deadline = ContinuousClock.now + limits.connect
        while postgres_status(conn) != Int32(POSTGRES_CONNECTION_BAD) {
            let step = postgres_connect_poll(conn)
            if step == Int32(POSTGRES_POLL_OK) { break }
            guard step != Int32(POSTGRES_POLL_FAILED) else { break }
            let isWriting = step == Int32(POSTGRES_POLL_WRITING)
            guard Self.wait(postgres_socket(conn), isWriting ? POLLOUT : POLLIN, until: deadline) else {
                throw StoreFailure(.unreachable, path: address.shown, "no connection within \(limits.connect)")
            }
        }
        guard postgres_status(conn) == Int32(POSTGRES_CONNECTION_OK), postgres_set_nonblocking(conn, 1) == 0 else {
            throw PostgresFailure.connecting(String(cString: postgres_error(conn)), address)
        }
    }

    deinit { if let conn = handle.pointer { postgres_finish(conn) } }

    private static func start(_ address: PostgresAddress) -> PostgresConn? {
        func lend(_ texts: ArraySlice<String>, _ pointers: [UnsafePointer<CChar>?], _ body: ([UnsafePointer<CChar>?]) -> PostgresConn?)
            -> PostgresConn?
        {
            guard let first = texts.first else { return body(pointers + [nil]) }
            return first.withCString { lend(texts.dropFirst(), pointers + [$0], body) }
        }
        return lend(address.parameters.map(\.keyword)[...], []) { keywords in
            lend(address.parameters.map(\.value)[...], []) { values in postgres_connect_start(keywords, values) }
        }
    }

    /// Whether an idle connection still stands: a server that ended has said so, and nothing is sent to find out.
    var isAlive: Bool {
        guard !isBroken.withLock({ $0 }), let conn = handle.pointer else { return false }
        for _ in 0..<4 {
            var ready = pollfd(fd: postgres_socket(conn), events: Int16(POLLIN), revents: 0)
            guard poll(&ready, 1, 0) > 0 else { return postgres_status(conn) == Int32(POSTGRES_CONNECTION_OK) }
            guard postgres_consume(conn) == 1 else { return false }
            // Takes in what was said: the parameters of a reloaded server, or its farewell.
            _ = postgres_is_busy(conn)
        }
        return false
    }

    /// Whole, with nothing under way and no transaction open.
    var isIdle: Bool { !broken && handle.pointer.map { postgres_transaction($0) } == 0 }
    var broken: Bool { isBroken.withLock { $0 } }
    var socket: Int32 { handle.pointer.map { postgres_socket($0) } ?? -1 }

    // MARK: Statements

    /// Runs statements in one pipeline and returns one result each. Outside a transaction begun before they are one themselves.
    func run(_ queries: [PostgresQuery], within limit: Duration) throws(StoreFailure) -> [PostgresResult] {
        guard let conn = handle.pointer, !broken else { throw lost("the connection is broken") }
        let deadline = ContinuousClock.now + limit
        guard postgres_enter_pipeline(conn) == 1 else { throw lost() }
        let sent = try queries.map { query throws(StoreFailure) in try send(query, conn) }
        guard postgres_sync(conn) == 1 else { throw lost() }
        try flush(conn, until: deadline)
        var results: [PostgresResult] = []
        results.reserveCapacity(queries.count)
        var failed: StoreFailure?
        for isNew in sent {
            if let name = isNew {
                let answer = try answer(conn, until: deadline)
                if answer.isGood { prepared.withLock { $0.names[name.sql] = name.name } } else { note(answer, &failed) }
            }
            let answer = try answer(conn, until: deadline)
            if answer.isGood { results.append(answer) } else { note(answer, &failed) }
        }
        guard let end = try next(conn, until: deadline), end.isSync else { throw lost("answers and statements do not match") }
        guard postgres_exit_pipeline(conn) == 1 else { throw lost() }
        if let failed { throw failed }
        guard results.count == queries.count else { throw lost("\(results.count) answers to \(queries.count) statements") }
        return results
    }

    func run(_ query: PostgresQuery, within limit: Duration) throws(StoreFailure) -> PostgresResult {
        guard let result = try run([query], within: limit).first else { throw lost("no answer") }
        return result
    }

    /// Runs a text of several statements, without parameters and results.
    func script(_ sql: String, within limit: Duration) throws(StoreFailure) {
        guard let conn = handle.pointer, !broken else { throw lost("the connection is broken") }
        let deadline = ContinuousClock.now + limit
        guard postgres_send(conn, sql) == 1 else { throw lost() }
        try flush(conn, until: deadline)
        var failed: StoreFailure?
        var count = 0
        while let result = try next(conn, until: deadline) {
            count += 1
            if !result.isGood { note(result, &failed) }
        }
        guard count > 0 else { throw lost() }
        if let failed { throw failed }
    }

    /// The first failure is the cause; what came behind it was not run.
    private func note(_ result: PostgresResult, _ failed: inout StoreFailure?) {
        if failed == nil, !result.isAborted { failed = PostgresFailure.of(result, address) }
        // A server that ends says so and closes; nothing more comes.
        if failed?.kind == .unreachable { isBroken.withLock { $0 = true } }
    }

    /// The name where the statement is prepared anew, whose answer comes first.
    private func send(_ query: PostgresQuery, _ conn: PostgresConn) throws(StoreFailure) -> (sql: String, name: String)? {
        let known = prepared.withLock { $0.names[query.sql] }
        var fresh: (sql: String, name: String)?
        if known == nil {
            let name = prepared.withLock { prepared in
                prepared.next += 1
                return "s\(prepared.next)"
            }
            guard postgres_send_prepare(conn, name, query.sql, Int32(query.parameters.count), query.parameters.map(\.type)) == 1 else { throw lost() }
            fresh = (query.sql, name)
        }
        guard bind(query, known ?? fresh?.name ?? "", conn) == 1 else { throw lost() }
        return fresh
    }

    private func bind(_ query: PostgresQuery, _ name: String, _ conn: PostgresConn) -> Int32 {
        let count = query.parameters.count
        let lengths = query.parameters.map { Int32($0.bytes?.count ?? 0) }
        let formats = [Int32](repeating: 1, count: count)
        // One copy, so that the pointers stay where they are while libpq takes its own.
        var bytes: [UInt8] = []
        bytes.reserveCapacity(lengths.reduce(0) { $0 + Int($1) } + 1)
        for parameter in query.parameters { if let value = parameter.bytes { bytes.append(contentsOf: value) } }
        bytes.append(0)
        return bytes.withUnsafeBytes { bytes in
            var offset = 0
            let values = query.parameters.map { parameter -> UnsafePointer<CChar>? in
                guard let value = parameter.bytes else { return nil }
                defer { offset += value.count }
                return bytes.baseAddress.map { ($0 + offset).assumingMemoryBound(to: CChar.self) }
            }
            return postgres_send_prepared(conn, name, Int32(count), values, lengths, formats)
        }
    }

    // MARK: Waiting

    private func flush(_ conn: PostgresConn, until deadline: ContinuousClock.Instant) throws(StoreFailure) {
        while case let left = postgres_flush(conn), left != 0 {
            guard left == 1 else { throw lost() }
            // A server with answers to give takes nothing until they are taken.
            guard Self.wait(postgres_socket(conn), POLLIN | POLLOUT, until: deadline) else { throw late() }
            guard postgres_consume(conn) == 1 else { throw lost() }
        }
    }

    /// One statement's answer, which ends with nothing.
    private func answer(_ conn: PostgresConn, until deadline: ContinuousClock.Instant) throws(StoreFailure) -> PostgresResult {
        guard let result = try next(conn, until: deadline) else { throw lost() }
        guard !result.isSync else { throw lost("answers and statements do not match") }
        while let more = try next(conn, until: deadline) {
            guard !more.isSync else { throw lost("answers and statements do not match") }
        }
        return result
    }

    private func next(_ conn: PostgresConn, until deadline: ContinuousClock.Instant) throws(StoreFailure) -> PostgresResult? {
        while postgres_is_busy(conn) == 1 {
            guard Self.wait(postgres_socket(conn), POLLIN, until: deadline) else { throw late() }
            guard postgres_consume(conn) == 1 else { throw lost() }
        }
        return postgres_result(conn).map { PostgresResult($0) }
    }

    /// False when the time is up.
    private static func wait(_ socket: Int32, _ events: Int32, until deadline: ContinuousClock.Instant) -> Bool {
        while true {
            let left = (deadline - .now).components
            let milliseconds = left.seconds * 1_000 + left.attoseconds / 1_000_000_000_000_000
            guard milliseconds >= 0, left.seconds >= 0, left.attoseconds >= 0 else { return false }
            var ready = pollfd(fd: socket, events: Int16(events), revents: 0)
            let count = poll(&ready, 1, Int32(clamping: milliseconds + 1))
            if count > 0 { return true }
            if count < 0, errno != EINTR { return true }
        }
    }

    private func late() -> StoreFailure {
        isBroken.withLock { $0 = true }
        return StoreFailure(.unreachable, path: address.shown, "the server did not answer in time")
    }

    private func lost(_ why: String? = nil) -> StoreFailure {
        isBroken.withLock { $0 = true }
        let told = why ?? handle.pointer.map { address.cover(String(cString: postgres_error($0))) } ?? ""
        return StoreFailure(.unreachable, path: address.shown, told.isEmpty ? "the connection broke" : told)
    }

    // MARK: Notifications

    /// What other sessions said since; takes in what has arrived, without waiting. Nil when the connection has broken.
    func notes() -> [(channel: String, payload: String, serverProcess: Int32)]? {
        guard let conn = handle.pointer, !broken, postgres_consume(conn) == 1 else {
            isBroken.withLock { $0 = true }
            return nil
        }
        var notes: [(String, String, Int32)] = []
        while let note = postgres_note(conn) {
            notes.append((String(cString: note.pointee.relname), String(cString: note.pointee.extra), note.pointee.be_pid))
            postgres_free(note)
        }
        return notes
    }
}
