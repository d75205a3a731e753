import NIOCore

/// The one buffer that all plain connections of an event loop read into, one after another.
///
/// A read is parsed before the next one starts, so idle connections need no buffer of their own: what must outlive its
/// read is copied by the handler. Lives on its loop.
final class ReadBuffer {
    /// Large enough that a long prompt arrives in few reads; one a loop, so its size is of no matter.
    static let size = 65_536

    private var spare: ByteBuffer?

    func take(_ allocator: ByteBufferAllocator) -> ByteBuffer {
        guard var buffer = spare else { return allocator.buffer(capacity: Self.size) }
        spare = nil
        buffer.clear()
        return buffer
    }

    /// Takes `buffer` back after its bytes were used. One of another size (decrypted by TLS, or a first read) is let go.
    func giveBack(_ buffer: consuming ByteBuffer) {
        if spare == nil, buffer.capacity == Self.size { spare = buffer }
    }
}

/// Hands the loop's buffer to a channel.
///
/// NIO keeps the first buffer that it was given for as long as the channel lives, so that one is small. `record` answers
/// true ("may grow"), which makes NIO ask again for every read.
struct SharedReadAllocator: RecvByteBufferAllocator {
    let shared: NIOLoopBound<ReadBuffer>
    private var first = true

    init(_ buffer: ReadBuffer, on loop: any EventLoop) {
        shared = NIOLoopBound(buffer, eventLoop: loop)
    }

    func buffer(allocator: ByteBufferAllocator) -> ByteBuffer {
        first ? allocator.buffer(capacity: 1024) : shared.value.take(allocator)
    }

    mutating func record(actualReadBytes: Int) -> Bool {
        first = false
        return true
    }
}
