/// How hard a request is: what its prompt says, and what the conversation adds.
public struct Appraisal: Hashable, Sendable {
    /// Why there is no score. Who must choose then takes the most capable.
    public enum Trouble: UInt8, CaseIterable, Hashable, Sendable {
        case none
        /// The weights of the scorer are missing or damaged.
        case noScorer
        /// The request has no text of a user.
        case empty
        /// No word, number or character of any script.
        case odd

        public var text: String {
            switch self {
            case .none: ""
            case .noScorer: "there is no scorer"
            case .empty: "there is no text of a user"
            case .odd: "the text has no word or number"
            }
        }
    }

    /// Of the last user turn alone, 0 clearly simple ... 1 clearly complex; 1 where there is none.
    public var score: Float
    /// The same in its conversation: see `Circumstances`. What strategies and conditions go by.
    public var inContext: Float
    public var trouble: Trouble
    /// Names the conversation: who is one user may hold many, so it is not the session that sticky choices go by. 0: none is known.
    public var conversation: UInt64
    /// What reading and scoring the prompt took.
    public var nanoseconds: UInt32
    /// What learning made of it. Nil: it is off.
    public var learnt: Learnt?

    public init(score: Float, inContext: Float? = nil, conversation: UInt64 = 0, nanoseconds: UInt32 = 0) {
        self.score = score
        self.inContext = inContext ?? score
        self.conversation = conversation
        self.nanoseconds = nanoseconds
        trouble = .none
    }

    public init(_ trouble: Trouble, nanoseconds: UInt32 = 0) {
        self.init(score: 1, nanoseconds: nanoseconds)
        self.trouble = trouble
    }

    /// As it was written down with a decision: with what had been learnt by then.
    public init(_ logged: Decision.Complexity) {
        self.init(score: logged.score, inContext: logged.inContext)
        trouble = logged.trouble
    }

    public var isScored: Bool { trouble == .none }
}

/// What comes with a prompt and says how hard it is to answer: the prompt alone does not tell an agent in trouble from one that thrives.
///
/// Each moves the odds of the score by a factor; the factors are choices, not fitted, and small beside what the prompt says.
public struct Circumstances: Hashable, Sendable {
    /// Turns of the user, the last included.
    public var turns = 1
    public var hasTools = false
    /// Images, sound, documents: the scorer does not see them.
    public var hasAttachments = false
    /// Results of tools since the last turn of the user, and how many of them tell of an error.
    public var toolResults = 0
    public var toolErrors = 0

    public init() {}

    /// A request that is a prompt and nothing else keeps its score to the last bit.
    public func adjusted(_ score: Float) -> Float {
        let factor = factor
        guard factor != 1 else { return score }
        let kept = min(max(score, 0.001), 0.999)
        let odds = kept / (1 - kept) * factor
        return odds / (1 + odds)
    }

    private var factor: Float {
        // A long conversation holds more to keep in mind.
        var factor = power(1.1, min(max(0, turns - 1), 5))
        if hasTools { factor *= 1.25 }
        if hasAttachments { factor *= 1.5 }
        // The next step of a plan that works is easier than the plan; one that fails, or does not end, is harder.
        if toolResults > 0, toolErrors == 0 { factor *= 0.75 }
        factor *= power(1.6, min(max(0, toolErrors), 4))
        return factor * power(1.1, min(max(0, toolResults - 8), 10))
    }

    private func power(_ base: Float, _ exponent: Int) -> Float {
        var product: Float = 1
        for _ in 0..<exponent { product *= base }
        return product
    }
}
