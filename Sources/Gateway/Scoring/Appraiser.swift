import CWeights
import Complexity
import FoundationEssentials
import Logging
import Routing
import Translation

/// Says how hard requests are. Read once, at the gateway's start; asked where a strategy, a mode or a condition looks at it.
final class Appraiser: Sendable {
    /// Nil: its weights cannot be used, and everything counts as hard.
    private let scorer: Scorer?

    /// - Parameter path: A file of weights in place of those in the binary.
    init(weights path: String?, _ log: Logger) {
        do {
            scorer = try Self.scorer(path)
        } catch {
            scorer = nil
            let why = (error as? WeightsProblem).map { "\($0)" } ?? "it cannot be read"
            log.warning(
                "the complexity scorer's weights cannot be used: every request counts as complex, and goes to the most capable model",
                metadata: ["weights": "\(path ?? "the binary's")", "problem": "\(why)"])
        }
    }

    private struct Unreadable: Error {}

    private static func scorer(_ path: String?) throws -> Scorer {
        guard let path else {
            let file = weights_complexity()
            return try Scorer(weights: UnsafeRawBufferPointer(start: file.bytes, count: file.count))
        }
        guard let file = FileManager.default.contents(atPath: path) else { throw Unreadable() }
        return try Array(file).withUnsafeBytes { bytes throws(WeightsProblem) in try Scorer(weights: bytes) }
    }

    /// The last turn of the user, in its conversation. Bounded: one walk over the body, then at most 6 KB of text.
    ///
    /// - Parameter tutor: What was learnt of the tenant. Nil: nothing is to be.
    func appraise(_ call: Call, _ body: UnsafeRawBufferPointer, by tutor: Tutor?) -> Appraisal {
        let begun = Instant.now()
        let turn = LastTurn.read(body, call)
        var task = PromptTask.chat
        var appraisal = score(turn, &task)
        appraisal.conversation = call.session.map { Random.hash(bytes: $0.range.of(body)) } ?? turn.conversation
        if let tutor { Self.instruct(&appraisal, task, turn, by: tutor) }
        appraisal.nanoseconds = UInt32(clamping: (Instant.now() - begun).nanoseconds)
        return appraisal
    }

    /// A request of no conversation is one of its own.
    private static func instruct(_ appraisal: inout Appraisal, _ task: PromptTask, _ turn: LastTurn, by tutor: Tutor) {
        let text = turn.text.withUnsafeBytes { Random.hash(bytes: $0) }
        tutor.instruct(&appraisal, task: task.rawValue, session: appraisal.conversation == 0 ? text : appraisal.conversation)
        guard appraisal.conversation != 0 else { return }
        appraisal.learnt?.turn = Random.mix(appraisal.conversation ^ Random.mix(text ^ UInt64(turn.circumstances.turns)))
    }

    private func score(_ turn: LastTurn, _ task: inout PromptTask) -> Appraisal {
        guard let scorer else { return Appraisal(.noScorer) }
        if turn.text.isEmpty { return Appraisal(.empty) }
        let assessment = turn.text.withUnsafeBytes { scorer.assess($0) }
        if assessment.isOdd || !assessment.score.isFinite { return Appraisal(.odd) }
        task = assessment.task
        let score = Float(assessment.score)
        return Appraisal(score: score, inContext: turn.circumstances.adjusted(score))
    }
}

extension Server {
    /// Adds to a request that was admitted what its way asks of it.
    func appraise(_ admitted: Admitted, _ table: RoutingTable, learns: Bool) {
        let journey = admitted.journey
        guard table.asksComplexity(route: journey.route, mode: journey.mode, policy: journey.policy) else { return }
        let tutor = learns ? learning.tutor(of: admitted.entry.project) : nil
        admitted.journey.appraised(admitted.body.withUnsafeReadableBytes { appraiser.appraise(admitted.call, $0, by: tutor) })
    }
}

extension Exchange {
    /// The first step, timed where its request was scored or its client wants to know.
    func firstStep(at now: Instant) -> Step {
        let begun = Instant.now()
        let step = loop.server.router.next(&request.journey, at: now)
        let deciding = (Instant.now() - begun).nanoseconds
        let scoring = Int64(request.journey.facts.appraisal?.nanoseconds ?? 0)
        request.journey.noteTime(UInt32(clamping: scoring + deciding))
        return step
    }
}
