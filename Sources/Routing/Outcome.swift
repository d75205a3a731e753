/// How an attempt ended.
public enum Outcome: Hashable, Sendable {
    /// Both times from the attempt's start.
    case success(firstByte: Duration, total: Duration, outputTokens: Int, streamed: Bool = false, inputTokens: Int = 0)
    case fault(Fault, retryAfter: Duration?)
    /// The client went away, or the attempt lost a race: no verdict on the deployment.
    case cancelled
}
