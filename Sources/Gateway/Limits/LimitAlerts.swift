import Logging
import Routing
import Settings
import Storage
import Wire

extension Server {
    /// A threshold of a budget was passed, and this gateway is the one to tell: in the log, among the events, to webhooks. Blocks on the
    /// store.
    func tell(_ crossing: LimitCrossing) {
        let now = WallClock.milliseconds()
        let isSpent = crossing.threshold >= 100
        let message = crossing.sentence
        log.warning(
            isSpent ? "a budget is used up" : "a budget nears its end",
            metadata: [
                "account": "\(crossing.account)", "threshold": "\(crossing.threshold)", "used": "\(crossing.used)", "limit": "\(crossing.limit)",
            ])
        var writer = JSONWriter()
        writer.object { event in
            event.member("account", crossing.account)
            event.member("threshold", Int64(crossing.threshold))
            event.member("used", crossing.used)
            event.member("limit", crossing.limit)
            event.member("message", message)
        }
        let stored = StoredEvent(unixMilliseconds: now, kind: AdminEvents.budgetAlert, detail: String(decoding: writer.bytes, as: UTF8.self))
        do throws(StoreFailure) { try store.append([stored], keeping: AdminEvents.mostEvents) } catch {
            log.error("an event could not be kept", metadata: ["problem": "\(error)"])
        }
        webhooks.send(
            WebhookMessage(
                isSpent ? .exhausted : .budget, message, unixMilliseconds: now,
                details: [
                    ("scope", .text("\(crossing.scope)")), ("owner", .text(crossing.owner)), ("unit", .text("\(crossing.unit)")),
                    ("threshold", .number(Int64(crossing.threshold))), ("used", .number(crossing.used)), ("limit", .number(crossing.limit)),
                    ("period_start", .text(crossing.window.start > 0 ? Timestamp.text(unixMilliseconds: crossing.window.start) : "")),
                ]))
    }
}

extension LimitCrossing {
    /// For people.
    var sentence: String {
        let whose = owner.isEmpty ? "the \(scope)" : "\(scope) `\(owner.prefix(100))`"
        let amount = unit == .nanodollars ? "\(LimitLines.dollars(used)) of \(LimitLines.dollars(limit)) USD" : "\(used) of \(limit) \(unit)"
        return "\(whose) has used \(amount), \(threshold) % or more of its budget"
    }
}
