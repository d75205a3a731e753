/// Why an attempt failed: the only vocabulary of retry, fallback, breaker and events.
public enum Fault: UInt8, CaseIterable, Sendable {
    case rateLimit, quotaExceeded, serverError, timeout
    /// Connect, DNS, TLS or reset: the provider could not be reached or went away.
    case unavailable
    case auth, notFound, contextWindow, contentPolicy
    /// The caller's own mistake; another provider would answer the same.
    case badRequest
    /// The provider answered something that is not an answer: HTML, cut-off JSON, garbage.
    case malformedReply
    /// The client went away.
    case cancelled

    /// The name in settings, events and metrics.
    public var name: String { "\(word)" }

    /// The name as it stands in the program: nothing is made to write it.
    public var word: StaticString {
        switch self {
        case .rateLimit: "rate_limit"
        case .quotaExceeded: "quota_exceeded"
        case .serverError: "server_error"
        case .timeout: "timeout"
        case .unavailable: "unavailable"
        case .auth: "auth"
        case .notFound: "not_found"
        case .contextWindow: "context_window"
        case .contentPolicy: "content_policy"
        case .badRequest: "bad_request"
        case .malformedReply: "malformed_reply"
        case .cancelled: "cancelled"
        }
    }

    public init?(name: String) {
        guard let fault = Fault.allCases.first(where: { $0.name == name }) else { return nil }
        self = fault
    }
}

/// A set of fault classes, as in `on: [rate_limit, timeout]`.
public struct FaultSet: OptionSet, Hashable, Sendable {
    public let rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }
    public init(_ faults: Fault...) { self.init(rawValue: faults.reduce(0) { $0 | 1 << $1.rawValue }) }

    public static let all = FaultSet(rawValue: (1 << UInt16(Fault.allCases.count)) - 1)
    public func contains(_ fault: Fault) -> Bool { rawValue & (1 << fault.rawValue) != 0 }
}
