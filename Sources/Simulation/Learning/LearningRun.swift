import Routing

/// A course under way.
struct LearningRun {
    private let course: LearningCourse
    private var random: Random
    private var router: Router
    private var tutor = Tutor()
    private var lessons: [RatedLesson] = []
    private var due: Double
    private(set) var outcome = LearningCourse.Outcome()
    /// Looks at everything; without one nobody does.
    var watch: LearningWatch?

    init(_ course: LearningCourse, seed: UInt64) throws(RoutingTableError) {
        self.course = course
        random = Random(seed: seed)
        router = Router(table: try LearningCourse.table(), seed: seed)
        due = course.pause
        tutor.explored = course.isOn ? course.explored : 0
    }

    /// One request: what is learnt before it, who answers, and what is said of that.
    mutating func request(_ number: Int) {
        let seconds = Double(number) / course.perSecond
        if course.resets.contains(number) { forget(before: number, at: Int64(seconds)) }
        if course.isOn, seconds >= due { learn(before: number, at: Int64(seconds)) }
        if !outcome.state.inEffect.isNothing { outcome.corrected += 1 }
        let now = Instant.zero + .milliseconds(Int64(seconds * 1000))
        let (task, score) = (course.tasks[random.below(course.tasks.count)], random.unit())
        let shipped = Appraisal(score: Float(score))
        var appraisal = shipped
        if course.isOn { tutor.instruct(&appraisal, task: UInt8(task), session: random.next()) }
        let seed = random.next()
        guard let (deployment, decision) = Self.serve(appraisal, by: &router, seed: seed, at: now) else { return }
        let isCapable = deployment == 1
        let chance = course.truth(task, score, isCapable, seconds)
        let isGood = random.unit() < chance
        let part = min(9, number * 10 / course.requests)
        outcome.parts[part].requests += 1
        outcome.parts[part].good += chance
        outcome.parts[part].dollars += LearningCourse.prices[isCapable ? LearningCourse.capable : LearningCourse.cheap] ?? 0
        if isCapable { outcome.parts[part].capable += 1 }
        let choice = LearningWatch.Choice(
            number: number, part: part, task: task, shipped: shipped, given: appraisal, deployment: deployment, decision: decision)
        let plainly = watch?.chosen(choice, seed: seed, at: now)
        if let plainly { watch?.outcome.parts[part].good += course.truth(task, score, plainly == 1, seconds) }
        guard course.isOn, let decision else { return }
        if decision.complexity?.learnt?.isTrial == true { outcome.parts[part].trials += 1 }
        let before = lessons.count
        rate(decision, isCapable, isGood, at: Int64(seconds))
        if lessons.count > before { watch?.rated(task, wasTried: plainly != deployment) }
        if lessons.count > 20_000 { lessons.removeFirst(lessons.count - 20_000) }
    }

    /// Of the whole course.
    var seconds: Double { Double(course.requests) / course.perSecond }

    func over() -> LearningCourse.Outcome {
        var whole = outcome
        whole.ratings = ModelRatings(course.learner.weighed(lessons, outcome.state, at: Int64(seconds)))
        return whole
    }

    /// Asks a router for one attempt, which succeeds. Nil: it has none to give.
    static func serve(_ appraisal: Appraisal, by router: inout Router, seed: UInt64, at now: Instant) -> (Deployment.ID, Decision?)? {
        var facts = Facts(needs: [.chat], inputTokens: 200, outputTokens: 200)
        facts.appraisal = appraisal
        var journey = Journey(in: router.table, route: 0, facts: facts, envelope: Envelope(deadline: now + .seconds(60)), seed: seed)
        journey.keepsDecision = true
        guard case .attempt(let attempt) = router.next(&journey, at: now) else { return nil }
        router.record(.success(firstByte: .milliseconds(200), total: .milliseconds(600), outputTokens: 200), of: attempt, in: &journey, at: now)
        return (attempt.deployment, journey.decision)
    }

    // MARK: Learning

    private mutating func learn(before number: Int, at seconds: Int64) {
        due += course.pause
        let old = outcome.state
        outcome.state = course.learn(course.learner, lessons, old, seconds)
        (tutor.inEffect, tutor.belief) = (outcome.state.inEffect, outcome.state.belief)
        outcome.farthest = max(outcome.farthest, outcome.state.inEffect.offsets.map(abs).max() ?? 0)
        watch?.learnt(old, outcome.state, before: number)
    }

    private mutating func forget(before number: Int, at seconds: Int64) {
        outcome.state = course.forget(outcome.state, seconds)
        (tutor.inEffect, tutor.belief) = (outcome.state.inEffect, outcome.state.belief)
        watch?.forgotten(outcome.state, before: number)
    }

    private mutating func rate(_ decision: Decision, _ isCapable: Bool, _ isGood: Bool, at seconds: Int64) {
        func lesson(_ key: UInt32) -> Lesson? { Lesson(decision, tenant: 1, key: key, deployment: isCapable ? 2 : 1, isFirst: true) }
        if random.unit() < course.rated, let one = lesson(1 + UInt32(random.below(4))) {
            let isTurned = course.turned > 0 && random.unit() < course.turned
            lessons.append(RatedLesson(one, seconds: seconds, score: isGood != isTurned ? 1 : 0))
        }
        guard random.unit() < course.spam, let one = lesson(99) else { return }
        lessons.append(RatedLesson(one, seconds: seconds, score: course.lie(isCapable)))
    }
}
