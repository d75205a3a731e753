import CBytes
import Glibc

/// One request on one connection, waited for: is it there, and what does it answer?
enum Probe {
    /// The answer to `request` on an open socket.
    static func ask(_ request: [UInt8], on socket: Int32, countingEvents: Bool = false) throws -> ReplyReader {
        guard Glibc.send(socket, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else { throw BenchProblem.system("send") }
        var reader = ReplyReader(countsEvents: countingEvents)
        var bytes = [UInt8](repeating: 0, count: 16_384)
        while true {
            var waiting = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
            guard poll(&waiting, 1, 10_000) == 1 else { throw BenchProblem("no answer in 10 s") }
            let count = recv(socket, &bytes, bytes.count, 0)
            guard count > 0 else { throw BenchProblem("connection closed") }
            switch bytes.withUnsafeBytes({ reader.take(UnsafeRawBufferPointer(rebasing: $0[..<count])) }) {
            case .more: continue
            case .malformed: throw BenchProblem("an answer that is not HTTP/1.1")
            case .complete: return reader
            }
        }
    }

    /// The answer to `plan`'s request on a connection of its own.
    static func ask(_ plan: LoadPlan) throws -> ReplyReader {
        try ask(plan.request(), to: plan.port, countingEvents: plan.body.isStream)
    }

    static func status(of path: String, port: UInt16) throws -> Int {
        try ask(Array("GET \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nConnection: close\r\n\r\n".utf8), to: port).status
    }

    /// Whether somebody listens there.
    static func isTaken(_ port: UInt16) -> Bool {
        let socket = cepoll_connect(port)
        if socket >= 0 { close(socket) }
        return socket >= 0
    }

    private static func ask(_ request: [UInt8], to port: UInt16, countingEvents: Bool = false) throws -> ReplyReader {
        let socket = cepoll_connect(port)
        guard socket >= 0 else { throw BenchProblem.system("connect to 127.0.0.1:\(port)") }
        defer { close(socket) }
        return try ask(request, on: socket, countingEvents: countingEvents)
    }
}
