/// Why something was a breach: a guardrail, a rule of the firewall, or a bound of the key.
public struct BreachTrigger: Hashable, Sendable {
    public enum Kind: UInt8, CaseIterable, Sendable {
        case keywords = 1, injection, personalData, toxicity, budgetCap, keyStatus, enforcement, firewall, moderation

        /// As the API has it.
        public var name: String {
            switch self {
            case .keywords: "keywords"
            case .injection: "injection"
            case .personalData: "pii"
            case .toxicity: "toxicity"
            case .budgetCap: "budget_cap"
            case .keyStatus: "key_status"
            case .enforcement: "gateway_enforcement"
            case .firewall: "firewall"
            case .moderation: "moderation"
            }
        }

        /// How much one incident of it means, of 99.
        var weight: Int {
            switch self {
            case .injection: 55
            case .keyStatus: 50
            case .firewall, .moderation: 45
            case .toxicity: 40
            case .keywords, .personalData: 35
            case .enforcement: 30
            case .budgetCap: 25
            }
        }
    }

    public var kind: Kind
    /// Which rule, pattern or bound of that kind; empty where there is but one.
    public var rule: String

    /// Of `rule`, in bytes.
    public static let longestRule = 128

    public init(_ kind: Kind, rule: String = "") {
        self.kind = kind
        self.rule = rule.cut(to: Self.longestRule)
    }

    /// `firewall:no-secrets`; of those without a rule their kind alone.
    public var name: String { rule.isEmpty ? kind.name : "\(kind.name):\(rule)" }

    public init?(name: String) {
        let halves = name.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let kind = Kind.allCases.first(where: { $0.name == halves[0] }) else { return nil }
        self.init(kind, rule: halves.count == 2 ? String(halves[1]) : "")
    }
}

/// What was done to a request that broke a rule.
public enum BreachAction: UInt8, CaseIterable, Sendable {
    /// In shadow: it would have been done.
    case noted, warned, masked, routed, blocked

    public var name: String {
        switch self {
        case .noted: "noted"
        case .warned: "warned"
        case .masked: "masked"
        case .routed: "routed"
        case .blocked: "blocked"
        }
    }
}

/// One request that broke one rule.
public struct BreachIncident: Hashable, Sendable {
    public var unixMilliseconds: Int64
    public var key: String
    public var trigger: BreachTrigger
    public var action: BreachAction
    /// In thousandths how sure it is, for those that score.
    public var score: UInt16
    public var place: BreachPlace
    /// What was found, masked already. Longer than `longestEvidence` bytes is cut.
    public var evidence: String

    public static let longestEvidence = 200

    public init(
        unixMilliseconds: Int64, key: String, trigger: BreachTrigger, action: BreachAction, score: UInt16 = 1000, place: BreachPlace = BreachPlace(),
        evidence: String = ""
    ) {
        self.unixMilliseconds = unixMilliseconds
        self.key = key
        self.trigger = trigger
        self.action = action
        self.score = min(score, 1000)
        self.place = place
        self.evidence = evidence.cut(to: Self.longestEvidence)
    }
}

/// Where a breach was seen.
public struct BreachPlace: Hashable, Sendable {
    public var owner = ""
    public var project = ""
    /// The API that was called, as settings and metrics name it.
    public var endpoint = ""
    /// As it was asked for.
    public var model = ""
    /// Empty where the request did not come so far.
    public var provider = ""
    public var isReply = false
    /// Raw value of the request's id; 0: none.
    public var request: Int64 = 0

    public init() {}
}

/// Incidents of one key, trigger and hour, summed up: what goes to the store.
public struct BreachDelta: Hashable, Sendable {
    public var key: String
    public var trigger: BreachTrigger
    public var first: Int64
    public var last: Int64
    public var counts = BreachCounts()
    public var peak: UInt16
    /// Of the latest.
    public var place: BreachPlace
    /// The newest last, each once.
    public var evidence: [String] = []

    public static let mostEvidence = 4

    public init(_ incident: BreachIncident) {
        (key, trigger, peak, place) = (incident.key, incident.trigger, incident.score, incident.place)
        (first, last) = (incident.unixMilliseconds, incident.unixMilliseconds)
        counts.add(incident.action)
        if !incident.evidence.isEmpty { evidence = [incident.evidence] }
    }

    /// Of incidents of one delta.
    struct Group: Hashable {
        var key: String
        var trigger: BreachTrigger
        var hour: Int64

        init(_ incident: BreachIncident) {
            (key, trigger, hour) = (incident.key, incident.trigger, incident.unixMilliseconds.hour)
        }
    }

    mutating func add(_ incident: BreachIncident) {
        counts.add(incident.action)
        peak = max(peak, incident.score)
        first = min(first, incident.unixMilliseconds)
        if incident.unixMilliseconds >= last {
            last = incident.unixMilliseconds
            place = incident.place
        }
        evidence.keep(incident.evidence, most: Self.mostEvidence)
    }
}

/// Incidents that wait to be written, summed up by key, trigger and hour. At most `most` sums: incidents of further ones are dropped and
/// counted, so that a flood of keys takes bounded memory.
public struct BreachPile: Sendable {
    public static let most = 10_000

    private var places: [BreachDelta.Group: Int] = [:]
    public private(set) var deltas: [BreachDelta] = []
    public private(set) var dropped = 0

    public init() {}

    public var isEmpty: Bool { deltas.isEmpty }

    public mutating func add(_ incident: BreachIncident) {
        let group = BreachDelta.Group(incident)
        if let place = places[group] {
            deltas[place].add(incident)
        } else if deltas.count < Self.most {
            places[group] = deltas.count
            deltas.append(BreachDelta(incident))
        } else {
            dropped += 1
        }
    }
}

public struct BreachCounts: Hashable, Sendable {
    public var incidents: Int64 = 0
    /// By the raw value of `BreachAction`.
    private var byAction: [Int64] = Array(repeating: 0, count: BreachAction.allCases.count)

    public init() {}

    public subscript(action: BreachAction) -> Int64 {
        get { byAction[Int(action.rawValue)] }
        set { byAction[Int(action.rawValue)] = newValue }
    }

    mutating func add(_ action: BreachAction) {
        incidents += 1
        self[action] += 1
    }

    mutating func add(_ other: BreachCounts) {
        incidents = incidents.addingReportingOverflow(other.incidents).partialValue
        for action in BreachAction.allCases { self[action] = self[action].addingReportingOverflow(other[action]).partialValue }
    }
}

extension Int64 {
    /// Of milliseconds since 1970 the number of their hour.
    var hour: Int64 { self / 3_600_000 }
}

extension String {
    /// At most so many bytes, cut at a character.
    func cut(to longest: Int) -> String {
        guard utf8.count > longest else { return self }
        var kept = unicodeScalars.prefix(longest)
        while String(kept).utf8.count > longest { kept = kept.dropLast() }
        return String(kept)
    }
}

extension [String] {
    /// At the end, where it is not there yet; the first goes where there are too many.
    mutating func keep(_ text: String, most: Int) {
        guard !text.isEmpty, !contains(text) else { return }
        append(text)
        if count > most { removeFirst(count - most) }
    }
}
