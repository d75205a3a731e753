import NIOCore
import Storage
import Translation
import Wire

/// Responses that are made while nobody waits for them.
///
/// Each is a request of the gateway to itself over a pair of pipes: it takes the way that every request takes, with its key's
/// limits and budgets, and a broken pipe is a client that went away.
final class BackgroundRuns: Sendable {
    private struct Run: Sendable {
        var owner: String
        var stop: @Sendable () -> Void
    }

    private let runs = Locked<[String: Run]>([:])

    /// False: `most` are at work already.
    func begin(_ id: String, owner: String, most: Int, stop: @escaping @Sendable () -> Void) -> Bool {
        runs.withLock { runs in
            guard runs.count < most else { return false }
            runs[id] = Run(owner: owner, stop: stop)
            return true
        }
    }

    /// False: it was cancelled meanwhile, or never began.
    func end(_ id: String) -> Bool { runs.withLock { $0.removeValue(forKey: id) != nil } }

    /// Whether there was one to stop.
    func cancel(_ id: String, owner: String) -> Bool {
        let run = runs.withLock { runs in runs[id]?.owner == owner ? runs.removeValue(forKey: id) : nil }
        run?.stop()
        return run != nil
    }

    /// Stops what another gateway was told to stop; whether it may, that one has seen.
    func cancel(_ id: String) {
        let run = runs.withLock { $0.removeValue(forKey: id) }
        run?.stop()
    }

    /// A kept response as it is told: one that was at work when its process ended has failed.
    func settled(_ found: StoredResponse, at milliseconds: Int64) -> [UInt8] {
        guard let status = ResponsesBody.facts(of: found.body)?.status, status == "queued" || status == "in_progress" else { return found.body }
        guard !found.isAtWork, runs.withLock({ $0[found.id] == nil }) else { return found.body }
        return ResponsesBody.failed(found.body, code: "server_error", message: "the gateway was stopped before the response was complete")
    }
}

extension Reception {
    /// Answers at once that the response is queued, and runs it.
    func runInBackground(_ request: ClientRequest, _ asked: ResponsesRequest, key: Int, _ desk: ResponsesDesk) throws(Refusal) {
        if asked.store == false { throw Refusal(.invalidValue, "a background response is kept: `store` must not be false", param: "store") }
        if asked.stream { throw Refusal(.invalidValue, "a background response is fetched: `stream` must not be true", param: "stream") }
        let owner = responsesOwner(key)
        guard asked.followsOn else { return start(request, asked, key, owner, ResponsesDesk.History(), desk) }
        desk.ask(loop.eventLoop) { () throws(StoreFailure) in try desk.history(of: asked, owner: owner) }
            .assumeIsolated().whenComplete { result in
                loop.time = .now()
                switch result {
                case .success(.history(let history)): start(request, asked, key, owner, history, desk)
                case .success(.refused(let refusal)): refuse(refusal)
                case .failure(let failure): refuseStore(failure)
                }
            }
    }

    private func start(
        _ request: ClientRequest, _ asked: ResponsesRequest, _ key: Int, _ owner: String, _ history: ResponsesDesk.History, _ desk: ResponsesDesk
    ) {
        let id = "resp_\(loop.requestIDs.next(atUnixMilliseconds: WallClock.milliseconds()))"
        let expanded = request.body.withUnsafeReadableBytes { asked.expanded($0, history: history.items) }
        var whole = request
        whole.body = ByteBuffer(bytes: expanded)
        let masked = maskedForKeeping(whole, key) ?? { $0 }
        let seconds = WallClock.milliseconds() / 1_000
        let queued: [UInt8]
        do throws(Malformed) {
            queued = try ResponsesBody.begun(masked(expanded), id: id, status: "queued", previous: asked.previousResponseID, unixSeconds: seconds)
        } catch { return refuse(Refusal(error)) }
        let origin = AnswerOrigin(
            owner: owner, input: masked(Self.input(of: asked, request.body)), previous: asked.previousResponseID, conversation: history.conversation)
        // Kept here under its own id, and nowhere else a second time.
        let body = ResponsesBody.setting([("store", Array("false".utf8))], in: expanded)
        let client = BackgroundClient(head(of: request, length: body.count) + body) { answer in
            guard desk.runs.end(id) else { return }
            desk.keepEnded(Self.ended(queued, id: id, CapturedAnswer(bytes: answer, origin: origin)), id: id, origin)
        }
        let bound = NIOLoopBound(client, eventLoop: loop.eventLoop)
        let stop: @Sendable () -> Void = { bound.eventLoop.execute { bound.value.stop() } }
        guard desk.runs.begin(id, owner: owner, most: desk.limits.background, stop: stop) else {
            return refuse(
                Refusal(.overloaded, "\(desk.limits.background) background responses are at work; try again", retryAfter: .seconds(5)))
        }
        desk.keep(
            queued, id: id, AnswerOrigin(owner: owner, input: origin.input, previous: origin.previous), isAtWork: true,
            kept: whenKept(desk) { answerJSON(queued) })
        request.ticket?.conclude(StoredAnswer(status: 200, contentType: "application/json", body: queued))
        connect(
            client,
            failed: {
                if desk.runs.end(id) {
                    desk.keep(ResponsesBody.failed(queued, code: "server_error", message: "the response could not be begun"), id: id, origin)
                }
            })
    }

    /// The client's own head without what was about its connection.
    private func head(of request: ClientRequest, length: Int) -> [UInt8] {
        let text = request.bytes.withUnsafeReadableBytes { raw in
            String(decoding: raw[..<min(request.head.length, raw.count)], as: UTF8.self)
        }
        let own = ["content-length", "transfer-encoding", "connection", "expect", "accept-encoding", "upgrade", "te", "idempotency-key"]
        var lines = text.split(separator: "\r\n", omittingEmptySubsequences: true).map(String.init)
        guard !lines.isEmpty else { return [] }
        let first = lines.removeFirst()
        lines = lines.filter { line in
            let name = line.prefix { $0 != ":" }.lowercased()
            return !own.contains(name)
        }
        lines += ["content-length: \(length)", "connection: close"]
        return Array(([first] + lines).joined(separator: "\r\n").utf8) + Array("\r\n\r\n".utf8)
    }

    /// What is kept of an answer that came while nobody waited.
    private static func ended(_ queued: [UInt8], id: String, _ answer: CapturedAnswer) -> [UInt8] {
        if let response = answer.response() {
            return ResponsesBody.setting([("id", quoted(id)), ("background", Array("true".utf8))], in: response)
        }
        let reply = answer.parts().map { parts in parts.body.withUnsafeBytes { FaultyReply.read(status: parts.status, body: $0) } }
        return ResponsesBody.failed(queued, code: reply?.code ?? "server_error", message: reply?.message ?? "the request was broken off")
    }

    private static func quoted(_ text: String) -> [UInt8] {
        var json = JSONWriter()
        json.string(text)
        return json.bytes
    }

    private func connect(_ client: BackgroundClient, failed: @escaping () -> Void) {
        Server.connect(NIOLoopBound(client, eventLoop: loop.eventLoop), NIOLoopBound(loop, eventLoop: loop.eventLoop))
            .assumeIsolated().whenFailure { _ in failed() }
    }

    /// Stops a background response; one that has ended already is told as it is.
    func cancel(_ id: String, owner: String, _ desk: ResponsesDesk) {
        let wasRunning = desk.runs.cancel(id, owner: owner)
        desk.ask(loop.eventLoop) { () throws(StoreFailure) in try desk.shelf.response(id, owner: owner) }
            .assumeIsolated().whenComplete { result in
                loop.time = .now()
                switch result {
                case .success(var found?):
                    if wasRunning || found.isAtWork {
                        found.body = ResponsesBody.setting([("status", Self.quoted("cancelled"))], in: found.body)
                        found.isAtWork = false
                        desk.shelf.offer(found)
                        if !wasRunning { desk.bell.ring(.cancelled(response: id)) }
                    } else if !ResponsesBody.isBackground(found.body) {
                        return refuse(Refusal(.invalidValue, "only background responses can be cancelled", param: "response_id"))
                    }
                    answerJSON(desk.runs.settled(found, at: WallClock.milliseconds()))
                case .success(nil): refuse(ResponsesDesk.unknown(id))
                case .failure(let failure): refuseStore(failure)
                }
            }
    }
}

/// Sends one request and gathers its answer until the other side closes.
private final class BackgroundClient: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let request: [UInt8]
    private let done: ([UInt8]) -> Void
    private var context: ChannelHandlerContext?
    private var answer: [UInt8] = []
    private var hasSent = false

    init(_ request: [UInt8], done: @escaping ([UInt8]) -> Void) { (self.request, self.done) = (request, done) }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { send(context) }
    }

    func channelActive(context: ChannelHandlerContext) { send(context) }

    private func send(_ context: ChannelHandlerContext) {
        guard !hasSent else { return }
        hasSent = true
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: request)), promise: nil)
    }

    /// Bounded by the gateway's own limit of answers.
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        unwrapInboundIn(data).withUnsafeReadableBytes { answer.append(contentsOf: $0) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.context = nil
        done(answer)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func stop() { context?.close(promise: nil) }
}
