import Routing

/// What somebody thought of an answer.
public struct Feedback: Hashable, Sendable {
    public var request: RequestID
    public var unixMilliseconds: Int64
    /// 0 is bad, 1 is good.
    public var score: Double
    /// As it was said; empty where only a score was.
    public var label: String

    public init(request: RequestID, unixMilliseconds: Int64, score: Double, label: String = "") {
        self.request = request
        self.unixMilliseconds = unixMilliseconds
        self.score = score
        self.label = label
    }
}

/// What clients say of answers, one for each request. It goes when the request's row does.
public protocol FeedbackStore: Sendable {
    /// The last of a request holds. False: there was one before.
    func keep(_ feedback: Feedback) throws(StoreFailure) -> Bool
    /// Of requests from one id on and before another, the newest first, at most `limit`.
    func feedback(from: RequestID, before: RequestID, limit: Int) throws(StoreFailure) -> [Feedback]
}

extension FeedbackStore {
    public func feedback(of request: RequestID) throws(StoreFailure) -> Feedback? {
        guard request.rawValue < .max, let next = RequestID(rawValue: request.rawValue + 1) else { return nil }
        return try feedback(from: request, before: next, limit: 1).first
    }
}
