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
        let prepared = target.heads[Int(request.api.rawValue)]
        let asksUsage = request.call.stream && !request.call.asksUsage
        let length = request.call.rewrittenLength(of: request.body.readableBytes, model: target.model, askUsage: asksUsage)
        var out = loop.takeScratch(capacity: prepared.readableBytes + 24 + min(length, Self.together))
        out.writeHead(atMost: prepared.readableBytes + 24) { head in
            head.lines(prepared)
            head.decimal(length)
            head.text("\r\n\r\n")
        }
        if length <= Self.together {
            request.body.withUnsafeReadableBytes { request.call.rewrite($0, model: target.model, askUsage: asksUsage, into: &out) }
            rest = nil
        } else {
            var large = loop.allocator.buffer(capacity: length)
            request.body.withUnsafeReadableBytes { request.call.rewrite($0, model: target.model, askUsage: asksUsage, into: &large) }
            rest = large
        }
        head = out
    }
}
