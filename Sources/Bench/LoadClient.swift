import CBytes
import Glibc

/// Sends chat requests to one address on this machine and checks every answer: one thread.
///
/// Closed loop: each connection sends as soon as it has its answer, which finds the most a target can do. Open loop: a
/// fixed rate, and a request's latency counts from when it was to be sent, so a slow target cannot slow the question.
public final class LoadClient {
    private let plan: LoadPlan
    private let request: UnsafeMutableRawBufferPointer
    private let input = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
    private let poller: Poller
    private var connections: [LoadConnection] = []
    private var bySocket: [Int: LoadConnection] = [:]
    private var idle: [LoadConnection] = []
    private var report = LoadReport()
    private var latency = Histogram()
    private var firstByte = Histogram()
    private var gap = Histogram()
    private var begun = 0
    private var measuring: Range<Int64> = 0..<0

    public init(_ plan: LoadPlan) throws {
        self.plan = plan
        if let core = plan.core { _ = cprocess_pin(Int32(core)) }
        _ = cprocess_exact_timers()
        _ = cprocess_raise_open_files(20_000)
        let bytes = plan.request()
        request = .allocate(byteCount: bytes.count, alignment: 16)
        request.copyBytes(from: bytes)
        poller = try Poller()
        for _ in 0..<plan.connections {
            let connection = LoadConnection()
            connections.append(connection)
            idle.append(connection)
            try open(connection)
        }
    }

    deinit {
        request.deallocate()
        input.deallocate()
    }

    public func run() throws -> LoadReport {
        let start = Monotonic.now()
        let measuredFrom = start + plan.warmUp.nanoseconds
        let end = measuredFrom + plan.duration.nanoseconds
        measuring = measuredFrom..<end
        let cpuBefore = cprocess_cpu()
        try loop(from: start, to: end)
        report.errors.unanswered += connections.count { $0.isBusy }
        report.clientCPU = Double(cprocess_cpu() - cpuBefore) / 1e3 / Double(max(report.answers, 1))
        // With a number of requests given, the end may come before its time.
        let elapsed = min(Monotonic.now(), end) - measuredFrom
        report.rps = Double(report.measured) * 1e9 / Double(max(elapsed, 1))
        report.latency = Percentiles(latency)
        report.firstByte = Percentiles(firstByte)
        report.gap = Percentiles(gap)
        return report
    }

    /// Answers still out at `end` get three more seconds.
    private func loop(from start: Int64, to end: Int64) throws {
        var nextDue = start
        let step = plan.rate.map { Int64(1e9 / $0) }
        while true {
            var now = Monotonic.now()
            let sending = now < end && begun < plan.requests ?? .max
            if !sending, idle.count == connections.count || now > end + 3_000_000_000 { return }
            if sending { send(&nextDue, step, now) }
            now = Monotonic.now()
            let wait = sending && step != nil && !idle.isEmpty ? nextDue - now : 50_000_000
            for ready in try poller.wait(min(wait, 50_000_000)) { try serve(ready) }
        }
    }

    private func send(_ nextDue: inout Int64, _ step: Int64?, _ now: Int64) {
        guard let step else {
            while begun < plan.requests ?? .max, let connection = idle.popLast() { begin(connection, at: now) }
            return
        }
        while nextDue <= now, let connection = idle.popLast() {
            if now - nextDue > step { report.late += 1 }
            begin(connection, at: nextDue)
            nextDue += step
        }
    }

    private func begin(_ connection: LoadConnection, at intended: Int64) {
        begun += 1
        connection.start(at: intended, countingEvents: plan.body.isStream)
        if !connection.send(UnsafeRawBufferPointer(request)) { poller.watchWritable(connection.socket, true) }
    }

    private func serve(_ ready: cepoll_ready) throws {
        guard let connection = bySocket[Int(ready.fd)] else { return }
        if ready.takesBytes, connection.send(UnsafeRawBufferPointer(request)) { poller.watchWritable(connection.socket, false) }
        guard ready.hasBytes else { return }
        let count = recv(connection.socket, input.baseAddress, input.count, 0)
        if count < 0, errno == EAGAIN { return }
        let now = Monotonic.now()
        guard count > 0 else {
            if connection.isBusy { fail(\.closed, "connection closed before the answer was whole") }
            return try reopen(connection)
        }
        guard connection.isBusy else {
            fail(\.malformed, "bytes that answer no request")
            return try reopen(connection)
        }
        try take(UnsafeRawBufferPointer(rebasing: input[..<count]), from: connection, at: now)
    }

    private func take(_ bytes: UnsafeRawBufferPointer, from connection: LoadConnection, at now: Int64) throws {
        let eventsBefore = connection.reader.events
        let progress = connection.reader.take(bytes)
        let isMeasured = measuring.contains(connection.intended)
        if connection.firstByte == nil, connection.reader.bodyBytes > 0 {
            connection.firstByte = now
            connection.lastEvent = now
            if isMeasured { firstByte.record(now - connection.intended) }
        } else if connection.reader.events > eventsBefore {
            if isMeasured { gap.record(now - connection.lastEvent) }
            connection.lastEvent = now
        }
        switch progress {
        case .more: return
        case .malformed:
            fail(\.malformed, "an answer that is not HTTP/1.1")
            try reopen(connection)
        case .complete: complete(connection, at: now, isMeasured)
        }
    }

    private func complete(_ connection: LoadConnection, at now: Int64, _ isMeasured: Bool) {
        let reader = connection.reader
        report.answers += 1
        report.events += reader.events
        report.bytes = reader.bodyBytes
        report.eventsPerAnswer = reader.events
        if reader.status != 200 {
            fail(\.status, "status \(reader.status)")
        } else if let expected = plan.expectedBytes, reader.bodyBytes != expected {
            fail(\.length, "\(reader.bodyBytes) bytes, not \(expected)")
        } else if let expected = plan.expectedEvents, reader.events != expected {
            fail(\.length, "\(reader.events) events, not \(expected)")
        } else {
            if isMeasured { latency.record(now - connection.intended) }
            if measuring.contains(now) { report.measured += 1 }
        }
        connection.isBusy = false
        if plan.rate == nil, now < measuring.upperBound, begun < plan.requests ?? .max {
            // At once, not after the others that are ready: bursts are cheaper for a target than what clients do.
            begin(connection, at: now)
        } else {
            idle.append(connection)
        }
    }

    private func fail(_ kind: WritableKeyPath<LoadReport.Errors, Int>, _ words: String) {
        report.errors[keyPath: kind] += 1
        if report.errors.first == nil { report.errors.first = words }
    }

    private func open(_ connection: LoadConnection) throws {
        try connection.connect(to: plan.port)
        bySocket[Int(connection.socket)] = connection
        try poller.add(connection.socket)
    }

    private func reopen(_ connection: LoadConnection) throws {
        let wasBusy = connection.isBusy
        bySocket[Int(connection.socket)] = nil
        try open(connection)
        if wasBusy { idle.append(connection) }
    }
}
