import Glibc
import Wire

/// A plain blocking socket that talks to a mock provider and gives up after five seconds without a byte.
final class MockClient {
    struct Reply {
        var head: ResponseHead
        var headText: String
        var body: String
        /// The connection broke before the reply's end.
        var broken: Bool
    }

    private let socket: Int32
    private var received: [UInt8] = []
    /// The error that ended reading: ECONNRESET, or 0 for a plain end.
    private(set) var ending: Int32?

    init(port: Int) {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        precondition(connected == 0, "no mock provider on port \(port)")
        var patience = timeval(tv_sec: 5, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { disconnect() }

    private var open = true

    func disconnect() {
        if open { close(socket) }
        open = false
    }

    func send(_ text: String) {
        let bytes = Array(text.utf8)
        precondition(Glibc.send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count)
    }

    func post(_ path: String, _ body: String) {
        send("POST \(path) HTTP/1.1\r\nhost: mock\r\ncontent-type: application/json\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)")
    }

    /// False: no byte came for five seconds, or the connection ended.
    func readSome() -> Bool {
        var piece = [UInt8](repeating: 0, count: 65_536)
        let count = recv(socket, &piece, piece.count, 0)
        if count <= 0 { ending = count == 0 ? 0 : errno }
        received += piece[..<max(count, 0)]
        return count > 0
    }

    /// What has come and is not part of a reply that was taken, as text.
    var rest: String { String(decoding: received, as: UTF8.self) }

    func readToEnd() { while readSome() {} }

    /// The next reply, as far as it came; nil when not even its head is whole.
    func reply() throws -> Reply? {
        var parser = ResponseParser()
        while try !received.withUnsafeBytes({ try parser.parse($0) }) {
            if !readSome() { return nil }
        }
        let head = parser.head
        let text = String(decoding: received[..<head.length], as: UTF8.self)
        received.removeFirst(head.length)
        let (body, whole) = try readBody(head.framing)
        return Reply(head: head, headText: text, body: String(decoding: body, as: UTF8.self), broken: !whole)
    }

    private func readBody(_ framing: ResponseHead.Framing) throws -> (body: [UInt8], whole: Bool) {
        var body: [UInt8] = []
        switch framing {
        case .none: return ([], true)
        case .length(let length):
            while received.count < length, readSome() {}
            body = Array(received.prefix(length))
            received.removeFirst(body.count)
            return (body, body.count == length)
        case .chunked:
            var chunks = ChunkedBody()
            while true {
                var at = 0
                let ended = try received.withUnsafeBytes { raw in
                    while true {
                        switch try chunks.next(raw, from: &at) {
                        case .payload(let range): body += raw[range]
                        case .needMore: return false
                        case .end: return true
                        }
                    }
                }
                received.removeFirst(at)
                if ended { return (body, true) }
                if !readSome() { return (body, false) }
            }
        case .untilClose:
            readToEnd()
            return (received, true)
        }
    }
}
