import CBytes
import Glibc

/// One connection of the load client and the one request that may be on it.
final class LoadConnection {
    private(set) var socket: Int32 = -1
    var isBusy = false
    /// Nanoseconds: when the request was to be sent, when the first byte of a body and the last event came.
    var intended: Int64 = 0
    var firstByte: Int64?
    var lastEvent: Int64 = 0
    var reader = ReplyReader(countsEvents: false)
    private var sent = 0

    /// Opens, or opens anew after the other side has closed.
    func connect(to port: UInt16) throws {
        if socket >= 0 { close(socket) }
        socket = cepoll_connect(port)
        guard socket >= 0 else { throw BenchProblem.system("connect to 127.0.0.1:\(port)") }
        isBusy = false
    }

    func start(at intended: Int64, countingEvents: Bool) {
        self.intended = intended
        isBusy = true
        firstByte = nil
        sent = 0
        reader = ReplyReader(countsEvents: countingEvents)
    }

    /// Sends what is left of `request`; false while the socket takes no more.
    func send(_ request: UnsafeRawBufferPointer) -> Bool {
        while sent < request.count {
            let count = Glibc.send(socket, request.baseAddress! + sent, request.count - sent, Int32(MSG_NOSIGNAL))
            // A broken connection shows itself when it is read.
            if count < 0 { return errno != EAGAIN }
            sent += count
        }
        return true
    }
}
