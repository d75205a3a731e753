import NIOCore
import Routing
import Storage
import Translation
import Wire

// Requests of the Responses API: what they follow on is found before anybody reads them, and their answers are kept.
extension Reception {
    /// Whom responses belong to: the key's project, or the key where it has none.
    func responsesOwner(_ key: Int) -> String { live.standing(of: key).project.map { "project:\($0)" } ?? "key:\(live.keyName(key))" }

    /// Admits a request to `/v1/responses`.
    func admitResponses(_ request: ClientRequest) {
        guard let desk = loop.server.responses else { return admit(request, .responses) }
        do throws(Refusal) {
            let key = try authenticate(request)
            if request.head.contentEncoding.isPresent { return admit(request, .responses) }  // refused there
            let asked = try Self.read(request.body)
            if asked.background { return try runInBackground(request, asked, key: key, desk) }
            guard asked.followsOn else {
                keepAnswer(to: request, asked, owner: responsesOwner(key), nil, desk)
                return admit(request, .responses)
            }
            resolve(request, asked, owner: responsesOwner(key), desk)
        } catch {
            refuse(error)
        }
    }

    static func read(_ body: ByteBuffer) throws(Refusal) -> ResponsesRequest {
        do throws(Malformed) {
            return try body.readable { raw throws(Malformed) in try ResponsesRequest.read(raw) }
        } catch { throw Refusal(error) }
    }

    /// Waits for the store, then admits the request with what it follows on written out.
    private func resolve(_ request: ClientRequest, _ asked: ResponsesRequest, owner: String, _ desk: ResponsesDesk) {
        desk.ask(loop.eventLoop) { () throws(StoreFailure) in try desk.history(of: asked, owner: owner) }
            .assumeIsolated().whenComplete { result in
                loop.time = .now()
                switch result {
                case .success(.history(let history)):
                    var whole = request
                    let body = request.body.withUnsafeReadableBytes { asked.expanded($0, history: history.items) }
                    guard body.count <= live.limits.requestBytes else {
                        return refuse(
                            Refusal(.requestTooLarge, "with what it follows on the request has more than \(live.limits.requestBytes) bytes"))
                    }
                    whole.body = ByteBuffer(bytes: body)
                    keepAnswer(to: request, asked, owner: owner, history, desk)
                    admit(whole, .responses)
                case .success(.refused(let refusal)): refuse(refusal)
                case .failure(let failure): refuseStore(failure)
                }
            }
    }

    private func keepAnswer(
        to request: ClientRequest, _ asked: ResponsesRequest, owner: String, _ history: ResponsesDesk.History?, _ desk: ResponsesDesk
    ) {
        guard asked.store != false else { return }
        let origin = AnswerOrigin(
            owner: owner, input: Self.input(of: asked, request.body), previous: asked.previousResponseID, conversation: history?.conversation)
        client.tap = ResponseTap(origin, desk)
    }

    static func input(of asked: ResponsesRequest, _ body: ByteBuffer) -> [UInt8] {
        body.withUnsafeReadableBytes { raw in
            [UInt8(ascii: "[")] + (asked.input.map { ResponsesRequest.items(of: UnsafeRawBufferPointer(rebasing: raw[$0.range])) } ?? [])
                + [UInt8(ascii: "]")]
        }
    }

    func refuseStore(_ failure: any Error) {
        loop.server.log.error("stored responses cannot be read", metadata: ["problem": "\(failure)"])
        refuse(Refusal(.internalError, "stored responses cannot be read"))
    }

    // MARK: What is kept

    func answerStored(_ request: ClientRequest, _ path: StoredPath) {
        guard let desk = loop.server.responses else { return refuse(Refusal(.unknownURL, "this gateway keeps no responses")) }
        do throws(Refusal) {
            let owner = responsesOwner(try authenticate(request))
            let id = path.id.map { range in
                request.bytes.withUnsafeReadableBytes { raw in PercentEncoding.decoded(range.of(request.head.path(in: raw))) }
            }
            switch (path, id) {
            case (.newConversation, _): try createConversation(request, owner: owner, desk)
            case (.remove, let id?), (.removeConversation, let id?): remove(id, owner: owner, desk)
            case (.cancel, let id?): cancel(id, owner: owner, desk)
            case (_, let id?): fetch(id, request, path, owner: owner, desk)
            case (_, nil): refuse(Refusal(.unknownURL, "no such path"))
            }
        } catch { refuse(error) }
    }

    private func fetch(_ id: String, _ request: ClientRequest, _ path: StoredPath, owner: String, _ desk: ResponsesDesk) {
        desk.ask(loop.eventLoop) { () throws(StoreFailure) in try desk.shelf.response(id, owner: owner) }
            .assumeIsolated().whenComplete { result in
                loop.time = .now()
                switch result {
                case .success(let found?): answer(found, request, path, desk)
                case .success(nil): refuse(ResponsesDesk.unknown(id))
                case .failure(let failure): refuseStore(failure)
                }
            }
    }

    private func answer(_ found: StoredResponse, _ request: ClientRequest, _ path: StoredPath, _ desk: ResponsesDesk) {
        let query = request.query
        switch path {
        case .inputItems:
            let limit = min(max(query["limit"].flatMap { Int($0) } ?? 20, 1), 100)
            answerJSON(
                ResponsesHistory.page(of: found.input, response: found.id, after: query["after"], limit: limit, newestFirst: query["order"] != "asc"))
        case .conversation: if found.id.hasPrefix("conv_") { answerJSON(found.body) } else { refuse(ResponsesDesk.unknown(found.id)) }
        default:
            let body = desk.runs.settled(found, at: WallClock.milliseconds())
            let asksStream = query["stream"] == "true" || (isReplay(path) && Self.wantsStream(request.body))
            guard asksStream, let stream = ResponsesBody.replay(body, model: "", unixSeconds: WallClock.milliseconds() / 1_000) else {
                return answerJSON(body)
            }
            answer(200, type: "text/event-stream", body: stream, extra: nameRequest)
        }
    }

    private func isReplay(_ path: StoredPath) -> Bool {
        if case .replay = path { true } else { false }
    }

    private static func wantsStream(_ body: ByteBuffer) -> Bool { (try? read(body))?.stream ?? false }  // no body, no stream

    /// What to call once what is offered is kept. Where no other gateway reads it, `answer` is called at once and that is nothing.
    func whenKept(_ desk: ResponsesDesk, _ answer: @escaping () -> Void) -> (@Sendable () -> Void)? {
        guard desk.shelf.isShared else {
            answer()
            return nil
        }
        return loop.holding.once(within: ResponsesDesk.patience, answer)
    }

    func answerJSON(_ body: [UInt8]) { answer(200, type: "application/json", body: body, extra: nameRequest) }

    private func remove(_ id: String, owner: String, _ desk: ResponsesDesk) {
        let wasRunning = desk.runs.cancel(id, owner: owner)
        desk.ask(loop.eventLoop) { () throws(StoreFailure) in try desk.shelf.remove(id, owner: owner) }
            .assumeIsolated().whenComplete { result in
                loop.time = .now()
                switch result {
                case .success(true):
                    if !wasRunning { desk.bell.ring(.cancelled(response: id)) }
                    var json = JSONWriter()
                    json.object { answer in
                        answer.member("id", id)
                        answer.member("object", id.hasPrefix("conv_") ? "conversation.deleted" : "response.deleted")
                        answer.member("deleted", true)
                    }
                    answerJSON(json.bytes)
                case .success(false): refuse(ResponsesDesk.unknown(id))
                case .failure(let failure): refuseStore(failure)
                }
            }
    }

    private func createConversation(_ request: ClientRequest, owner: String, _ desk: ResponsesDesk) throws(Refusal) {
        let number = loop.requestIDs.next(atUnixMilliseconds: WallClock.milliseconds())
        let now = WallClock.milliseconds()
        var items: [UInt8] = Array("[]".utf8)
        var json = JSONWriter()
        if request.body.readableBytes > 0 {
            let asked = try Self.read(request.body)
            request.body.withUnsafeReadableBytes { raw in
                if let found = Self.member("items", of: raw), raw[Int(found.start)] == UInt8(ascii: "[") { items = Array(found.of(raw)) }
            }
            json = conversation(number, now, asked.metadata.map { range in request.body.withUnsafeReadableBytes { Array(range.of($0)) } })
        } else {
            json = conversation(number, now, nil)
        }
        desk.shelf.offer(
            StoredResponse(
                id: "conv_\(number)", owner: owner, createdMilliseconds: now, expiresMilliseconds: desk.shelf.expiry(of: now), previous: nil,
                input: items, body: json.bytes),
            kept: whenKept(desk) { answerJSON(json.bytes) })
    }

    private func conversation(_ number: RequestID, _ now: Int64, _ metadata: [UInt8]?) -> JSONWriter {
        var json = JSONWriter()
        json.object { json in
            json.member("id", "conv_\(number)")
            json.member("object", "conversation")
            json.member("created_at", now / 1_000)
            json.key("metadata")
            (metadata ?? Array("{}".utf8)).withUnsafeBytes { json.raw($0) }
        }
        return json
    }

    /// The value of a member at the top of `body`, which has been read before.
    private static func member(_ name: StaticString, of body: UnsafeRawBufferPointer) -> ByteRange? {
        var scanner = JSONScanner(body)
        var found: ByteRange?
        do throws(JSONProblem) {
            try scanner.enterObject()
            while let key = try scanner.nextKey() {
                let isIt = scanner.text(key, is: name)
                _ = try scanner.peek()
                let range = try scanner.skip()
                if isIt { found = range }
            }
        } catch { return nil }
        return found
    }
}

extension ClientRequest {
    /// Header `x-swiftlet-events: tokenrouter`, or `events=tokenrouter` in the query.
    var eventNames: EventNames {
        var names = EventNames.usual
        bytes.withUnsafeReadableBytes { raw in
            head.forEachField(in: raw) { name, value in
                if name.isLowered("x-swiftlet-events"), value.isLowered("tokenrouter") { names = .tokenRouter }
            }
        }
        return head.query.isPresent && query["events"] == "tokenrouter" ? .tokenRouter : names
    }

    /// Names and values of the query, undecoded.
    var query: [String: String] {
        guard head.query.isPresent else { return [:] }
        let text = bytes.withUnsafeReadableBytes { String(decoding: head.query.bytes(in: $0), as: UTF8.self) }
        let pairs = text.split(separator: "&").map { pair -> (String, String) in
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (String(sides[0]), sides.count > 1 ? String(sides[1]) : "")
        }
        return Dictionary(pairs) { first, _ in first }
    }
}
