import Guarding
import Routing
import Storage

extension BreachIncident {
    /// What a guardrail or a rule of the firewall has found in a request.
    init(_ event: GuardEvent) {
        var place = BreachPlace()
        (place.project, place.endpoint, place.isReply) = (event.project ?? "", event.api, event.direction == .reply)
        (place.owner, place.model, place.provider) = (event.owner, event.model, event.provider)
        place.request = event.request.rawValue
        self.init(
            unixMilliseconds: event.unixMilliseconds, key: event.key, trigger: BreachTrigger(event), action: BreachAction(event),
            score: UInt16(clamping: event.score), place: place, evidence: event.evidence)
    }
}

extension BreachTrigger {
    /// Rules of the firewall are apart; of a guardrail all that it finds is one breach.
    init(_ event: GuardEvent) {
        switch event.trigger {
        case .personalData: self.init(.personalData)
        case .injection: self.init(.injection)
        case .toxicity: self.init(.toxicity)
        case .keywords: self.init(.keywords)
        case .firewall: self.init(.firewall, rule: event.name)
        case .budgetCap: self.init(.budgetCap)
        case .keyStatus: self.init(.keyStatus)
        case .gateway: self.init(.enforcement, rule: event.name)
        }
    }
}

extension BreachAction {
    init(_ event: GuardEvent) {
        guard !event.isShadow else {
            self = .noted
            return
        }
        switch event.action {
        case .block: self = .blocked
        case .mask: self = .masked
        case .route: self = .routed
        case .warn: self = .warned
        default: self = .noted
        }
    }
}
