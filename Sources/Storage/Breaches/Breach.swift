/// Incidents of one key and one trigger that belong together.
///
/// A breach is active for an hour after its last incident, then it is to be investigated, and a day after its last incident it is
/// resolved. An operator may say otherwise: what he resolves is open again with the next incident, what he investigates stays so until it
/// has been quiet for a day. Incidents join the breach of their key and trigger until it has been quiet for a day; then another begins.
public struct Breach: Hashable, Sendable {
    public enum Status: UInt8, CaseIterable, Sendable {
        case active, investigating, resolved

        public var name: String {
            switch self {
            case .active: "active"
            case .investigating: "investigating"
            case .resolved: "resolved"
            }
        }
    }

    public enum Severity: UInt8, CaseIterable, Sendable {
        case medium, high, critical

        public var name: String {
            switch self {
            case .medium: "medium"
            case .high: "high"
            case .critical: "critical"
            }
        }
    }

    /// What an operator said it is.
    public struct Mark: Hashable, Sendable {
        /// Active: as its incidents say.
        public var status: Status
        public var unixMilliseconds: Int64
        public var actor: String
        public var note: String

        public static let longestNote = 1000

        public init(_ status: Status, unixMilliseconds: Int64, actor: String, note: String = "") {
            self.status = status
            self.unixMilliseconds = unixMilliseconds
            self.actor = actor.cut(to: 200)
            self.note = note.cut(to: Self.longestNote)
        }
    }

    /// A line of its story.
    public struct Moment: Hashable, Sendable {
        public enum Kind: UInt8, CaseIterable, Sendable {
            case detected, repeated, risen, reopened, active, investigating, resolved

            public var name: String {
                switch self {
                case .detected: "detected"
                case .repeated: "repeated"
                case .risen: "severity"
                case .reopened: "reopened"
                case .active: "active"
                case .investigating: "investigating"
                case .resolved: "resolved"
                }
            }
        }

        public var kind: Kind
        public var from: Int64
        /// Of incidents of one hour the last.
        public var until: Int64
        public var incidents: Int64 = 0
        public var actor = ""
        /// Of an operator, or the severity it has risen to.
        public var note = ""

        func isRepeated(in hour: Int64) -> Bool { kind == .repeated && from.hour == hour }
    }

    public static let activeMilliseconds: Int64 = 3_600_000
    public static let quietMilliseconds: Int64 = 86_400_000
    public static let mostEvidence = 8
    public static let mostMoments = 48

    /// 0 until the store has given one.
    public var id: Int64 = 0
    public var key: String
    public var trigger: BreachTrigger
    public var first: Int64
    public var last: Int64
    public var counts = BreachCounts()
    /// The highest score of an incident, in thousandths.
    public var peak: UInt16 = 0
    /// Of the latest incident.
    public var place = BreachPlace()
    /// The newest last.
    public var evidence: [String] = []
    /// In order; the first stays, beyond `mostMoments` the oldest of the others go.
    public var timeline: [Moment] = []
    public var mark: Mark?

    public init(key: String, trigger: BreachTrigger, first: Int64, last: Int64) {
        self.key = key
        self.trigger = trigger
        self.first = first
        self.last = last
    }

    // MARK: What it is

    public func status(at now: Int64) -> Status {
        if mark?.status == .resolved || last <= now - Self.quietMilliseconds { return .resolved }
        return mark?.status == .investigating || last <= now - Self.activeMilliseconds ? .investigating : .active
    }

    /// 0 ... 99: what a trigger weighs, up to 10 for how sure it was, and 7 for each time that incidents have doubled.
    public var risk: Int {
        let doublings = counts.incidents > 0 ? 63 - counts.incidents.leadingZeroBitCount : 0
        return min(99, trigger.kind.weight + max(0, Int(peak) - 500) / 50 + 7 * doublings)
    }

    public var severity: Severity {
        switch risk {
        case 80...: .critical
        case 50...: .high
        default: .medium
        }
    }

    // MARK: What happens to it

    /// What is new about a breach after incidents.
    public enum News: UInt8, Sendable {
        case begun, reopened, risen

        public var name: String {
            switch self {
            case .begun: "begun"
            case .reopened: "reopened"
            case .risen: "severity"
            }
        }
    }

    static func begun(_ delta: BreachDelta) -> Breach {
        var breach = Breach(key: delta.key, trigger: delta.trigger, first: delta.first, last: delta.last)
        breach.sum(delta)
        breach.timeline = [Moment(kind: .detected, from: delta.first, until: delta.last, incidents: delta.counts.incidents)]
        return breach
    }

    /// Whether incidents are of this breach still. What comes late joins too.
    func admits(_ delta: BreachDelta) -> Bool { delta.first - Self.quietMilliseconds < last }

    mutating func take(_ delta: BreachDelta) -> News? {
        let before = severity
        let isClosed = mark?.status == .resolved
        first = min(first, delta.first)
        sum(delta)
        last = max(last, delta.last)
        if isClosed {
            mark = nil
            add(Moment(kind: .reopened, from: delta.first, until: delta.last, incidents: delta.counts.incidents))
        } else if let place = timeline.lastIndex(where: { $0.kind != .risen }), timeline[place].isRepeated(in: delta.first.hour) {
            timeline[place].incidents = timeline[place].incidents.addingReportingOverflow(delta.counts.incidents).partialValue
            timeline[place].until = max(timeline[place].until, delta.last)
        } else {
            add(Moment(kind: .repeated, from: delta.first, until: delta.last, incidents: delta.counts.incidents))
        }
        let isRisen = severity != before
        if isRisen { add(Moment(kind: .risen, from: delta.last, until: delta.last, note: severity.name)) }
        return isClosed ? .reopened : isRisen ? .risen : nil
    }

    mutating func take(_ mark: Mark) {
        self.mark = mark.status == .active ? nil : mark
        let kind: Moment.Kind =
            switch mark.status {
            case .active: .active
            case .investigating: .investigating
            case .resolved: .resolved
            }
        add(Moment(kind: kind, from: mark.unixMilliseconds, until: mark.unixMilliseconds, actor: mark.actor, note: mark.note))
    }

    private mutating func sum(_ delta: BreachDelta) {
        counts.add(delta.counts)
        peak = max(peak, delta.peak)
        if delta.last >= last { place = delta.place }
        for text in delta.evidence { evidence.keep(text, most: Self.mostEvidence) }
    }

    private mutating func add(_ moment: Moment) {
        timeline.append(moment)
        if timeline.count > Self.mostMoments { timeline.remove(at: 1) }
    }
}
