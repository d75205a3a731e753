import NIOCore
import Routing
import Translation
import Wire

/// Asks a moderation endpoint about one request, which waits for it. On one event loop; ends once, by a verdict or with the client.
final class ModerationStep: UpstreamCaller, ClientServer {
    /// Of an answer; more cannot be one.
    private static let longest = 4 << 20

    let loop: Loop
    private let client: ClientChannel
    private let moderator: Moderator
    private let request: UpstreamRequest
    private let deadline: Instant
    private let refuse: (Refusal) -> Void
    private var ended: ((ModerationVerdict) -> Void)?
    private var upstream: UpstreamChannel?
    private var waiter: ConnectionWaiter?
    private var usesPooled = false
    private var replacedStale = false
    private var status = 0
    private var answer = ByteBuffer()
    private var problem: (any Error)?

    /// - Parameters:
    ///   - refuse: The request ends for another reason, and its client is to be told.
    ///   - ended: What came of it. Neither is called once the client has gone.
    init(
        _ moderator: Moderator, _ request: UpstreamRequest, client: ClientChannel, loop: Loop, refuse: @escaping (Refusal) -> Void,
        ended: @escaping (ModerationVerdict) -> Void
    ) {
        (self.moderator, self.request, self.client, self.loop) = (moderator, request, client, loop)
        (self.refuse, self.ended) = (refuse, ended)
        deadline = loop.time + moderator.timeout
    }

    func begin() {
        client.begin(self)
        connect()
    }

    private func connect() {
        let pool = loop.pool(moderator.origin)
        if !replacedStale, let idle = pool.takeIdle() { return connected(idle, reused: true) }
        let waiter = ConnectionWaiter(self)
        self.waiter = waiter
        pool.connect(for: waiter, timeout: max(.milliseconds(1), deadline - loop.time))
    }

    func connected(_ channel: UpstreamChannel, reused: Bool) {
        waiter = nil
        (upstream, usesPooled) = (channel, reused)
        let limit = Span(moderator.timeout)
        channel.call(self, request: request, firstByte: limit, idle: limit, deadline: deadline)
    }

    func notConnected(_ reason: String) {
        waiter = nil
        end(.failed("it could not be reached: \(reason)"))
    }

    func replyBegan(_ head: ResponseHead, _ bytes: UnsafeRawBufferPointer) { status = head.status }

    func replyBytes(_ bytes: UnsafeRawBufferPointer, last: Bool) {
        guard ended != nil else { return }
        guard answer.readableBytes + bytes.count <= Self.longest else {
            abandon()
            return end(.failed("its answer has more than \(Self.longest) bytes"))
        }
        answer.writeBytes(bytes)
    }

    func readEnded() {}

    func replyEnded() {
        upstream = nil
        end(answer.withUnsafeReadableBytes { ModerationVerdict(status: status, $0, moderator.settings) })
    }

    func connectionProblem(_ error: any Error) { problem = error }

    func connectionLost(beforeReply: Bool) {
        upstream = nil
        guard ended != nil else { return }
        if beforeReply, usesPooled, !replacedStale {
            replacedStale = true
            loop.counters.staleConnections += 1
            return connect()
        }
        end(.failed(problem.map(ConnectionWords.of) ?? "it closed the connection"))
    }

    func upstreamTimedOut() {
        upstream = nil
        end(.failed("it did not answer in time"))
    }

    func replyMalformed(_ reason: String) { replyBroke(.malformedReply, reason) }

    func replyBroke(_ fault: Fault, _ reason: String) {
        upstream = nil
        end(.failed(reason))
    }

    private func end(_ verdict: ModerationVerdict) {
        let ended = self.ended
        self.ended = nil
        ended?(verdict)
    }

    private func abandon() {
        upstream?.abandon()
        upstream = nil
        waiter?.exchange = nil
        waiter = nil
    }

    // MARK: The client

    func clientGone() {
        ended = nil
        abandon()
        loop.counters.abandonedRequests += 1
    }

    func clientWritable(_ writable: Bool) {}

    func outOfTime() { giveUp(Refusal(.timeout, "the request took longer than this gateway allows")) }

    func shutDown() {
        client.closeAfterAnswer()
        giveUp(Refusal(.shuttingDown, "this gateway is shutting down; try again"))
    }

    private func giveUp(_ refusal: Refusal) {
        guard ended != nil else { return }
        ended = nil
        abandon()
        refuse(refusal)
    }
}
