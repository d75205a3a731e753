import Gateway
import Storage

/// Who changes what, for the audit log.
struct ChangeMark: Sendable {
    var actor: String
    var role: String
    /// `keys.create`, `settings.rollback` …
    var action: String
    var subject: String
    var requestID: String
    /// May point settings at the environment and the files of the gateway.
    var mayRefer = true
    /// What names what is taken away may stay as it is: its steps are skipped from then on.
    var leavesDangling = false

    init(actor: String, role: String, action: String, subject: String, requestID: String = "") {
        self.actor = actor
        self.role = role
        self.action = action
        self.subject = subject
        self.requestID = requestID
    }

    func entry(before: String = "", after: String = "") -> AuditEntry {
        AuditEntry(
            unixMilliseconds: WallClock.milliseconds(), actor: actor, role: role, action: action, subject: String(subject.prefix(500)),
            before: before, after: after, requestID: requestID)
    }
}

extension AdminCall {
    /// What this call does, as the audit log has it.
    func mark(_ action: String, _ subject: String) -> ChangeMark {
        var mark = ChangeMark(actor: caller.name, role: caller.role.rawValue, action: action, subject: subject, requestID: requestID)
        mark.mayRefer = caller.role == .admin
        return mark
    }
}
