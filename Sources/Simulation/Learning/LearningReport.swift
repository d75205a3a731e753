import Routing
import Schema

/// What came of a course, beside the same requests without learning.
public struct LearningReport: Hashable, Sendable {
    public let name: String
    public let seed: UInt64
    public internal(set) var requests = 0
    /// Those that tried another model, and the highest share of them there ever was.
    public internal(set) var trials = 0
    public internal(set) var highestTrials = 0.0
    public internal(set) var lessons = 0
    /// How often a correction took effect, was moved on or taken back, since the last way back to the shipped scorer.
    public internal(set) var changes = 0
    /// Requests that came while something was in effect.
    public internal(set) var corrected = 0
    /// The farthest that anything in effect ever moved a score, in the logarithm of its odds.
    public internal(set) var farthest = 0.0
    /// The mean content of clients, from 0 to 1, and what it would have been with the shipped scorer.
    public internal(set) var content = 0.0
    public internal(set) var shippedContent = 0.0
    /// Of requests: answered by the capable model, in tenths of the course.
    public internal(set) var capable: [Double] = []
    public internal(set) var shippedCapable: [Double] = []
    private var contents: [Double] = []
    private var shippedContents: [Double] = []
    private var stepSeconds = 0.0
    /// Whoever watched had enough of it before its end.
    public internal(set) var isCutShort = false
    /// The first breach ends the run.
    public internal(set) var breach: String?

    init(name: String, seed: UInt64) {
        self.name = name
        self.seed = seed
    }

    mutating func take(_ run: LearningRun) {
        let outcome = run.outcome
        (trials, corrected, farthest, changes) = (outcome.whole.trials, outcome.corrected, outcome.farthest, outcome.state.changes)
        (content, capable, contents) = (outcome.whole.quality, outcome.parts.map(\.capableShare), outcome.parts.map(\.quality))
        stepSeconds = run.seconds / 10
        guard let watch = run.watch else { return }
        (highestTrials, lessons, breach, shippedContent) = (watch.highestTrials, watch.lessons, watch.breach, watch.outcome.whole.quality)
        (shippedCapable, shippedContents) = (watch.outcome.parts.map(\.capableShare), watch.outcome.parts.map(\.quality))
    }

    private static func mean(_ values: [Double]) -> Double { values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count) }

    private static let held =
        "At most 5 % of requests tried another model, no score moved before a replay had shown no loss, none beyond its bounds, "
        + "and each way back gave the shipped scorer to the bit."
}

extension LearningReport: CustomStringConvertible {
    public var description: String {
        let sums = """
            \(name), seed \(seed): \(requests) requests, \(trials) trials (never more than \(Report.percent(highestTrials))), \(lessons) lessons
            corrected: \(corrected) requests, by \(Report.fixed(farthest, 2)) at most
            capable model: \(Report.percent(Self.mean(capable))) of requests, \(Report.percent(Self.mean(shippedCapable))) as shipped
            content: \(Report.percent(content)), \(Report.percent(shippedContent)) as shipped

            """
        return sums + (breach.map { "BROKEN \($0)\nswiftlet simulate \(name) --seed \(seed)\n" } ?? Self.held + "\n")
    }

    /// For programs, in a fixed order. Shares from 0 to 1; lists have a value for each tenth of the course.
    public var json: String {
        func number(_ value: Double, _ digits: Int = 6) -> JSONText { .number(Report.fixed(value, digits)) }
        func list(_ values: [Double]) -> JSONText { .list(values.map { number($0) }) }
        let timeline = JSONText.object([
            ("step_seconds", number(stepSeconds, 0)), ("capable", list(capable)), ("capable_as_shipped", list(shippedCapable)),
            ("content", list(contents)), ("content_as_shipped", list(shippedContents)),
        ])
        let members: [(String, JSONText)] = [
            ("scenario", .string(name)), ("seed", .string("\(seed)")), ("requests", .number("\(requests)")), ("trials", .number("\(trials)")),
            ("highest_trials_share", number(highestTrials)), ("lessons", .number("\(lessons)")), ("changes", .number("\(changes)")),
            ("corrected", .number("\(corrected)")), ("farthest_correction", number(farthest)), ("content", number(content)),
            ("content_as_shipped", number(shippedContent)), ("timeline", timeline),
            ("held", breach == nil ? .string(Self.held) : .number("null")), ("breach", breach.map { .string($0) } ?? .number("null")),
        ]
        return JSONText.object(members + (isCutShort ? [("cut_short", .bool(true))] : [])).text() + "\n"
    }
}
