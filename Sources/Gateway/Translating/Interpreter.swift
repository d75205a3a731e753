import NIOCore
import Routing
import Translation
import Wire

/// Stands between a client and a provider in one attempt: writes the request in the provider's dialect and the reply in the
/// client's. Where both speak the same one, other than OpenAI's, the bytes pass as they are and are only watched.
final class Interpreter {
    /// What the client asked, and what the provider is asked.
    let asked: API
    let spoken: API
    /// The request for the provider. Nil: the client's passes.
    let body: [UInt8]?
    /// The reply's bytes go on as they came.
    let passes: Bool
    /// What could not be carried over, of the request and, as far as it has come, of the reply.
    var loss: Loss { requestLoss.joined(with: stream?.loss ?? tap?.loss ?? Loss()) }

    /// The header line that says so.
    var lossLine: ByteBuffer? {
        let loss = loss
        return loss.isEmpty ? nil : ByteBuffer(string: "x-swiftlet-loss: \(loss.line.headerSafe)\r\n")
    }

    /// Knows the client's stream, where another provider may be asked to carry it on.
    let continuation: Continuation?
    private let requestLoss: Loss
    private let context: ReplyContext
    private(set) var stream: StreamTranslation?
    private var tap: ReplyTap?
    private let request: ByteBuffer
    private var embedded: Usage?
    private var hasVectors = false

    /// Nil where nothing has to be done: OpenAI's dialect on both sides.
    static func make(for exchange: Exchange, _ target: Target) throws(Refusal) -> Interpreter? {
        let asked = exchange.request.api
        guard let spoken = target.asked[Int(asked.rawValue)] else {
            throw Refusal(.noEligibleDeployment, "provider \(target.providerName) does not serve \(asked.name)")
        }
        if spoken == asked, asked.isRelayed, !exchange.carriesOn { return nil }
        return try Interpreter(exchange, target, asked, spoken)
    }

    private init(_ exchange: Exchange, _ target: Target, _ asked: API, _ spoken: API) throws(Refusal) {
        (self.asked, self.spoken) = (asked, spoken)
        request = exchange.sentBody
        let call = exchange.sentCall
        var context = ReplyContext(
            isStream: call.stream, requestID: exchange.id.description, unixSeconds: exchange.id.unixMilliseconds / 1000, model: target.modelName)
        context.origin = target.provider.sealOrigin(of: target.modelName)
        context.provider = type(of: target.provider).name
        context.framing = call.framing
        context.choices = call.choices
        context.wantsUsage = call.asksUsage || asked != .chatCompletions
        context.events = exchange.request.events
        var loss = Loss()
        var written: [UInt8]?
        let resumed = exchange.continuation
        if spoken != asked || resumed != nil {
            let to = TranslationTarget(
                model: target.modelName, maxOutputTokens: target.maxOutputTokens, origin: context.origin, provider: context.provider,
                quirks: target.provider.quirks)
            written = try Self.write(exchange.sentBody, exchange.sentCall, from: asked, to: spoken, to, resumed, &context, &loss)
            if !loss.isEmpty, exchange.live.refusesLoss {
                throw Refusal(
                    .invalidValue, "cannot be carried to provider \(target.providerName): \(loss.line); this gateway refuses rather than leaves out",
                    param: loss.paths.first)
            }
        }
        self.context = context
        requestLoss = loss
        body = written
        continuation = resumed ?? (exchange.carriesOn ? asked.dialect.map { Continuation($0.replyWriter(context)) } : nil)
        // Our own request for a stream is one of events of the usual names: an array, or others, are made of them.
        passes = spoken == asked && continuation == nil && !(call.stream && (call.framing == .array || context.events != .usual))
        if resumed != nil { beginStream() }
    }

    private static func write(
        _ body: ByteBuffer, _ call: Call, from asked: API, to spoken: API, _ target: TranslationTarget, _ resumed: Continuation?,
        _ context: inout ReplyContext, _ loss: inout Loss
    ) throws(Refusal) -> [UInt8] {
        do throws(Malformed) {
            return try body.readable { raw throws(Malformed) in
                if let source = asked.embeddingDialect, let dialect = spoken.embeddingDialect {
                    return try dialect.write(try source.read(raw), to: target, loss: &loss)
                }
                guard let source = asked.dialect, let dialect = spoken.dialect else {
                    throw Malformed(offset: 0, message: "\(asked.name) cannot be translated into \(spoken.name)")
                }
                let conversation = try source.read(raw, call)
                try conversation.checkResults(in: raw)
                context.echo = source.echo(of: conversation)
                resumed?.extend(conversation)
                return try dialect.write(conversation, to: target, loss: &loss)
            }
        } catch {
            throw Refusal(error)
        }
    }

    /// The body's type of the client's answer.
    var contentType: StaticString {
        guard context.isStream else { return "application/json" }
        if asked == .converse { return "application/vnd.amazon.eventstream" }
        return context.framing == .array ? "application/json" : "text/event-stream; charset=utf-8"
    }

    // MARK: The reply

    func beginStream() {
        guard stream == nil, let reader = spoken.dialect?.replyReader(context),
            let writer = continuation ?? asked.dialect?.replyWriter(context)
        else { return }
        // The client has the beginning of what is carried on: nothing is held.
        let hold = continuation?.isResumed ?? false ? StreamRelay.Hold(events: 0) : StreamRelay.Hold()
        stream = StreamTranslation(from: reader, to: writer, passes: passes, tells: continuation == nil, hold: hold)
    }

    /// The client's stream ends here with our no, whatever the provider's went on to say: its writer may have written an end already that
    /// the client does not get.
    func end(with refusal: Refusal, after events: Int, into out: inout ByteBuffer) {
        var context = context
        context.eventsBefore = events
        guard let writer = asked.dialect?.replyWriter(context) else { return }
        var reply = FaultyReply(status: refusal.status)
        (reply.code, reply.type, reply.message) = (refusal.code.rawValue, refusal.type, refusal.message)
        writer.write(.failed(reply))
        writer.end()
        var bytes = writer.output.bytes
        // The array was begun by the other.
        if context.framing == .array, events > 0, bytes.first == UInt8(ascii: "[") { bytes[0] = UInt8(ascii: ",") }
        out.writeBytes(bytes)
    }

    /// What a whole reply says, in the client's dialect; nil: as it came.
    func whole(_ body: UnsafeRawBufferPointer) throws(JSONProblem) -> [UInt8]? {
        if asked.family == .embedding { return try embeddings(body) }
        guard let dialect = spoken.dialect, let writer = asked.dialect?.replyWriter(context) else {
            try JSONScanner.validate(body)
            return nil
        }
        let tap = ReplyTap(writer)
        self.tap = tap
        try dialect.replyReader(context).read(whole: body, to: tap)
        guard !passes, tap.error == nil else { return nil }
        tap.end()
        return tap.output.bytes
    }

    private func embeddings(_ body: UnsafeRawBufferPointer) throws(JSONProblem) -> [UInt8]? {
        guard let source = asked.embeddingDialect, let dialect = spoken.embeddingDialect else { throw JSONProblem(.kind, at: 0) }
        let reply = try dialect.read(reply: body)
        embedded = reply.tokens.map {
            var usage = Usage()
            usage.input = $0
            return usage
        }
        hasVectors = !reply.vectors.isEmpty
        guard !passes else { return nil }
        // Read once more, for what it says of the form it wants: slices of the first reading are gone.
        let written: [UInt8]? = request.withUnsafeReadableBytes { raw in
            do throws(Malformed) { return source.write(reply, for: try source.read(raw), context) } catch { return nil }
        }
        guard let written else { throw JSONProblem(.kind, at: 0) }
        return written
    }

    /// An error in a whole reply whose status said success.
    var error: FaultyReply? { tap?.error }
    /// The whole reply said something.
    var hasAnswer: Bool {
        // A count is all that is said where one was asked for.
        hasVectors || asked.dialect == nil && asked.family != .embedding || tap?.hasBegun ?? false || tap?.hasFinished ?? false
            || asked.family == .count && tap?.usage != nil
    }

    /// How soon it was served, where the provider says so.
    var tier: ServiceTier? { stream?.tier ?? tap?.tier }

    func billed(estimatedInput: Int64) -> Usage {
        if asked.family == .embedding { return billedEmbeddings(estimatedInput) }
        return tap?.billed(estimatedInput: estimatedInput) ?? stream?.billed(estimatedInput: estimatedInput) ?? Usage()
    }

    private func billedEmbeddings(_ estimatedInput: Int64) -> Usage {
        if let embedded { return embedded }
        var usage = Usage()
        usage.input = estimatedInput
        usage.estimated = true
        return usage
    }
}

extension Refusal {
    /// The error object of the dialect that the client speaks.
    func body(_ api: API, requestID: String) -> [UInt8] {
        api.dialect?.body(of: self, requestID: requestID) ?? body(requestID: requestID)
    }
}
