import Routing
import Simulation
import Testing

/// Clients who tell the truth, who lie, and who change their minds: whatever they say, learning keeps its bounds.
@Suite("Learning whatever clients say") struct LearningPlanTests {
    @Test("trials, gate, bounds and the way back hold in every scenario", arguments: LearningPlan.plans.map(\.name))
    func holds(_ name: String) throws {
        let plan = try #require(LearningPlan.named("learning-\(name)"))
        let report = try plan.run(seed: 1)
        #expect(report.breach == nil, "\(report)")
        #expect(report.requests == plan.course.requests && report.lessons > 20)
        if ["cheap-is-enough", "cheap-is-worse", "model-changes"].contains(name) { #expect(report.corrected > 1_000, "something is learnt") }
        #expect(report.trials > 100 && report.highestTrials <= 0.05, "a world without trials proves nothing")
    }

    @Test("wrong feedback does move scores, and not beyond their bounds")
    func lies() throws {
        let plan = try #require(LearningPlan.named("learning-all-lie"))
        let report = try plan.run(seed: 1)
        #expect(report.corrected > 0 && report.farthest <= 1.5, "\(report)")
    }

    @Test("what costs content is told")
    func costs() throws {
        var plan = try #require(LearningPlan.named("learning-cheap-is-worse"))
        (plan.course.turned, plan.course.resets) = (1, [])
        let breach = try plan.run(seed: 1).breach
        #expect(breach?.hasPrefix("content is ") == true, "\(breach ?? "nothing")")
    }

    @Test("one seed is one course, and a breach prints it")
    func replay() throws {
        let plan = try #require(LearningPlan.plans.first)
        var short = plan
        short.course.requests = 4_500
        let (first, second, other) = (try short.run(seed: 7), try short.run(seed: 7), try short.run(seed: 8))
        #expect(first == second && first.json == second.json && first != other)
        var broken = plan
        broken.course.explored = 1
        #expect(try broken.run(seed: 7).description.contains("swiftlet simulate learning-\(plan.name) --seed 7"))
    }

    // MARK: What watches can find out

    struct Mutant: Sendable, CustomTestStringConvertible {
        let name: String
        let says: String
        let change: @Sendable (inout LearningCourse) -> Void
        var testDescription: String { name }
    }

    static let mutants: [Mutant] = [
        Mutant(name: "everybody tries", says: "tried another model") { $0.explored = 1 },
        Mutant(name: "what is believed holds at once", says: "the gate says") {
            $0.learn = { learner, lessons, state, seconds in
                var next = learner.learn(lessons, from: state, at: seconds)
                for bin in 0..<Correction.bins { next.inEffect[4, bin] = min(max(next.belief.mean[4, bin], -0.4), 0.4) }
                return next
            }
        },
        Mutant(name: "a gate that passes what nothing was tried of", says: "rated choices") {
            $0.learn = { _, _, state, _ in
                var next = state
                next.inEffect[4, 2] = -0.3
                let change = Interval(estimate: 0, low: 0, high: 0)
                next.verdicts[4] = LearningGate.Verdict(change: change, opinions: 900, changed: 0.1, open: 90, tried: 90, allowed: 0.02)
                return next
            }
        },
        Mutant(name: "a step without a bound", says: "at once") {
            $0.learn = { learner, lessons, state, seconds in
                var next = learner.learn(lessons, from: state, at: seconds)
                if !next.inEffect.isNothing { next.inEffect[4, 1] = state.inEffect[4, 1] - 0.9 }
                return next
            }
        },
        Mutant(name: "a way back that keeps what holds", says: "way back") { $0.forget = { state, _ in state } },
        Mutant(name: "a way back that keeps what is believed", says: "a belief outlived") {
            $0.forget = { state, seconds in
                var empty = Learner.TenantState.forgotten(at: seconds)
                empty.belief = state.belief
                return empty
            }
        },
    ]

    @Test("each rule that could be broken is found broken", arguments: mutants)
    func finds(_ mutant: Mutant) throws {
        var plan = try #require(LearningPlan.plans.first)
        mutant.change(&plan.course)
        let breach = try plan.run(seed: 1).breach
        #expect(breach?.contains(mutant.says) == true, "\(breach ?? "nothing")")
    }
}
