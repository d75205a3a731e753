import NIOCore
import Routing
import Storage
import Translation
import Wire

// Requests with an `Idempotency-Key`: the same one twice is answered once.
extension Reception {
    /// Goes on with the request if it is the first with its key, else says what became of that.
    func once(_ request: ClientRequest, _ endpoint: Endpoint, _ api: API) {
        do throws(Refusal) {
            let key = try authenticate(request)
            let text = request.bytes.withUnsafeReadableBytes { String(decoding: request.head.idempotencyKey.bytes(in: $0), as: UTF8.self) }
            guard !text.isEmpty, text.utf8.count <= IdempotencyDesk.longestKey else {
                throw Refusal(.invalidValue, "an idempotency key has 1 to \(IdempotencyDesk.longestKey) bytes", param: "idempotency-key")
            }
            let desk = loop.server.idempotency
            let name = IdempotencyKey(key: live.numbers.keys[key], text: text)
            let id = loop.requestIDs.next(atUnixMilliseconds: WallClock.milliseconds())
            let path = request.bytes.withUnsafeReadableBytes { Array(request.head.path(in: $0)) }
            guard let claimed = desk.claim(name, for: id, path: path, body: request.body, on: loop.eventLoop) else {
                throw Refusal(.overloaded, "too many requests with idempotency keys wait; try again", retryAfter: .seconds(1))
            }
            claimed.assumeIsolated().whenComplete { result in
                loop.time = .now()
                switch result {
                case .success(.new):
                    var request = request
                    request.ticket = IdempotencyTicket(desk, name)
                    take(request, endpoint)
                case .success(let other): repeated(other, api)
                case .failure(let failure): refuseStore(failure)
                }
            }
        } catch {
            refuse(error, api: api)
        }
    }

    private func repeated(_ outcome: IdempotencyOutcome, _ api: API) {
        switch outcome {
        case .answered(let id, let stored) where stored.status > 0:
            let type = stored.contentType.headerSafeLine
            answer(stored.status, contentType: type, body: stored.body) { head in
                head.requestID(id)
                head.text("idempotent-replayed: true\r\n")
            }
        case .answered:
            refuse(
                Refusal(
                    .idempotencyReplayNotPossible,
                    "this idempotency key was answered by a stream, or by more than is kept; nothing was sent again: use another key to ask anew"),
                api: api)
        case .different:
            refuse(Refusal(.idempotencyKeyReused, "this idempotency key was used for another request: use a new one for each"), api: api)
        case .inProgress, .new:
            refuse(
                Refusal(.idempotencyInProgress, "a request with this idempotency key is under way; try again", retryAfter: .seconds(1)), api: api)
        }
    }
}

extension String {
    /// Without what would end a header line.
    var headerSafeLine: String { String(decoding: utf8.filter { $0 >= 0x20 && $0 < 0x7f }, as: UTF8.self) }
}
