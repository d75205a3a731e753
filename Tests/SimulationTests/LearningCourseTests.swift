import Simulation
import Testing

/// The router, the tutor and the learner of the gateway against a truth that they do not know.
@Suite("Learning course") struct LearningCourseTests {
    static let seeds: [UInt64] = [1, 2]

    /// As the scorer has it: at one half a capable model is just worth its price.
    @Sendable private static func asScored(_ task: Int, _ score: Double, _ isCapable: Bool, _ seconds: Double) -> Double {
        0.9 - 0.1 * score - (isCapable ? 0 : max(0, 0.1 + 0.6 * (score - 0.5)))
    }

    private static func course(_ truth: @escaping @Sendable (Int, Double, Bool, Double) -> Double) -> LearningCourse {
        var course = LearningCourse(truth: truth)
        (course.tasks, course.rated, course.pause) = ([4], 1, 1_000)
        return course
    }

    /// The same without learning.
    private static func plain(_ course: LearningCourse, _ seed: UInt64) throws -> LearningCourse.Outcome.Part {
        var plain = course
        plain.isOn = false
        return try plain.run(seed: seed).whole
    }

    @Test("a cheap model that is good enough gets more of the work, and nobody is less content", arguments: seeds)
    func saves(_ seed: UInt64) throws {
        let course = Self.course { _, _, isCapable, _ in isCapable ? 0.86 : 0.85 }
        let (learnt, plain) = (try course.run(seed: seed), try Self.plain(course, seed))
        #expect(learnt.parts[9].capableShare < plain.capableShare - 0.08, "\(learnt.parts.map(\.capableShare))")
        #expect(learnt.whole.dollars < plain.dollars * 0.92)
        #expect(learnt.whole.quality > plain.quality - 0.005, "\(learnt.whole.quality) \(plain.quality)")
    }

    @Test("a cheap model that is not gets less, and content grows", arguments: seeds)
    func protects(_ seed: UInt64) throws {
        let course = Self.course { _, _, isCapable, _ in isCapable ? 0.9 : 0.45 }
        let (learnt, plain) = (try course.run(seed: seed), try Self.plain(course, seed))
        #expect(learnt.parts[9].quality > plain.quality + 0.08, "\(learnt.parts.map(\.quality))")
    }

    @Test("where the scorer is right there is little to lose: what trials and chance cost is bounded", arguments: seeds)
    func regret(_ seed: UInt64) throws {
        let course = Self.course(Self.asScored)
        let (learnt, plain) = (try course.run(seed: seed), try Self.plain(course, seed))
        #expect(plain.quality - learnt.whole.quality < 0.01, "\(plain.quality) \(learnt.whole.quality)")
        for part in learnt.parts { #expect(plain.quality - part.quality < course.learner.maxLoss) }
        #expect(Double(learnt.whole.trials) <= 0.05 * Double(learnt.whole.requests), "of all traffic")
    }

    @Test("one key that lies three times as often as all others speak moves nothing beyond that", arguments: seeds)
    func spam(_ seed: UInt64) throws {
        var course = Self.course(Self.asScored)
        course.spam = 3
        let (learnt, plain) = (try course.run(seed: seed), try Self.plain(course, seed))
        #expect(learnt.farthest <= 1.5 && plain.quality - learnt.whole.quality < 0.01, "\(plain.quality) \(learnt.whole.quality)")
        for part in learnt.parts { #expect(plain.quality - part.quality < course.learner.maxLoss) }
    }

    @Test("opinions that say nothing move nothing for long: the gate holds or takes back", arguments: seeds)
    func noise(_ seed: UInt64) throws {
        var course = Self.course(Self.asScored)
        (course.rated, course.spam, course.lie) = (0, 1, { _ in 1 })
        let learnt = try course.run(seed: seed)
        let plain = try Self.plain(course, seed)
        #expect(learnt.farthest <= 1.5)
        #expect(plain.quality - learnt.whole.quality < 0.1, "only one key speaks, and all it says is praise: a cheap model looks as good as any")
    }

    @Test("when the cheap model is changed for a bad one, what was learnt is taken back and forgotten", arguments: seeds)
    func forgets(_ seed: UInt64) throws {
        var course = Self.course { _, _, isCapable, seconds in isCapable ? 0.86 : seconds < 10_000 ? 0.85 : 0.3 }
        course.pause = 500
        course.learner.halfLife = 1_500
        let (learnt, plain) = (try course.run(seed: seed), try Self.plain(course, seed))
        #expect(learnt.parts[4].capableShare < 0.5, "it had learnt to trust it")
        #expect(learnt.parts[9].quality > learnt.parts[5].quality + 0.1 && learnt.parts[9].quality > plain.quality, "\(learnt.parts.map(\.quality))")
    }
}
