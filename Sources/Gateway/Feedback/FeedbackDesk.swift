import Dispatch
import NIOCore
import Routing
import Schema
import Settings
import Storage
import Translation
import Wire

/// `POST /v1/feedback {request_id, score | label}`: what a client thinks of an answer that its own key got. Beside the path, on a queue of
/// its own, since the store blocks.
final class FeedbackDesk: Sendable {
    enum Outcome: Sendable {
        case kept(Feedback)
        case refused(Refusal)
    }

    /// That may wait for the store.
    static let most = 1_024
    static let longestLabel = 64

    private let store: any Store
    private let trials: Trials
    private let queue = DispatchQueue(label: "feedback")
    private let waiting = Locked(0)

    init(_ store: any Store, trials: Trials) { (self.store, self.trials) = (store, trials) }

    /// Nil: too many wait.
    func take(_ feedback: Feedback, of key: NameID, _ live: Live, on loop: any EventLoop) -> EventLoopFuture<Outcome>? {
        let fits = waiting.withLock { waiting in
            guard waiting < Self.most else { return false }
            waiting += 1
            return true
        }
        guard fits else { return nil }
        let promise = loop.makePromise(of: Outcome.self)
        queue.async {
            self.waiting.withLock { $0 -= 1 }
            do throws(StoreFailure) { promise.succeed(try self.keep(feedback, of: key, live)) } catch { promise.fail(error) }
        }
        return promise.futureResult
    }

    /// What nobody said. Left out where too much waits: it is a hint and no more.
    ///
    /// - Parameter lesson: Nil: it is in the request's row.
    func offer(_ source: Feedback.Source, of request: RequestID, _ lesson: Lesson?, to desk: LearningDesk) {
        let fits = waiting.withLock { waiting in
            guard waiting < Self.most else { return false }
            waiting += 1
            return true
        }
        guard fits else { return }
        queue.async {
            self.waiting.withLock { $0 -= 1 }
            // What the store cannot say or keep now is lost; the next such hint is not.
            // Who asks again after a failure says nothing of an answer.
            guard let lesson = try? lesson ?? self.store.request(request).flatMap({ $0.state == .done ? Lesson($0) : nil }) else { return }
            let hint = Feedback(request: request, unixMilliseconds: WallClock.milliseconds(), score: 0, source: source, lesson: lesson.encoded)
            if (try? self.store.keep(hint)) != nil { desk.count(source) }
        }
    }

    /// Another key's request is as unknown as none at all.
    private func keep(_ feedback: Feedback, of key: NameID, _ live: Live) throws(StoreFailure) -> Outcome {
        guard let row = try store.request(feedback.request), row.key == key else {
            return .refused(
                Refusal(
                    .requestNotFound, "this key has no request `\(feedback.request)`; its row may be a moment later than its answer",
                    param: "request_id"))
        }
        var kept = feedback
        if live.learning != nil, let lesson = Lesson(row) { kept.lesson = lesson.encoded }
        if try store.keep(kept) { note(feedback, row, live) }
        return .kept(feedback)
    }

    /// The first word on a request counts for the side of its canary.
    private func note(_ feedback: Feedback, _ row: LedgerEntry, _ live: Live) {
        guard live.hasTrials else { return }
        for (index, policy) in live.blueprint.policies.enumerated() {
            guard let canary = policy.canary, canary.stopped == nil else { continue }
            if let started = canary.started, row.id.unixMilliseconds < started.seconds * 1000 { continue }
            if row.policy == live.numbers.policies[canary.candidate] {
                return trials.note(canary.id, isCandidate: true, feedback: feedback.score)
            }
            if row.policy == live.numbers.policies[index] { return trials.note(canary.id, isCandidate: false, feedback: feedback.score) }
        }
    }
}

extension Reception {
    func takeFeedback(_ request: ClientRequest) {
        do throws(Refusal) {
            let key = try authenticate(request)
            let feedback = try Self.feedback(in: request.body)
            guard let future = loop.server.feedback.take(feedback, of: live.numbers.keys[key], live, on: loop.eventLoop) else {
                throw Refusal(.overloaded, "too much feedback waits for the store; try again", retryAfter: .seconds(1))
            }
            future.assumeIsolated().whenComplete { result in
                loop.time = .now()
                switch result {
                case .success(.kept(let feedback)): answerKept(feedback)
                case .success(.refused(let refusal)): refuse(refusal)
                case .failure(let failure):
                    loop.server.log.error("feedback cannot be kept", metadata: ["problem": "\(failure)"])
                    refuse(Refusal(.internalError, "feedback cannot be kept"))
                }
            }
        } catch {
            refuse(error)
        }
    }

    private func answerKept(_ feedback: Feedback) {
        var json = JSONWriter()
        json.object { answer in
            answer.member("request_id", feedback.request.description)
            answer.member("object", "feedback")
            answer.key("score")
            answer.raw("\(feedback.score)")
            if !feedback.label.isEmpty { answer.member("label", feedback.label) }
        }
        answerJSON(json.bytes)
    }

    private static let good = ["good", "up", "thumbs_up", "positive", "like", "yes", "accepted"]
    private static let bad = ["bad", "down", "thumbs_down", "negative", "dislike", "no", "rejected"]

    static func feedback(in body: ByteBuffer) throws(Refusal) -> Feedback {
        guard body.readableBytes <= 4_096 else { throw Refusal(.requestTooLarge, "feedback has at most 4096 bytes") }
        guard let node = body.withUnsafeReadableBytes({ JSONNode.read($0) }), let entries = node.entries else {
            throw Refusal(.invalidJSON, "the body must be a JSON object with `request_id` and `score` or `label`")
        }
        let known = ["request_id", "score", "label"]
        for entry in entries where !known.contains(entry.name) {
            let near = Spelling.nearest(to: entry.name, among: known).map { "; did you mean `\($0)`?" } ?? ""
            throw Refusal(.invalidValue, "unknown field `\(entry.name.prefix(100))`\(near)", param: String(entry.name.prefix(100)))
        }
        guard let id = node["request_id"]?.scalar.flatMap({ RequestID($0) }) else {
            throw Refusal(.invalidValue, "`request_id` must be the x-swiftlet-request-id of an answer", param: "request_id")
        }
        let label = node["label"]?.scalar ?? ""
        guard label.utf8.count <= FeedbackDesk.longestLabel else {
            throw Refusal(.invalidValue, "`label` has at most \(FeedbackDesk.longestLabel) bytes", param: "label")
        }
        return Feedback(request: id, unixMilliseconds: WallClock.milliseconds(), score: try score(node["score"], label), label: label)
    }

    private static func score(_ node: Node?, _ label: String) throws(Refusal) -> Double {
        if let node, !node.isNull {
            guard case .scalar(let text, quoted: false) = node.content, let score = Double(text), 0...1 ~= score else {
                throw Refusal(.invalidValue, "`score` must be a number from 0 for bad to 1 for good", param: "score")
            }
            return score
        }
        if good.contains(label) { return 1 }
        if bad.contains(label) { return 0 }
        let words = (good + bad).map { "`\($0)`" }.joined(separator: ", ")
        throw Refusal(.invalidValue, "say a `score` from 0 to 1, or one of these as `label`: \(words)", param: label.isEmpty ? "score" : "label")
    }
}
