import NIOCore
import Translation
import Wire

/// The part of a request's body that had not come when the request was sent on: takes the framing off, in what pieces it may come.
struct Upload {
    enum Step {
        /// All that was there; nil where that is nothing.
        case more(ByteBuffer?)
        case ended(ByteBuffer?)
        case refused(Refusal)
    }

    private enum Framing {
        case length(left: Int)
        case chunked(ChunkedBody)
    }

    private var framing: Framing
    private let limit: Int

    init(_ framing: RequestHead.Framing, limit: Int) {
        self.limit = limit
        switch framing {
        case .chunked: self.framing = .chunked(ChunkedBody(limit: limit))
        case .none, .length: self.framing = .length(left: framing.length ?? 0)
        }
    }

    /// Takes what belongs to the body from the front of `bytes`.
    mutating func take(_ bytes: inout ByteBuffer, _ allocator: ByteBufferAllocator) -> Step {
        switch framing {
        case .length(let left):
            let piece = bytes.readSlice(length: min(left, bytes.readableBytes)) ?? ByteBuffer()
            let rest = left - piece.readableBytes
            framing = .length(left: rest)
            let some = piece.readableBytes > 0 ? piece : nil
            return rest == 0 ? .ended(some) : .more(some)
        case .chunked(var chunks):
            let step = Self.take(&bytes, &chunks, limit: limit, allocator)
            framing = .chunked(chunks)
            return step
        }
    }

    private static func take(_ bytes: inout ByteBuffer, _ chunks: inout ChunkedBody, limit: Int, _ allocator: ByteBufferAllocator) -> Step {
        var payload: ByteBuffer?
        var at = 0
        do throws(ChunkProblem) {
            let ended = try bytes.readable { raw throws(ChunkProblem) in
                while true {
                    switch try chunks.next(raw, from: &at) {
                    case .payload(let range):
                        if payload == nil { payload = allocator.buffer(capacity: raw.count) }
                        payload!.writeBytes(UnsafeRawBufferPointer(rebasing: raw[range]))
                    case .needMore: return false
                    case .end: return true
                    }
                }
            }
            bytes.moveReaderIndex(forwardBy: at)
            return ended ? .ended(payload) : .more(payload)
        } catch {
            if error.reason == .sizeTooLarge { return .refused(Refusal(.requestTooLarge, "the request's body has more than \(limit) bytes")) }
            return .refused(Refusal(.invalidRequest, "the body's chunks are malformed: \(error.message)"))
        }
    }
}
