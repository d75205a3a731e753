import Routing

/// What must hold of learning at every request, by books of its own: a router beside it that is never taught anything decides the same
/// requests, and trials are counted where the two differ.
struct LearningWatch {
    /// One request, as it was decided.
    struct Choice {
        let number: Int
        /// Tenth of the course.
        let part: Int
        let task: Int
        /// As the scorer gave it, and as the router got it.
        let shipped: Appraisal
        let given: Appraisal
        let deployment: Deployment.ID
        let decision: Decision?
    }

    /// Of all requests, once there are enough to speak of a share.
    static let mostTrials = 0.05
    private static let fewestRequests = 500
    /// Of choices that go otherwise by chance and were rated, before anything of a kind of prompt may take effect.
    private static let fewestShown = 15
    /// On the scale of logarithms of odds: of a correction, and of what one lesson may change of it.
    private static let most = 1.5
    private static let mostAtOnce = 0.4
    /// So many times the odds, which is the exponential of `most`.
    private static let mostOdds = 4.481_689

    private var untaught: Router
    private var state = Learner.TenantState()
    /// By kind of prompt: rated choices that went otherwise than without learning, since it was last as shipped.
    private var shown = Array(repeating: 0, count: Correction.tasks)
    private var requests = 0
    private var trials = 0
    /// What the router that is never taught came to.
    var outcome = LearningCourse.Outcome()
    /// The highest share of trials there ever was.
    private(set) var highestTrials = 0.0
    private(set) var lessons = 0
    private(set) var breach: String?

    init(seed: UInt64) throws(RoutingTableError) { untaught = Router(table: try LearningCourse.table(), seed: seed) }

    private mutating func expect(_ holds: Bool, _ number: Int, _ what: @autoclosure () -> String) {
        if !holds, breach == nil { breach = "before request \(number): \(what())" }
    }

    private static func odds(_ score: Float) -> Double { Double(score) / max(1 - Double(score), 1e-9) }

    private static func isNothing(_ correction: Correction, _ task: Int) -> Bool { (0..<Correction.bins).allSatisfy { correction[task, $0] == 0 } }

    // MARK: Requests

    /// Who would have answered without learning.
    mutating func chosen(_ choice: Choice, seed: UInt64, at now: Instant) -> Deployment.ID? {
        guard let (plainly, _) = LearningRun.serve(choice.shipped, by: &untaught, seed: seed, at: now) else { return nil }
        outcome.parts[choice.part].requests += 1
        if plainly == 1 { outcome.parts[choice.part].capable += 1 }
        let isTrial = choice.decision?.complexity?.learnt?.isTrial == true
        (requests, trials) = (requests + 1, trials + (isTrial ? 1 : 0))
        let (requests, trials) = (requests, trials)
        let share = Double(trials) / Double(max(requests, Self.fewestRequests))
        highestTrials = max(highestTrials, share)
        expect(share <= Self.mostTrials, choice.number, "\(trials) of \(requests) requests tried another model")
        let (shipped, given) = (choice.shipped.inContext, choice.given.inContext)
        if Self.isNothing(state.inEffect, choice.task) {
            expect(given.bitPattern == shipped.bitPattern, choice.number, "nothing is in effect, and a score of \(shipped) is \(given)")
            expect(
                choice.deployment == plainly || isTrial, choice.number,
                "nothing is in effect, and deployment \(choice.deployment) was chosen, not \(plainly)")
        } else {
            let moved = Self.odds(given) / Self.odds(shipped)
            // Scores are floats: near the ends of the scale their odds are coarse.
            let isClear = 0.001...0.999 ~= shipped
            expect(!isClear || 0.98 / Self.mostOdds...1.02 * Self.mostOdds ~= moved, choice.number, "a score of \(shipped) was moved to \(given)")
        }
        return plainly
    }

    mutating func rated(_ task: Int, wasTried: Bool) {
        if wasTried, Self.isNothing(state.inEffect, task) { shown[task] += 1 }
    }

    // MARK: Lessons

    mutating func learnt(_ old: Learner.TenantState, _ new: Learner.TenantState, before number: Int) {
        lessons += 1
        for task in 0..<Correction.tasks {
            for bin in 0..<Correction.bins {
                let (was, holds) = (old.inEffect[task, bin], new.inEffect[task, bin])
                expect(holds.isFinite && abs(holds) <= Self.most, number, "a correction of \(holds)")
                expect(abs(holds - was) <= Self.mostAtOnce + 1e-9 || holds == 0, number, "a correction went from \(was) to \(holds) at once")
            }
            let (wasNothing, isNothing) = (Self.isNothing(old.inEffect, task), Self.isNothing(new.inEffect, task))
            if wasNothing, !isNothing {
                let verdict = new.verdicts[task]
                expect(verdict?.isPassed == true, number, "a correction took effect, and the gate says \(verdict?.text ?? "nothing")")
                let seen = shown[task]
                expect(seen >= Self.fewestShown, number, "a correction took effect after \(seen) rated choices that went another way")
            }
            if isNothing, !wasNothing { shown[task] = 0 }
        }
        state = new
    }

    mutating func forgotten(_ new: Learner.TenantState, before number: Int) {
        expect(new.inEffect.isNothing, number, "a correction outlived the way back to the shipped scorer")
        expect(new.belief == Belief(), number, "a belief outlived the way back to the shipped scorer")
        shown = Array(repeating: 0, count: Correction.tasks)
        state.inEffect = Correction()
    }
}
