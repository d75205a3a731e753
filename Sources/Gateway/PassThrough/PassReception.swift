import NIOCore
import Routing
import Storage
import Translation
import Wire

// Requests to paths that are none of our own, but a pass-through endpoint's.
extension Reception {
    /// Nil: no endpoint has the path, or one of our own has it.
    func passMatch(_ request: ClientRequest) -> (endpoint: PassEndpoint, rest: Int)? {
        guard let passes = live.passes else { return nil }
        return request.bytes.withUnsafeReadableBytes { raw in
            let path = request.head.path(in: raw)
            guard case .unknown = Endpoint.find(request.head.method, path: path) else { return nil }
            return passes.find(path)
        }
    }

    /// Sends the request on, or refuses it. With `bodyFollows` its body comes later, by `Passage.take`.
    func pass(_ request: ClientRequest, _ match: (endpoint: PassEndpoint, rest: Int), bodyFollows: Bool = false) {
        var request = request
        let endpoint = match.endpoint
        let milliseconds = WallClock.milliseconds()
        let id = loop.requestIDs.next(atUnixMilliseconds: milliseconds)
        guard endpoint.takes(request.head.method) else {
            return refusePass(Refusal(.methodNotAllowed, "this path takes \(endpoint.allow)"), id, bodyFollows, allow: endpoint.allow)
        }
        do throws(Refusal) {
            let key = endpoint.needsKey ? try passKey(request, milliseconds) : nil
            if let key, let refusal = endpoint.refusal(of: live.standing(of: key)) {
                loop.noteBreach(refusal, key: key, api: .passThrough, id: id, model: endpoint.pathText)
                throw refusal
            }
            if !loop.holding.accepts { throw Refusal(.overloaded, "the ledger cannot be written; try again", retryAfter: .seconds(1)) }
            let look = try guardPassed(&request, to: endpoint, key, id, milliseconds, bodyFollows: bodyFollows)
            let guarded = look?.guarded
            let chunked = request.head.framing == .chunked
            let body: PassedRequest.Body =
                switch request.head.framing {
                case .none: .none
                case .length(let length): .length(bodyFollows ? length : request.body.readableBytes)
                case .chunked: bodyFollows ? .chunked : .length(request.body.readableBytes)
                }
            let passed = request.bytes.withUnsafeReadableBytes { raw in
                // Where no key is asked for, what a client shows is the provider's, unless we know it.
                let shown = presented(request, in: raw).flatMap { endpoint.needsKey || live.keys.knows($0) ? $0 : nil }
                return PassedRequest(
                    request.head, in: raw, to: endpoint, rest: match.rest, body: body, Withheld(live.keys, presented: shown),
                    isRead: guarded.map { $0.looksAtReply || $0.restores } ?? false, allocator: loop.allocator)
            }
            if passed.isUpgrade, let guarded { try passSocket(guarded) }
            let (claim, waits) = live.metering.isOn ? try passClaim(endpoint, key) : (nil, false)
            let deadline = request.deadline.map { loop.time + $0 } ?? .distantFuture
            let passage = Passage(
                passed, to: endpoint, body: request.body,
                mode: ReplyMode(toHead: request.head.method == .head, mayUpgrade: passed.isUpgrade, bodyFollows: bodyFollows),
                isChunked: bodyFollows && chunked, key: key, claim: claim, id: id, timeout: endpoint.timeout, deadline: deadline, client: client,
                loop: loop)
            passage.guarded = guarded
            if let plan = live.telemetry { passage.trace = trace(request, id, share: plan.share) }
            passage.project = key.flatMap { live.standing(of: $0).project } ?? look?.project
            passage.begin(waiting: waits)
        } catch {
            refusePass(error, id, bodyFollows)
        }
    }

    private func refusePass(_ refusal: Refusal, _ id: RequestID, _ bodyFollows: Bool, allow: String? = nil) {
        // What is left of the body is not read.
        if bodyFollows { client.closeAfterAnswer() }
        loop.counters.request(.passThrough, status: refusal.status)
        refuse(refusal, id: id, api: .passThrough, allow: allow)
    }

    /// What it costs is known, and what it does is not: its tokens are counted by nobody. True: the store of limits is to answer first.
    private func passClaim(_ endpoint: PassEndpoint, _ key: Int?) throws(Refusal) -> (Claim?, Bool) {
        let claim = Claim(live, loop, Metering.Party(key: key ?? -1), nil, .passThrough)
        try claim.takeSlot()
        switch claim.reserve(endpoint.most, at: loop.server.accounts.unixMilliseconds(at: loop.time)) {
        case .permit: return (claim, false)
        case .wait: return (claim, true)
        case .refused(let why):
            claim.end(nil)
            loop.counters.refused(why.scope, why.unit)
            throw Refusal(why, lines: claim.lines)
        }
    }

    func passKey(_ request: ClientRequest, _ unixMilliseconds: Int64) throws(Refusal) -> Int {
        let verdict = request.bytes.withUnsafeReadableBytes { raw in loop.verifiedKeys.find(presented(request, in: raw), in: live.keys) }
        return try key(verdict, live, unixMilliseconds)
    }

    /// As for our own paths; Azure's `api-key` too, and for browsers' WebSockets a protocol.
    private func presented(_ request: ClientRequest, in raw: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        if let key = request.head.presentedKey(in: raw) { return key }
        var found: UnsafeRawBufferPointer?
        request.head.forEachField(in: raw) { name, value in
            if found == nil, name.isLowered("api-key") { found = value }
        }
        return found ?? WebSocketKey.find(request.head, in: raw)
    }
}
