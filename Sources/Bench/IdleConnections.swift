import CBytes
import Glibc

/// Opens many keep-alive connections, sends one request on each, and then holds them.
public final class IdleConnections {
    /// Connections opened, and how many of them the other side has not closed.
    public struct Report: Codable, Sendable {
        public var opened: Int
        public var stillOpen: Int
    }

    private let plan: LoadPlan
    private var sockets: [Int32] = []

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
            let number = sockets.count + 1
            let socket = cepoll_connect(plan.port)
            guard socket >= 0 else { throw BenchProblem.system("connection \(number) to 127.0.0.1:\(plan.port)") }
            sockets.append(socket)
            do {
                let status = try Probe.ask(request, on: socket).status
                guard status == 200 else { throw BenchProblem("status \(status)") }
            } catch { throw BenchProblem("connection \(number): \(error)") }
        }
        return report()
    }

    public func hold() -> Report {
        let end = Monotonic.now() + plan.duration.nanoseconds
        while Monotonic.now() < end { Monotonic.sleep(milliseconds: 50) }
        return report()
    }

    private func report() -> Report {
        var byte: UInt8 = 0
        let open = sockets.count { recv($0, &byte, 1, Int32(MSG_PEEK | MSG_DONTWAIT)) < 0 && errno == EAGAIN }
        return Report(opened: sockets.count, stillOpen: open)
    }
}
