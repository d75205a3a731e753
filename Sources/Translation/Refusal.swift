import NIOCore
import Routing
import Wire

/// Our own no to a client, whatever the reason: written as an error object of the dialect it called.
public struct Refusal: Error, Sendable {
    public var code: RefusalCode
    public var status: Int
    public var type: String
    /// Lower case; says what is wrong and what to do. Never a secret.
    public var message: String
    /// The member of the request that is wrong.
    public var param: String?
    public var retryAfter: Duration?
    /// Header lines that say what is left of limits.
    public var limitLines: ByteBuffer?

    public init(_ code: RefusalCode, _ message: String, param: String? = nil, retryAfter: Duration? = nil) {
        self.code = code
        self.message = message
        self.param = param
        self.retryAfter = retryAfter
        (status, type) = code.answer
    }

    public init(_ malformed: Malformed) {
        self.init(malformed.member == nil ? .invalidJSON : .invalidValue, malformed.message, param: malformed.member)
    }

    /// Whole seconds for the `retry-after` header, rounded up, at least 1.
    public var retryAfterSeconds: Int64? {
        retryAfter.map { max(1, ($0.nanoseconds &+ 999_999_999) / 1_000_000_000) }
    }

    /// OpenAI's error object.
    public func body(requestID: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { whole in
            whole.key("error")
            whole.object { error in
                error.member("message", message)
                error.member("type", type)
                error.member("param", orNull: param)
                error.member("code", code.rawValue)
                error.member("request_id", requestID)
            }
        }
        return writer.bytes
    }

    /// The event that ends a stream whose status has already gone out as 200. OpenAI's SDKs raise `APIError` when an
    /// event's data has a member `error`; no `[DONE]` may follow, since that would be a success.
    public func writeEvent(requestID: String, into out: inout ByteBuffer) {
        out.writeStaticString("data: ")
        out.writeBytes(body(requestID: requestID))
        out.writeStaticString("\n\n")
    }
}

/// The `code` member of our refusals.
public enum RefusalCode: String, CaseIterable, Sendable {
    case invalidAPIKey = "invalid_api_key"
    case keyPaused = "key_paused"
    case keyExpired = "key_expired"
    case projectInactive = "project_inactive"
    case customerInactive = "customer_inactive"
    case modelNotAllowed = "model_not_allowed"
    case residencyNotMet = "residency_not_met"
    case deniedByRule = "denied_by_rule"
    case guardrailBlocked = "guardrail_blocked"
    case firewallBlocked = "firewall_blocked"
    case overrideNotAllowed = "override_not_allowed"
    case modelNotFound = "model_not_found"
    case unknownURL = "unknown_url"
    case responseNotFound = "response_not_found"
    case requestNotFound = "request_not_found"
    case methodNotAllowed = "method_not_allowed"
    case invalidRequest = "invalid_request"
    case invalidJSON = "invalid_json"
    case invalidValue = "invalid_value"
    case requestTooLarge = "request_too_large"
    case headersTooLarge = "headers_too_large"
    case unsupportedMediaType = "unsupported_media_type"
    case requestTimeout = "request_timeout"
    case idempotencyInProgress = "idempotency_in_progress"
    case idempotencyReplayNotPossible = "idempotency_replay_not_possible"
    case idempotencyKeyReused = "idempotency_key_reused"
    case keyBudgetExceeded = "key_budget_exceeded"
    case projectBudgetExceeded = "project_budget_exceeded"
    case budgetExceeded = "budget_exceeded"
    case modelUnpriced = "model_unpriced"
    case rateLimitExceeded = "rate_limit_exceeded"
    case contextLengthExceeded = "context_length_exceeded"
    case contentPolicyViolation = "content_policy_violation"
    case providerAuthFailed = "provider_auth_failed"
    case providerNotFound = "provider_not_found"
    case providerQuotaExceeded = "provider_quota_exceeded"
    case providerRejected = "provider_rejected"
    case providerError = "provider_error"
    case providerUnavailable = "provider_unavailable"
    case malformedReply = "malformed_reply"
    case streamInterrupted = "stream_interrupted"
    case noEligibleDeployment = "no_eligible_deployment"
    case moderationUnavailable = "moderation_unavailable"
    case overloaded = "overloaded"
    case shuttingDown = "shutting_down"
    case timeout = "timeout"
    case internalError = "internal_error"

    /// Status and `type`, which follow OpenAI's where it has the case.
    var answer: (status: Int, type: String) {
        switch self {
        case .invalidAPIKey: (401, "invalid_request_error")
        case .keyPaused, .keyExpired, .projectInactive, .customerInactive, .modelNotAllowed, .deniedByRule, .overrideNotAllowed,
            .residencyNotMet:
            (403, "permission_error")
        case .guardrailBlocked: (403, "guardrail_blocked")
        case .firewallBlocked: (422, "firewall_blocked")
        case .modelNotFound, .unknownURL, .responseNotFound, .requestNotFound: (404, "invalid_request_error")
        case .methodNotAllowed: (405, "invalid_request_error")
        case .invalidRequest, .invalidJSON, .invalidValue, .providerRejected: (400, "invalid_request_error")
        case .contextLengthExceeded, .contentPolicyViolation: (400, "invalid_request_error")
        case .requestTooLarge: (413, "invalid_request_error")
        case .headersTooLarge: (431, "invalid_request_error")
        case .unsupportedMediaType: (415, "invalid_request_error")
        case .requestTimeout: (408, "invalid_request_error")
        case .idempotencyInProgress, .idempotencyReplayNotPossible: (409, "invalid_request_error")
        case .idempotencyKeyReused: (422, "invalid_request_error")
        case .keyBudgetExceeded, .projectBudgetExceeded, .budgetExceeded, .modelUnpriced: (402, "insufficient_quota")
        case .rateLimitExceeded, .providerQuotaExceeded: (429, "rate_limit_error")
        case .providerAuthFailed, .providerNotFound, .providerError, .providerUnavailable: (502, "server_error")
        case .malformedReply, .streamInterrupted: (502, "server_error")
        case .noEligibleDeployment, .moderationUnavailable, .overloaded, .shuttingDown: (503, "server_error")
        case .timeout: (504, "timeout_error")
        case .internalError: (500, "server_error")
        }
    }
}

extension Refusal {
    /// What a client hears when the last attempt ended in `fault` and nothing is left to try. A provider's own words and
    /// status are kept where they are meant for the client; about its keys and addresses we say only whose they are.
    public init(lastFault fault: Fault, of provider: String, reply: FaultyReply?, retryAfter: Duration? = nil) {
        let said = reply?.message
        switch fault {
        case .rateLimit:
            self.init(.rateLimitExceeded, said ?? "provider \(provider) is over its rate limit", retryAfter: retryAfter)
        case .quotaExceeded:
            self.init(.providerQuotaExceeded, "the quota at provider \(provider) is used up", retryAfter: retryAfter)
        case .serverError:
            self.init(.providerError, "provider \(provider) failed")
        case .timeout:
            self.init(.timeout, "provider \(provider) did not answer in time")
        case .unavailable, .cancelled:
            self.init(.providerUnavailable, "provider \(provider) could not be reached")
        case .auth:
            self.init(.providerAuthFailed, "provider \(provider) refused the gateway's credential; its operator must mend that")
        case .notFound:
            self.init(.providerNotFound, "provider \(provider) does not know the model or path; the gateway's operator must mend that")
        case .contextWindow:
            self.init(.contextLengthExceeded, said ?? "the request is longer than the model's context")
        case .contentPolicy:
            self.init(.contentPolicyViolation, said ?? "provider \(provider) refused the content")
        case .badRequest:
            self.init(.providerRejected, said ?? "provider \(provider) refused the request")
        case .malformedReply:
            self.init(.malformedReply, "provider \(provider) answered something that is no answer")
        }
        let keeps = FaultSet(.rateLimit, .contextWindow, .contentPolicy, .badRequest)
        if keeps.contains(fault), let reply, (400..<500).contains(reply.status) {
            status = reply.status
            type = reply.type ?? type
        }
    }
}
