import NIOCore
import Routing
import Settings
import Translation

// Requests whose answers may be kept: what is asked of the cache, and what it says.
extension Reception {
    /// Nil: no settings keep this one's answer.
    func cacheTicket(for admitted: Admitted, _ request: ClientRequest, _ caching: Caching) -> CacheTicket? {
        let route = admitted.entry.model.route
        guard let policy = caching.policy(key: admitted.key, route: route, policy: admitted.entry.policy),
            let digest = AnswerKey.digest(of: admitted, request.body, policy, caching, live)
        else { return nil }
        let cache = loop.server.cache
        let ticket = CacheTicket(
            digest, policy, request.cacheControl, mayKeep: mayKeep(admitted, policy), key: live.keyName(admitted.key),
            route: admitted.isOwnRoute(live) ? admitted.entry.inline?.name ?? "" : live.routeName(route), generation: cache.generation)
        if ticket.writes { client.tap = CacheTap(cache, ticket, admitted, limit: caching.mostBytes, next: client.tap) }
        return ticket
    }

    /// Not what only its first client may have: what a provider or this gateway stores under its id, a call of a tool unless settings say
    /// so, the record of a decision.
    private func mayKeep(_ admitted: Admitted, _ policy: CachePolicy) -> Bool {
        let call = admitted.call
        if call.extras.includesRouting || call.stores { return false }
        if call.needs.contains(.tools), !policy.tools { return false }
        switch admitted.api.family {
        case .count, .passThrough: return false
        case .chat where admitted.api == .responses: return (try? Self.read(admitted.body))?.store == false  // stored unless it says so
        case .chat, .completion, .embedding: return true
        }
    }
}

extension ClientRequest {
    var cacheControl: CacheControl {
        var control = CacheControl()
        bytes.withUnsafeReadableBytes { raw in
            head.forEachField(in: raw) { name, value in
                if name.count == 13, name.startsIgnoringCase("cache-control") { control.take(value) }
            }
        }
        return control
    }
}

extension Exchange {
    /// The first step of a request that nothing holds up any more: an answer that is kept, else a deployment.
    func start() {
        guard let ticket = request.cache, ticket.reads else {
            if request.cache != nil { loop.counters.cache.bypassed += 1 }
            return advance()
        }
        let (cache, now) = (loop.server.cache, WallClock.milliseconds())
        if let found = cache.find(ticket.digest, at: now), ticket.takes(found, at: now) {
            loop.counters.cache.memoryHits += 1
            return say(found, at: now)
        }
        guard cache.hasStore else { return missed() }
        ticket.isLooking = true
        let (bound, eventLoop) = (NIOLoopBound(self, eventLoop: loop.eventLoop), loop.eventLoop)
        let isAsked = cache.fetch(ticket.digest, at: now) { found in eventLoop.execute { bound.value.looked(found) } }
        guard isAsked else { return looked(nil) }
        eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(AnswerCache.patience.nanoseconds)) { self.looked(nil) }
    }

    /// The store has answered, or takes too long.
    private func looked(_ found: ShelvedAnswer?) {
        guard let ticket = request.cache, ticket.isLooking else { return }
        ticket.isLooking = false
        guard !over else { return }
        loop.time = .now()
        let now = WallClock.milliseconds()
        guard let found, ticket.takes(found, at: now) else { return missed() }
        loop.counters.cache.storeHits += 1
        say(found, at: now)
    }

    private func missed() {
        loop.counters.cache.missed += 1
        advance()
    }

    /// Gives a kept answer again: with a head of its own, and the body as it was.
    private func say(_ found: ShelvedAnswer, at milliseconds: Int64) {
        request.cache?.hit(found, at: milliseconds)
        let answer = found.answer
        loop.counters.cache.saved = loop.counters.cache.saved + Nanodollars(max(0, answer.worth ?? 0))
        let type = answer.contentType.headerSafeLine
        var out = loop.takeScratch(capacity: 1024 + answer.lines.count)
        out.writeHead(atMost: namesBound + 256 + type.utf8.count + answer.lines.count) { head in
            head.statusLine(200)
            head.lines(ByteBuffer(string: "content-type: \(type)\r\n"))
            head.connection(client)
            answer.lines.withUnsafeBytes { head.bytes($0) }
            writeNames(into: &head)
            head.text("x-swiftlet-cost-usd: ")
            head.dollars(.zero)
            head.text("\r\n")
            head.contentLength(found.body.readableBytes)
        }
        last = (out, found.body.readableBytes == 0 ? nil : found.body)
        settle(.done, status: 200, usage: Usage())
    }

    /// The answer is whole: it may be kept once it is out.
    func approve(_ ticket: CacheTicket, _ usage: Usage) {
        guard ticket.writes, attemptCount > 0, let target else { return }
        var lines = target.names.withUnsafeReadableBytes { Array($0) }
        if let loss = interpreter?.lossLine { loss.withUnsafeReadableBytes { lines.append(contentsOf: $0) } }
        let worth = target.cost(of: usage).flatMap { live.baseline(of: usage, route: request.baselineRoute, cost: $0) }
        ticket.approve(lines: lines, worth: worth?.amount)
    }
}
