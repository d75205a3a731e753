import CBytes
import Glibc

/// Opens many keep-alive connections, sends one request on each, and then holds them.
public final class IdleConnections {
    private let plan: LoadPlan
    private var sockets: [Int32] = []

    /// Sockets that are still open, counted where the report asks.
    public struct Report: Codable, Sendable {
        public var opened: Int
        public var stillOpen: Int
    }

    public init(_ plan: LoadPlan) {
        self.plan = plan
        if let core = plan.core { _ = cprocess_pin(Int32(core)) }
    }

    /// One after the other: at most one request is ever under way, so what they leave behind is not a burst's.
    public func open() throws -> Report {
        let limit = cprocess_raise_open_files(plan.connections + 100)
        guard limit > plan.connections + 20 else { throw BenchProblem("\(plan.connections) connections, but only \(limit) open files") }
        let request = plan.request()
        for _ in 0..<plan.connections {
            let socket = cepoll_connect(plan.port)
            guard socket >= 0 else { throw BenchProblem.system("connection \(sockets.count + 1) to 127.0.0.1:\(plan.port)") }
            sockets.append(socket)
            try ask(request, on: socket)
        }
        return report()
    }

    public func hold() -> Report {
        var left = plan.duration.nanoseconds
        let end = Monotonic.now() + left
        while left > 0 {
            Monotonic.sleep(milliseconds: Int(min(left / 1_000_000 + 1, 100)))
            left = end - Monotonic.now()
        }
        return report()
    }

    private func report() -> Report {
        var byte: UInt8 = 0
        let open = sockets.count { recv($0, &byte, 1, Int32(MSG_PEEK | MSG_DONTWAIT)) < 0 && errno == EAGAIN }
        return Report(opened: sockets.count, stillOpen: open)
    }

    private func ask(_ request: [UInt8], on socket: Int32) throws {
        guard Glibc.send(socket, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else {
            throw BenchProblem.system("send on connection \(sockets.count)")
        }
        var reader = ReplyReader(countsEvents: false)
        var bytes = [UInt8](repeating: 0, count: 16_384)
        while true {
            var poll = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
            guard Glibc.poll(&poll, 1, 10_000) == 1 else { throw BenchProblem("no answer on connection \(sockets.count) in 10 s") }
            let count = recv(socket, &bytes, bytes.count, 0)
            guard count > 0 else { throw BenchProblem("connection \(sockets.count) was closed") }
            let progress = bytes.withUnsafeBytes { reader.take(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
            guard progress != .malformed else { throw BenchProblem("a malformed answer on connection \(sockets.count)") }
            if progress == .complete { break }
        }
        guard reader.status == 200 else { throw BenchProblem("status \(reader.status) on connection \(sockets.count)") }
    }
}
