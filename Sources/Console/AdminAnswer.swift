import Schema
import Storage
import Wire

/// What the admin API answers.
struct AdminAnswer: Sendable {
    var status = 200
    var type = "application/json"
    var body: [UInt8] = []
    var etag: String?
    var allow: String?
    /// What may be kept of it, and how long.
    var caching = "no-store"
    /// Other header fields.
    var fields: [(name: String, value: String)] = []
    /// Instead of a body: what goes on being said.
    var events: AdminEventStream?
    /// Instead of a body: what comes as it comes.
    var flow: AdminFlow?
    /// Seconds.
    var retryAfter: Int64?

    init(status: Int = 200, _ write: (inout JSONWriter) -> Void) {
        self.status = status
        var writer = JSONWriter()
        write(&writer)
        body = writer.bytes
    }

    init(text: String, type: String = "text/plain", status: Int = 200) {
        (self.status, self.type, body) = (status, type, Array(text.utf8))
    }

    /// Done, and nothing to say.
    static let nothing: AdminAnswer = {
        var answer = AdminAnswer(text: "")
        answer.status = 204
        return answer
    }()
}

/// Bytes as they come, each asked for once the one before is on its way.
struct AdminFlow: Sendable {
    let pieces: AsyncStream<[UInt8]>
    let more: @Sendable () -> Void
    /// Once, whatever ended it.
    let stop: @Sendable () -> Void
}

/// Why the admin API does not do what it was asked.
struct AdminRefusal: Error {
    var status: Int
    var code: String
    /// Lower case; says what is wrong and what to do. Never a secret.
    var message: String
    var problems: [Problem] = []
    var allow: String?
    /// Seconds.
    var retryAfter: Int64?

    init(_ status: Int, _ code: String, _ message: String, problems: [Problem] = []) {
        (self.status, self.code, self.message, self.problems) = (status, code, message, problems)
    }

    init(_ failure: StoreFailure) { self.init(503, "store_failed", "\(failure)") }

    static func unknown(_ what: String, _ name: String, among names: [String] = []) -> AdminRefusal {
        AdminRefusal(
            404, "not_found",
            "there is no \(what) `\(name.prefix(200))`\(Spelling.nearest(to: name, among: names).map { "; did you mean `\($0)`?" } ?? "")")
    }

    static func wrongMethod(_ allow: String) -> AdminRefusal {
        var refusal = AdminRefusal(405, "method_not_allowed", "this path takes \(allow)")
        refusal.allow = allow
        return refusal
    }

    private var type: String {
        switch status {
        case 401: "authentication_error"
        case 403: "permission_error"
        case 404: "not_found_error"
        case 409, 412: "conflict_error"
        case 429: "rate_limit_error"
        case 500...: "server_error"
        default: "invalid_request_error"
        }
    }

    func answer(requestID: String) -> AdminAnswer {
        var answer = AdminAnswer(status: status) { whole in
            whole.object { whole in
                whole.key("error")
                whole.object { error in
                    error.member("type", type)
                    error.member("code", code)
                    error.member("message", message)
                    error.member("request_id", requestID)
                    if !problems.isEmpty {
                        error.key("problems")
                        error.array { list in
                            for problem in problems {
                                list.object { line in
                                    line.member("path", problem.path)
                                    line.member("message", problem.message)
                                }
                            }
                        }
                    }
                }
            }
        }
        answer.allow = allow
        answer.retryAfter = retryAfter
        return answer
    }
}
