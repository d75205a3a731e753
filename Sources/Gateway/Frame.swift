import NIOCore
import Translation

/// One chunk of a chunked body, built in place: room for the size line, the bytes, the line end.
enum Frame {
    private static let room = 10

    static func begin(_ loop: Loop) -> ByteBuffer {
        var buffer = loop.takeScratch(capacity: 4096)
        buffer.writeRepeatingByte(UInt8(ascii: "0"), count: room)
        return buffer
    }

    static func length(_ buffer: ByteBuffer) -> Int { buffer.writerIndex - room }

    static func insert(_ member: [UInt8], into buffer: inout ByteBuffer, _ api: API) {
        let changed = buffer.withUnsafeReadableBytes { RoutingPlace.insert(member, into: UnsafeRawBufferPointer(rebasing: $0[room...]), api) }
        guard let changed else { return }
        buffer.moveWriterIndex(to: room)
        buffer.writeBytes(changed)
    }

    static func close(_ buffer: inout ByteBuffer, chunked: Bool) {
        let length = Self.length(buffer)
        guard chunked else {
            buffer.moveReaderIndex(to: room)
            return
        }
        var at = room
        at -= 1
        buffer.setInteger(UInt8(ascii: "\n"), at: at)
        at -= 1
        buffer.setInteger(UInt8(ascii: "\r"), at: at)
        var rest = length
        repeat {
            at -= 1
            let digit = UInt8(truncatingIfNeeded: rest & 15)
            buffer.setInteger(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10, at: at)
            rest >>= 4
        } while rest > 0
        buffer.moveReaderIndex(to: at)
        buffer.writeStaticString("\r\n")
    }
}
