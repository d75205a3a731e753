import Routing

/// What somebody thought of an answer.
public struct Feedback: Hashable, Sendable {
    /// Who thought so: a client that said it, or one whose doings suggest it.
    public enum Source: UInt8, CaseIterable, Sendable {
        case said
        /// The conversation asked the same again.
        case regenerated
        /// Another model had to answer.
        case fallback
        /// The answer was not in the form of one.
        case badFormat

        public var name: String {
            switch self {
            case .said: "said"
            case .regenerated: "regenerated"
            case .fallback: "fallback"
            case .badFormat: "bad_format"
            }
        }
    }

    public var request: RequestID
    public var unixMilliseconds: Int64
    /// 0 is bad, 1 is good.
    public var score: Double
    /// As it was said; empty where only a score was.
    public var label: String
    public var source: Source
    /// `Lesson.encoded`: what learning is to know of the request. Empty: nothing.
    public var lesson: [UInt8]

    public init(
        request: RequestID, unixMilliseconds: Int64, score: Double, label: String = "", source: Source = .said, lesson: [UInt8] = []
    ) {
        self.source = source
        self.lesson = lesson
        self.request = request
        self.unixMilliseconds = unixMilliseconds
        self.score = score
        self.label = label
    }
}

/// What clients say of answers, one for each request. It goes when the request's row does.
public protocol FeedbackStore: Sendable {
    /// The last that was said of a request holds; what nobody said gives way to it. False: something was said before.
    func keep(_ feedback: Feedback) throws(StoreFailure) -> Bool
    /// What was said, and what was not, with its lessons: of the newest requests from one id on, at most `limit`.
    func opinions(from: RequestID, limit: Int) throws(StoreFailure) -> [Feedback]
    /// What was said of requests from one id on and before another, the newest first, at most `limit`; without lessons.
    func feedback(from: RequestID, before: RequestID, limit: Int) throws(StoreFailure) -> [Feedback]
}

extension FeedbackStore {
    public func feedback(of request: RequestID) throws(StoreFailure) -> Feedback? {
        guard request.rawValue < .max, let next = RequestID(rawValue: request.rawValue + 1) else { return nil }
        return try feedback(from: request, before: next, limit: 1).first
    }
}
