import CBytes
import Glibc

/// One connection of the upstream: a buffer for what came, and where its stream stands.
final class UpstreamConnection {
    /// How a request asks to be answered.
    enum Ask { case list, completion, stream(withUsage: Bool) }

    let socket: Int32
    /// Events still to be sent; nil when no stream runs.
    var eventsLeft: Int?
    var wantsUsage = false
    /// Nanoseconds at which the next event is due.
    var due: Int64 = 0
    var isClosed = false

    private var input: UnsafeMutableRawBufferPointer
    private var filled = 0
    private var unsent: [UInt8] = []

    init(socket: Int32) {
        self.socket = socket
        input = .allocate(byteCount: 8_192, alignment: 16)
    }

    deinit { input.deallocate() }

    var hasUnsent: Bool { !unsent.isEmpty }

    /// Reads what is there. False when the peer is gone.
    func read() -> Bool {
        if input.count - filled < 4_096 { grow(to: input.count * 2) }
        let count = recv(socket, input.baseAddress! + filled, input.count - filled, 0)
        if count < 0 { return errno == EAGAIN || errno == EINTR }
        filled += count
        return count > 0
    }

    /// The next whole request, taken off the buffer; nil while it is not all there.
    func next() -> Ask? {
        let bytes = UnsafeRawBufferPointer(rebasing: input[..<filled])
        guard let headEnd = bytes.offset(of: "\r\n\r\n") else { return nil }
        let fields = HeadFields(UnsafeRawBufferPointer(rebasing: bytes[..<headEnd]))
        let bodyStart = headEnd + 4
        let end: Int
        if fields.isChunked {
            guard let length = chunkedLength(UnsafeRawBufferPointer(rebasing: bytes[bodyStart...])) else { return nil }
            end = bodyStart + length
        } else {
            end = bodyStart + (fields.contentLength ?? 0)
            if end > input.count { grow(to: end + 4_096) }
        }
        guard filled >= end else { return nil }
        let ask = Self.ask(bytes[0], UnsafeRawBufferPointer(rebasing: input[bodyStart..<end]))
        filled -= end
        if filled > 0 { memmove(input.baseAddress!, input.baseAddress! + end, filled) }
        return ask
    }

    /// Sends at once as much as the socket takes; the rest when it takes bytes again.
    func send(_ bytes: [UInt8]) {
        guard unsent.isEmpty else { return unsent.append(contentsOf: bytes) }
        let sent = bytes.withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        if sent < bytes.count { unsent.append(contentsOf: bytes[max(sent, 0)...]) }
    }

    func sendUnsent() {
        let bytes = unsent
        unsent = []
        send(bytes)
    }

    private func grow(to size: Int) {
        let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 16)
        memcpy(larger.baseAddress!, input.baseAddress!, filled)
        input.deallocate()
        input = larger
    }

    private func chunkedLength(_ body: UnsafeRawBufferPointer) -> Int? {
        var walk = ChunkWalk()
        var index = 0
        while index < body.count, !walk.isDone {
            let taken = walk.take(UnsafeRawBufferPointer(rebasing: body[index...])).taken
            if taken == 0 { return nil }
            index += taken
        }
        return walk.isDone ? index : nil
    }

    private static func ask(_ method: UInt8, _ body: UnsafeRawBufferPointer) -> Ask {
        guard method == 0x50 else { return .list }  // P of POST
        guard let field = body.offset(of: #""stream":"#) else { return .completion }
        var index = field + 9
        while index < body.count, body[index] == 0x20 { index += 1 }
        guard index < body.count, body[index] == 0x74 else { return .completion }  // t of true
        let usage = body.offset(of: #""include_usage":"#).map { UnsafeRawBufferPointer(rebasing: body[($0 + 16)...]) }
        return .stream(withUsage: usage?.first { $0 != 0x20 } == 0x74)
    }
}
