import NIOCore
import Routing
import Settings
import Storage
import Translation
import Wire

/// What stands between a gathered request and its exchange: which endpoint, whose key, which model, and may it.
///
/// Answers what needs no provider itself.
struct Reception {
    let client: ClientChannel
    let loop: Loop

    var live: Live { loop.live }

    func take(_ request: ClientRequest) {
        let endpoint = request.bytes.withUnsafeReadableBytes { raw in
            Endpoint.find(request.head.method, path: request.head.path(in: raw))
        }
        if request.head.idempotencyKey.isPresent, let api = endpoint.asked { return once(request, endpoint, api) }
        take(request, endpoint)
    }

    func take(_ request: ClientRequest, _ endpoint: Endpoint) {
        switch endpoint {
        case .call(.responses): admitResponses(request)
        case .call(let api): admit(request, api)
        case .modelCall(let api, let name, let stream): admit(request, api, path: PathModel(request, name, stream))
        case .stored(let path): answerStored(request, path)
        case .feedback: takeFeedback(request)
        case .models, .model: answerModels(request, endpoint)
        case .healthz: answer(200, type: "text/plain", body: Array("ok\n".utf8))
        case .readyz: answerReadiness()
        case .unknown:
            if let match = passMatch(request) { return pass(request, match) }
            refuse(Refusal(.unknownURL, "no such path; /v1/chat/completions and /v1/models are some that exist"))
        case .wrongMethod(let allow): refuse(Refusal(.methodNotAllowed, "this path takes \(allow)"), allow: "\(allow)")
        }
    }

    // MARK: Calls

    /// - Parameter isModerated: A moderation endpoint has been asked about it, and lets it pass.
    func admit(_ request: ClientRequest, _ api: API, path: PathModel? = nil, mayAdopt: Bool = true, isModerated: Bool = false) {
        let milliseconds = WallClock.milliseconds()
        let id = loop.requestIDs.next(atUnixMilliseconds: milliseconds)
        do throws(Obstacle) {
            let admitted = try admission(of: request, api, path, milliseconds, id, isFirst: mayAdopt && !isModerated)
            admitted.journey.ticket = UInt64(id.rawValue)
            if let plan = live.telemetry { admitted.trace = trace(request, id, share: plan.share) }
            if api == .responses { admitted.events = request.eventNames }
            if let ticket = request.ticket { admitted.ticket = ticket }
            if !isModerated, !live.moderators.isEmpty {
                let before = live
                let waits = moderate(admitted, id) {
                    // What was found out by other settings is found out again.
                    if live !== before { return admit(request, api, path: path, mayAdopt: mayAdopt, isModerated: true) }
                    do throws(Obstacle) { try begin(admitted, request, id) } catch { obstructed(error, request, api, path, id, mayAdopt: mayAdopt) }
                }
                if waits { return }
            }
            try begin(admitted, request, id)
        } catch { obstructed(error, request, api, path, id, mayAdopt: mayAdopt) }
    }

    private func begin(_ admitted: Admitted, _ request: ClientRequest, _ id: RequestID) throws(Obstacle) {
        if live.keepsTexts, let keeping = live.textKeeping(of: admitted) {
            client.tap = TextTap(loop.server.texts, id, admitted, keeping, next: client.tap)
        }
        let waits = live.metering.isOn ? try claim(admitted) : false
        if live.seeksWarmth { admitted.lookBack(live) }
        if let caching = live.caching { admitted.cache = cacheTicket(for: admitted, request, caching) }
        Exchange(client: client, loop: loop, request: admitted, id: id, started: loop.time).begin(waiting: waits)
    }

    private func obstructed(_ obstacle: Obstacle, _ request: ClientRequest, _ api: API, _ path: PathModel?, _ id: RequestID, mayAdopt: Bool) {
        switch obstacle {
        case .refused(let refusal):
            let key = knownKey(request)
            if let key { note(refusal, key, api, id) }
            if live.telemetry != nil { tellRefusal(refusal, request, api, id) }
            refuse(refusal, api, id, key: key)
        case .missing(let missing):
            guard mayAdopt else { return refuse(Refusal(.overloaded, "settings changed while the request waited; send it again"), api, id) }
            adopt(missing, request, api, path, id)
        }
    }

    /// A refusal behind the key's own status, which is noted where it is found.
    private func note(_ refusal: Refusal, _ key: Int, _ api: API, _ id: RequestID) {
        guard let trigger = refusal.code.breach, trigger.kind != .keyStatus else { return }
        loop.noteBreach(trigger, key: key, api: api, id: id)
    }

    /// The index of the virtual key that a request shows, whatever its status; nil: of none.
    private func knownKey(_ request: ClientRequest) -> Int? {
        let verdict = request.bytes.withUnsafeReadableBytes { raw in loop.verifiedKeys.find(request.head.presentedKey(in: raw), in: live.keys) }
        return verdict.index ?? ownKey(live)
    }

    private func refuse(_ refusal: Refusal, _ api: API, _ id: RequestID, key: Int? = nil) {
        loop.counters.request(api, status: refusal.status)
        refuse(refusal, id: id, api: api, key: key)
    }

    private func admission(
        of request: ClientRequest, _ api: API, _ path: PathModel?, _ unixMilliseconds: Int64, _ id: RequestID, isFirst: Bool
    ) throws(Obstacle) -> Admitted {
        let live = live
        let (key, call) = try authenticatedCall(request, api, path, live, unixMilliseconds)
        if let guards = live.guards {
            return try guardedAdmission(of: request, call, api, path, key, guards, unixMilliseconds, id, isCounted: isFirst)
        }
        return try admission(of: request, call, api, key, live, unixMilliseconds)
    }

    /// - Parameter guarded: What guardrails and firewall know of it. Nil: nobody has looked.
    func admission(
        of request: ClientRequest, _ call: Call, _ api: API, _ key: Int, _ live: Live, _ unixMilliseconds: Int64, _ guarded: GuardedRequest? = nil
    ) throws(Obstacle) -> Admitted {
        let plain = PlainAdmission(live: live, key: key, keepsDecisions: loop.server.keepsDecisions || live.telemetry != nil, now: loop.time)
        if guarded?.route == nil, let admitted = plain.admit(request, call, api) {
            admitted.guarded = guarded
            if live.mayAskComplexity { loop.server.appraise(admitted, live.table, learns: live.learning != nil) }
            admitted.passed = passed(request, call, api, live)
            return admitted
        }
        var result: Result<Admitted, Obstacle>?
        request.bytes.withUnsafeReadableBytes { headBytes in
            request.body.withUnsafeReadableBytes { body in
                let view = RequestView(call, api, head: request.head, headBytes: headBytes, body: body) { client.remoteAddress }
                let admission = Admission(
                    live: live, server: loop.server, view: view, key: key, now: loop.time, unixMilliseconds: unixMilliseconds, guarded: guarded)
                do throws(Obstacle) {
                    result = .success(try admission.admit(request.body, deadline: request.deadline))
                } catch { result = .failure(error) }
            }
        }
        guard let result else { throw .refused(Refusal(.internalError, "the request could not be read")) }
        let admitted = try result.get()
        admitted.passed = passed(request, call, api, live)
        return admitted
    }

    /// The header lines of a client of Anthropic's API that go to a provider of it.
    private func passed(_ request: ClientRequest, _ call: Call, _ api: API, _ live: Live) -> ByteBuffer? {
        guard api == .messages || api == .countTokens, !live.passedRequestHeaders.isEmpty else { return nil }
        return request.bytes.withUnsafeReadableBytes { head in
            request.body.withUnsafeReadableBytes { body in
                RequestView(call, api, head: request.head, headBytes: head, body: body) { nil }.lines(of: live.passedRequestHeaders)
            }
        }
    }

    private func authenticatedCall(
        _ request: ClientRequest, _ api: API, _ path: PathModel?, _ live: Live, _ unixMilliseconds: Int64
    ) throws(Obstacle) -> (key: Int, call: Call) {
        do throws(Refusal) {
            let key = try authenticate(request, live, unixMilliseconds)
            if !loop.holding.accepts { throw Refusal(.overloaded, "the ledger cannot be written; try again", retryAfter: .seconds(1)) }
            return (key, try read(request, api, path))
        } catch {
            throw .refused(error)
        }
    }

    /// Models of known providers that nobody named before become deployments; then the request is admitted anew.
    private func adopt(
        _ missing: [(deployment: Deployment, upstream: Upstream)], _ request: ClientRequest, _ api: API, _ path: PathModel?, _ id: RequestID
    ) {
        let server = loop.server
        let promise = loop.eventLoop.makePromise(of: Refusal?.self)
        promise.completeWithTask { await server.adopt(missing) }
        promise.futureResult.assumeIsolated().whenComplete { result in
            loop.time = .now()
            switch result {
            case .success(nil): admit(request, api, path: path, mayAdopt: false)
            case .success(let refusal?): refuse(refusal, api, id)
            case .failure: refuse(Refusal(.internalError, "the model could not be added"), api, id)
            }
        }
    }

    /// The index of the virtual key.
    func authenticate(_ request: ClientRequest) throws(Refusal) -> Int { try authenticate(request, live, WallClock.milliseconds()) }

    private func authenticate(_ request: ClientRequest, _ live: Live, _ unixMilliseconds: Int64) throws(Refusal) -> Int {
        let verdict = request.bytes.withUnsafeReadableBytes { raw in loop.verifiedKeys.find(request.head.presentedKey(in: raw), in: live.keys) }
        return try key(verdict, live, unixMilliseconds)
    }

    /// The index of the key that was found, if it may be used.
    func key(_ verdict: KeyRing.Verdict, _ live: Live, _ unixMilliseconds: Int64) throws(Refusal) -> Int {
        switch verdict {
        case .key(let index):
            if let refusal = live.refusal(of: index, unixSeconds: unixMilliseconds / 1000) {
                loop.noteBreach(refusal, key: index, api: nil)
                throw refusal
            }
            return index
        case .former(let index, let until):
            guard unixMilliseconds / 1000 < until else {
                loop.noteBreach(BreachTrigger(.keyStatus, rule: "key_rotated"), key: index, api: nil)
                throw Refusal(.invalidAPIKey, "key `\(live.keyName(index))` was rotated and its time of grace is over: use the new one")
            }
            return try key(.key(index), live, unixMilliseconds)
        case .missing:
            if let index = ownKey(live) { return try key(.key(index), live, unixMilliseconds) }
            throw Refusal(.invalidAPIKey, "no API key: send a virtual key as `Authorization: Bearer KEY`")
        case .unknown: throw Refusal(.invalidAPIKey, "unknown API key: it is none of this gateway's virtual keys")
        }
    }

    /// Of a request that the gateway sends itself.
    private func ownKey(_ live: Live) -> Int? { client.ownKey.flatMap { live.key(named: $0) } }

    func read(_ request: ClientRequest, _ api: API, _ path: PathModel?) throws(Refusal) -> Call {
        if request.head.contentEncoding.isPresent {
            throw Refusal(.unsupportedMediaType, "the body has a content-encoding; send it as plain JSON")
        }
        do throws(Malformed) {
            return try request.body.readable { raw throws(Malformed) in
                guard let path else { return try Call.read(raw, api: api) }
                return try Call.read(raw, api: api, pathModel: path.name, stream: path.stream, framing: path.framing)
            }
        } catch {
            throw Refusal(error)
        }
    }

    // MARK: Answers of our own

    private func answerModels(_ request: ClientRequest, _ endpoint: Endpoint) {
        do throws(Refusal) {
            let key = try authenticate(request)
            guard case .model(let at) = endpoint else {
                answer(200, type: "application/json", body: ModelsReply.list(live.visibleNames(key).map(entry)), extra: nameRequest)
                return
            }
            let name = request.bytes.withUnsafeReadableBytes { raw in
                PercentEncoding.decoded(UnsafeRawBufferPointer(rebasing: request.head.path(in: raw)[at...]))
            }
            guard let model = live.blueprint.names[name], !model.hidden else { throw live.unknownModel(name, key: key) }
            guard live.allowances[key].permits(model) else { throw live.notAllowed(name, key: key) }
            answer(200, type: "application/json", body: ModelsReply.one(entry(name)), extra: nameRequest)
        } catch {
            refuse(error)
        }
    }

    func nameRequest(_ head: inout HeadWriter) {
        head.requestID(loop.requestIDs.next(atUnixMilliseconds: WallClock.milliseconds()))
    }

    private func entry(_ name: String) -> ModelsReply.Entry { ModelsReply.Entry(id: name, created: live.since) }

    private func answerReadiness() {
        if let reason = loop.server.unreadiness {
            answer(503, type: "text/plain", body: Array("not ready: \(reason)\n".utf8))
        } else {
            answer(200, type: "text/plain", body: Array("ready\n".utf8))
        }
    }

    /// With a type that was kept with the answer.
    func answer(_ status: Int, contentType: String, body: [UInt8], extra: (inout HeadWriter) -> Void) {
        answer(status, type: "", body: body, extraBytes: contentType.utf8.count + 64) { head in
            head.lines(ByteBuffer(string: "content-type: \(contentType)\r\n"))
            extra(&head)
        }
    }

    func answer(_ status: Int, type: StaticString, body: [UInt8], extraBytes: Int = 0, extra: (inout HeadWriter) -> Void = { _ in }) {
        var out = loop.takeScratch(capacity: 512 + extraBytes + body.count)
        out.writeHead(atMost: 512 + extraBytes + body.count) { head in
            head.statusLine(status)
            if type.utf8CodeUnitCount > 0 {
                head.text("content-type: ")
                head.text(type)
                head.text("\r\n")
            }
            head.connection(client)
            extra(&head)
            head.contentLength(body.count)
            body.withUnsafeBytes { head.bytes($0) }
        }
        client.write(out)
        loop.giveBack(out)
        client.answered()
    }

    /// - Parameter key: Index of the virtual key, where the request got so far.
    func refuse(_ refusal: Refusal, id: RequestID? = nil, api: API = .chatCompletions, key: Int? = nil, allow: String? = nil) {
        let id = id ?? loop.requestIDs.next(atUnixMilliseconds: WallClock.milliseconds())
        if loop.accessLog.enabled {
            var line = RequestLine(id: id, status: refusal.status, outcome: "refused")
            line.detail = refusal.code.rawValue
            if let key {
                line.key = live.quotedNames.keys[key]
                line.api = api.word
            }
            loop.accessLog.add(line)
        }
        let extra = refusal.limitLines?.readableBytes ?? 0
        answer(refusal.status, type: "application/json", body: refusal.body(api, requestID: id.description), extraBytes: extra) { head in
            head.requestID(id)
            head.retryAfter(refusal.retryAfterSeconds)
            head.faultType(api, refusal.status)
            if let lines = refusal.limitLines { head.lines(lines) }
            if let allow {
                head.text("allow: ")
                head.lines(ByteBuffer(string: allow))
                head.text("\r\n")
            }
        }
    }
}

/// What a path says of a call: the model, whether a stream is wanted, and how it is packed.
struct PathModel {
    var name: String
    var stream: Bool
    var framing = Framing.events

    init(_ request: ClientRequest, _ place: Range<Int>, _ stream: Bool) {
        self.stream = stream
        name = request.bytes.withUnsafeReadableBytes { raw in
            PercentEncoding.decoded(UnsafeRawBufferPointer(rebasing: request.head.path(in: raw)[place]))
        }
        let query = request.bytes.withUnsafeReadableBytes { raw in
            request.head.query.isPresent ? String(decoding: request.head.query.bytes(in: raw), as: UTF8.self) : ""
        }
        // Google's API answers an array unless it is asked for events.
        let wantsEvents = query.split(separator: "&").contains("alt=sse")
        if stream, !wantsEvents { framing = .array }
    }
}
