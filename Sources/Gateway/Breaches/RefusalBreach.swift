import Routing
import Storage
import Translation

/// Refusals that are breaches: of a key's status, its hard budget, its bounds.
extension RefusalCode {
    var breach: BreachTrigger? {
        switch self {
        case .keyPaused, .keyExpired, .projectInactive, .customerInactive: BreachTrigger(.keyStatus, rule: rawValue)
        case .keyBudgetExceeded, .projectBudgetExceeded, .budgetExceeded: BreachTrigger(.budgetCap, rule: rawValue)
        case .modelNotAllowed, .overrideNotAllowed, .deniedByRule, .residencyNotMet: BreachTrigger(.enforcement, rule: rawValue)
        default: nil
        }
    }
}

extension Loop {
    /// Of a refusal that a client is about to hear; nothing where it is no breach.
    /// - Parameter key: Index of the virtual key.
    func noteBreach(_ refusal: Refusal, key: Int, api: API?, id: RequestID? = nil, model: String = "") {
        if let trigger = refusal.code.breach { noteBreach(trigger, key: key, api: api, id: id, model: model) }
    }

    func noteBreach(_ trigger: BreachTrigger, key: Int, api: API?, id: RequestID? = nil, model: String = "") {
        server.breaches.report(
            BreachIncident(
                unixMilliseconds: WallClock.milliseconds(), key: live.keyName(key), trigger: trigger, action: .blocked,
                place: live.breachPlace(key: key, api: api, id: id, model: model)))
    }
}

extension Live {
    func owner(of key: Int) -> String? { blueprint.keys.indices.contains(key) ? blueprint.keys[key].owner : nil }

    /// What is known of a request before it is asked anywhere.
    func breachPlace(key: Int, api: API?, id: RequestID?, model: String) -> BreachPlace {
        var place = BreachPlace()
        if blueprint.keys.indices.contains(key) { (place.owner, place.project) = (owner(of: key) ?? "", standing(of: key).project ?? "") }
        place.endpoint = api?.name ?? ""
        place.model = model
        place.request = id?.rawValue ?? 0
        return place
    }
}

extension KeyRing.Verdict {
    /// The key that was presented, good or not.
    var index: Int? {
        switch self {
        case .key(let index), .former(let index, _): index
        case .missing, .unknown: nil
        }
    }
}
