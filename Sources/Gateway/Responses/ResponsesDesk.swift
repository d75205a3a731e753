import Dispatch
import NIOCore
import Routing
import Settings
import Storage
import Translation
import Wire

/// What the gateway keeps of the Responses API, for all loops: finds chains of responses, takes in new ones.
///
/// The store blocks, so it is asked on a queue of its own and answers through promises; nobody waits between the first and the
/// last byte of an answer.
public final class ResponsesDesk: Sendable {
    public struct Limits: Hashable, Sendable {
        /// Responses that one may follow on, one behind the other.
        public var chain = 512
        /// Bytes of what they said.
        public var chainBytes = 16 << 20
        /// An answer of more bytes is not kept.
        public var answerBytes = 8 << 20
        /// Background responses at work at once.
        public var background = 64

        public init() {}

        public init(_ settings: ResponseSettings) {
            chain = settings.chain
            background = settings.background
        }
    }

    public let shelf: ResponseShelf
    let limits: Limits
    /// To the other gateways.
    let bell: any Bell
    let runs = BackgroundRuns()
    /// One thing after the other: who asks for an answer that was just given finds it. A connection asks for one thing at a time, so
    /// no more wait than there are connections; answers to be kept are counted in `waiting`.
    private let queue = DispatchQueue(label: "responses.reading")
    private let waiting = Locked(Waiting())

    private struct Waiting {
        var bytes = 0
        /// Answers that were not kept: too large, or too much waited.
        var dropped = 0
    }

    /// Answers that were asked to be kept and are not.
    var dropped: Int { waiting.withLock { $0.dropped } + shelf.dropped }

    public init(_ shelf: ResponseShelf, limits: Limits = Limits(), bell: any Bell = SilentBell()) {
        (self.shelf, self.limits, self.bell) = (shelf, limits, bell)
    }

    /// Runs `body`, which may block, and hands its result to `loop`.
    func ask<Value: Sendable>(_ loop: any EventLoop, _ body: @escaping @Sendable () throws(StoreFailure) -> Value) -> EventLoopFuture<Value> {
        let promise = loop.makePromise(of: Value.self)
        queue.async {
            do throws(StoreFailure) { promise.succeed(try body()) } catch { promise.fail(error) }
        }
        return promise.futureResult
    }

    /// What a request follows on: the items of all responses before it, separated by commas.
    struct History: Sendable {
        var items: [UInt8] = []
        var conversation: StoredResponse?
    }

    enum Found: Sendable {
        case history(History)
        case refused(Refusal)
    }

    /// Blocks. Linear in the chain.
    func history(of request: ResponsesRequest, owner: String) throws(StoreFailure) -> Found {
        var history = History()
        var next = request.previousResponseID
        if let id = request.conversationID {
            guard let conversation = try shelf.response(id, owner: owner) else { return .refused(Self.unknown(id, "conversation")) }
            history.conversation = conversation
            next = conversation.previous
        }
        var turns: [[UInt8]] = []
        var bytes = 0
        while let id = next {
            guard let response = try shelf.response(id, owner: owner) else {
                return .refused(Self.unknown(id, request.conversationID == nil ? "previous_response_id" : "conversation"))
            }
            if turns.isEmpty, let refusal = unfinished(response) { return .refused(refusal) }
            let items = ResponsesHistory.items(input: response.input, response: response.body)
            bytes += items.count + 1
            turns.append(items)
            guard turns.count <= limits.chain else {
                return .refused(
                    Refusal(.invalidValue, "more than \(limits.chain) responses follow one another: begin anew", param: "previous_response_id"))
            }
            guard bytes <= limits.chainBytes else {
                return .refused(
                    Refusal(
                        .invalidValue, "the responses before have more than \(limits.chainBytes) bytes: begin anew", param: "previous_response_id"))
            }
            next = response.previous
        }
        if let conversation = history.conversation { turns.append(conversation.input.withUnsafeBytes { ResponsesRequest.items(of: $0) }) }
        for items in turns.reversed() where !items.isEmpty {
            if !history.items.isEmpty { history.items.append(UInt8(ascii: ",")) }
            history.items += items
        }
        return .history(history)
    }

    private func unfinished(_ response: StoredResponse) -> Refusal? {
        guard let status = ResponsesBody.facts(of: response.body)?.status, status == "queued" || status == "in_progress" else { return nil }
        return Refusal(.invalidValue, "response `\(response.id)` is \(status): wait until it has ended", param: "previous_response_id")
    }

    /// The same whether it never was, is over or is another's.
    static func unknown(_ id: String, _ param: String? = nil) -> Refusal {
        Refusal(.responseNotFound, "there is no \(id.hasPrefix("conv_") ? "conversation" : "response") with id `\(id.prefix(128))`", param: param)
    }

    /// Takes in what a background response came to, unless it was cancelled through another gateway.
    func keepEnded(_ body: [UInt8], id: String, _ origin: AnswerOrigin) {
        queue.async {
            // A store that does not answer has not heard of it either.
            let found = try? self.shelf.response(id, owner: origin.owner)
            if let found, ResponsesBody.facts(of: found.body)?.status == "cancelled" { return }
            self.keep(body, id: id, origin)
        }
    }

    /// How long the end of an answer waits at most for being kept.
    static let patience = TimeAmount.milliseconds(500)

    /// Takes in an answer that goes to a client; nil is one too large to be kept.
    /// - Parameter kept: Called once it is in the store, or is not kept.
    func keep(_ answer: CapturedAnswer?, kept: (@Sendable () -> Void)? = nil) {
        let size = (answer?.bytes.count ?? 0) + (answer?.origin.input.count ?? 0)
        let isTaken = waiting.withLock { waiting in
            let fits = answer != nil && waiting.bytes + size <= shelf.limits.waitingBytes
            if fits { waiting.bytes += size } else { waiting.dropped += 1 }
            return fits
        }
        guard isTaken, let answer else {
            kept?()
            return
        }
        queue.async {
            defer { self.waiting.withLock { $0.bytes -= size } }
            guard let body = answer.response(), let id = ResponsesBody.facts(of: body)?.id else {
                kept?()
                return
            }
            self.keep(body, id: id, answer.origin, kept: kept)
        }
    }

    /// - Parameter isAtWork: It is a background response that is being made here.
    func keep(_ body: [UInt8], id: String, _ origin: AnswerOrigin, isAtWork: Bool = false, kept: (@Sendable () -> Void)? = nil) {
        var members: [(name: String, value: [UInt8])] = [("store", Array("true".utf8))]
        if let previous = origin.previous {
            var json = JSONWriter()
            json.string(previous)
            members.append(("previous_response_id", json.bytes))
        }
        if let conversation = origin.conversation {
            var json = JSONWriter()
            json.object { $0.member("id", conversation.id) }
            members.append(("conversation", json.bytes))
        }
        let now = WallClock.milliseconds()
        var response = StoredResponse(
            id: id, owner: origin.owner, createdMilliseconds: now, expiresMilliseconds: shelf.expiry(of: now),
            previous: origin.conversation?.previous ?? origin.previous, input: origin.input, body: ResponsesBody.setting(members, in: body))
        response.isAtWork = isAtWork
        // They are written in this order.
        shelf.offer(response, kept: origin.conversation == nil ? kept : nil)
        if var conversation = origin.conversation {
            conversation.previous = id
            conversation.expiresMilliseconds = shelf.expiry(of: now)
            shelf.offer(conversation, kept: kept)
        }
    }
}

/// Where an answer to be kept comes from.
struct AnswerOrigin: Sendable {
    var owner: String
    /// The request's own items, a JSON array.
    var input: [UInt8]
    var previous: String?
    var conversation: StoredResponse?
}
