import NIOCore
import Translation

/// The bytes of one call to a provider: the prepared head, the length, and the client's body with the model's name replaced.
struct UpstreamRequest {
    /// The head, and the body with it unless that is large.
    let head: ByteBuffer
    /// The body where it is too large to copy next to the head.
    let rest: ByteBuffer?

    private static let together = 65_536

    init(_ target: Target, _ request: Admitted, _ loop: Loop) {
        let call = request.call
        let prepared = target.heads[Int(request.api.rawValue)]
        let asksUsage = call.stream && !call.asksUsage
        let length = call.rewrittenLength(of: request.body.readableBytes, model: target.model, askUsage: asksUsage)
        var out = loop.takeScratch(capacity: prepared.readableBytes + 24 + min(length, Self.together))
        out.writeImmutableBuffer(prepared)
        out.writeDecimal(length)
        out.writeStaticString("\r\n\r\n")
        if length <= Self.together {
            request.body.withUnsafeReadableBytes { call.rewrite($0, model: target.model, askUsage: asksUsage, into: &out) }
            rest = nil
        } else {
            var large = loop.allocator.buffer(capacity: length)
            request.body.withUnsafeReadableBytes { call.rewrite($0, model: target.model, askUsage: asksUsage, into: &large) }
            rest = large
        }
        head = out
    }
}

extension ByteBuffer {
    mutating func writeDecimal(_ value: Int) {
        precondition(value >= 0, "lengths and counts are never negative")
        withUnsafeTemporaryAllocation(byteCount: 20, alignment: 1) { digits in
            var at = 20
            var rest = value
            repeat {
                at -= 1
                digits[at] = UInt8(ascii: "0") + UInt8(rest % 10)
                rest /= 10
            } while rest > 0
            _ = writeBytes(UnsafeRawBufferPointer(rebasing: digits[at...]))
        }
    }
}
