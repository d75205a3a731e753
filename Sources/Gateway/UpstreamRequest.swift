import NIOCore
import Routing
import Translation

/// The bytes of one call to a provider: the prepared head, the length, and the client's body with the model's name replaced.
struct UpstreamRequest {
    /// The head, and the body with it unless that is large.
    let head: ByteBuffer
    /// The body, or most of it, where that is too large to copy next to the head.
    let rest: ByteBuffer?
    /// What follows it.
    var tail: ByteBuffer?

    private static let together = 65_536
    /// What may be copied around the part of a large body that is not.
    private static let around = 16_384

    /// - Parameter interpreter: Nil where client and provider speak OpenAI's dialect.
    static func make(
        _ target: Target, _ request: Admitted, _ shorter: ShorterPrompt?, _ interpreter: Interpreter?, _ attempt: Attempt?, _ live: Live,
        _ loop: Loop
    ) -> UpstreamRequest {
        if let interpreter, let body = interpreter.body {
            return translated(body, interpreter.spoken, target, request, attempt, live, loop)
        }
        if let shorter { return same(shorter.body, shorter.call, target, request, attempt, live, loop) }
        return same(request.body, request.call, target, request, attempt, live, loop)
    }

    /// In the client's own dialect.
    @inline(__always) private static func same(
        _ body: ByteBuffer, _ call: Call, _ target: Target, _ request: Admitted, _ attempt: Attempt?, _ live: Live, _ loop: Loop
    ) -> UpstreamRequest {
        let most = request.forcedOutput(at: target, live)
        let hasSeals = request.api == .responses && body.withUnsafeReadableBytes { ResponsesSeals.areIn($0) }
        let mends = request.api == .chatCompletions && !target.mends.isDisjoint(with: call.quirks)
        if hasSeals || mends || most != nil || request.entry.inline != nil || live.hasParams || !(request.ruling?.overrides.isEmpty ?? true)
            || target.hasOverrides,
            let changed = changed(
                target, request, body, call, attempt, live, loop, hasSeals: hasSeals, mends: mends ? target.mends : [], most: most)
        {
            return changed
        }
        let prepared = target.head(request.api, streaming: call.stream)
        let asksUsage = call.stream && !call.asksUsage && !target.refusesStreamOptions
        let length = call.rewrittenLength(of: body.readableBytes, model: target.model, askUsage: asksUsage)
        let isTogether = length <= together
        let bound = prepared.readableBytes + 24 + (isTogether ? length : 0)
        var out = loop.takeScratch(capacity: bound)
        out.writeHead(atMost: bound) { head in
            head.lines(prepared)
            head.decimal(length)
            head.text("\r\n\r\n")
            guard isTogether else { return }
            body.withUnsafeReadableBytes { call.pieces(of: $0, model: target.model, askUsage: asksUsage) { head.bytes($0) } }
        }
        return isTogether ? UpstreamRequest(head: out, rest: nil) : large(body, call, target, asksUsage, length, behind: out, loop)
    }

    /// A body that is not copied next to its head.
    private static func large(
        _ body: ByteBuffer, _ call: Call, _ target: Target, _ asksUsage: Bool, _ length: Int, behind head: ByteBuffer, _ loop: Loop
    ) -> UpstreamRequest {
        guard let slice = largestSlice(of: body, call, target, asksUsage) else {
            var whole = loop.allocator.buffer(capacity: length)
            body.withUnsafeReadableBytes { call.rewrite($0, model: target.model, askUsage: asksUsage, into: &whole) }
            return UpstreamRequest(head: head, rest: whole)
        }
        var (out, after) = (head, ByteBuffer())
        body.withUnsafeReadableBytes { raw in
            var isBefore = true
            call.pieces(of: raw, model: target.model, askUsage: asksUsage) { piece in
                if isBefore, piece.count == slice.count, piece.baseAddress == raw.baseAddress.map({ $0 + slice.lowerBound }) {
                    isBefore = false
                } else if isBefore {
                    out.writeBytes(piece)
                } else {
                    after.writeBytes(piece)
                }
            }
        }
        let rest = body.getSlice(at: body.readerIndex + slice.lowerBound, length: slice.count)
        return UpstreamRequest(head: out, rest: rest, tail: after.readableBytes > 0 ? after : nil)
    }

    /// Where the part of a large body stands that goes out as it lies there. Nil: it is to be copied, because it is in many parts or has to
    /// be signed.
    private static func largestSlice(of body: ByteBuffer, _ call: Call, _ target: Target, _ asksUsage: Bool) -> Range<Int>? {
        guard target.signing == nil else { return nil }
        return body.withUnsafeReadableBytes { raw -> Range<Int>? in
            var largest = 0..<0
            call.pieces(of: raw, model: target.model, askUsage: asksUsage) { piece in
                guard let start = raw.baseAddress, let at = piece.baseAddress, at >= start, at < start + raw.count else { return }
                if piece.count > largest.count { largest = at - start..<at - start + piece.count }
            }
            return raw.count - largest.count <= around ? largest : nil
        }
    }

    init(head: ByteBuffer, rest: ByteBuffer?, tail: ByteBuffer? = nil) {
        self.head = head
        self.rest = rest
        self.tail = tail
    }

    private static func translated(
        _ body: [UInt8], _ api: API, _ target: Target, _ request: Admitted, _ attempt: Attempt?, _ live: Live, _ loop: Loop
    ) -> UpstreamRequest {
        var bytes = body
        if let overrides = overrides(target, api, request, attempt, live), let changed = body.withUnsafeBytes({ try? overrides.applied(to: $0) }) {
            bytes = changed
        }
        if let most = request.forcedOutput(at: target, live), let limit = OutputLimit(api, target.provider.quirks),
            let changed = bytes.withUnsafeBytes({ limit.forced(most, on: $0) })
        {
            bytes = changed
        }
        let prepared = target.head(api, streaming: request.call.stream)
        let together = bytes.count <= Self.together
        var out = loop.takeScratch(capacity: prepared.readableBytes + 24 + (together ? bytes.count : 0))
        out.writeHead(atMost: prepared.readableBytes + 24) { head in
            head.lines(prepared)
            head.decimal(bytes.count)
            head.text("\r\n\r\n")
        }
        if together { out.writeBytes(bytes) }
        return UpstreamRequest(head: out, rest: together ? nil : ByteBuffer(bytes: bytes))
    }

    /// Members that a rule, the leaf and the provider set. Nil: none.
    private static func overrides(_ target: Target, _ api: API, _ request: Admitted, _ attempt: Attempt?, _ live: Live) -> BodyOverrides? {
        var overrides = request.ruling?.overrides ?? BodyOverrides.none
        if let attempt, let params = request.table(live).options(of: attempt).params, let own = try? BodyOverrides(Array(params.utf8)) {
            overrides = overrides.merged(with: own)
        }
        overrides = overrides.merged(with: target.overrides(api))
        return overrides.isEmpty ? nil : overrides
    }

    /// The body with the members that a rule, the leaf and the provider set, with what others sealed taken out and OpenAI's newer
    /// words said as the provider knows them. Nil: there is nothing of the kind.
    private static func changed(
        _ target: Target, _ request: Admitted, _ original: ByteBuffer, _ call: Call, _ attempt: Attempt?, _ live: Live, _ loop: Loop,
        hasSeals: Bool, mends: ChatQuirks, most: Int64?
    ) -> UpstreamRequest? {
        let overrides = overrides(target, request.api, request, attempt, live)
        guard overrides != nil || hasSeals || !mends.isEmpty || most != nil else { return nil }
        let asksUsage = call.stream && !call.asksUsage && !target.refusesStreamOptions
        var body = loop.allocator.buffer(capacity: original.readableBytes + 256)
        original.withUnsafeReadableBytes { call.rewrite($0, model: target.model, askUsage: asksUsage, into: &body) }
        // The client's body and the params were read before, so they are objects.
        if let overrides {
            guard let bytes = body.withUnsafeReadableBytes({ try? overrides.applied(to: $0) }) else { return nil }
            body = ByteBuffer(bytes: bytes)
        }
        let origin = target.provider.sealOrigin(of: target.modelName)
        if hasSeals, let bytes = body.withUnsafeReadableBytes({ ResponsesSeals.resolve($0, for: origin) }) { body = ByteBuffer(bytes: bytes) }
        if !mends.isEmpty, let bytes = body.withUnsafeReadableBytes({ ChatMend.mended($0, mends) }) { body = ByteBuffer(bytes: bytes) }
        if let most, let limit = OutputLimit(request.api, target.provider.quirks),
            let bytes = body.withUnsafeReadableBytes({ limit.forced(most, on: $0) })
        {
            body = ByteBuffer(bytes: bytes)
        }
        let prepared = target.head(request.api, streaming: call.stream)
        var out = loop.takeScratch(capacity: prepared.readableBytes + 24)
        out.writeHead(atMost: prepared.readableBytes + 24) { head in
            head.lines(prepared)
            head.decimal(body.readableBytes)
            head.text("\r\n\r\n")
        }
        return UpstreamRequest(head: out, rest: body)
    }
}
