/// What a guard found in one text.
public struct GuardFinding: Hashable, Sendable {
    public var kind: GuardPolicy.Kind
    /// The kind of personal data, the keyword, the rule's name.
    public var detail: String
    public var role: GuardPolicy.Role
    /// Index of the text.
    public var text: Int
    /// Bytes of that text as it came.
    public var range: Range<Int>
    /// In parts of a thousand.
    public var score: Int
    public var action: GuardPolicy.Action
    /// Nothing came of it.
    public var isShadow: Bool
    /// What was found, its middle hidden: fit for logs.
    public var evidence: String
}

/// What becomes of a prompt or a reply.
public struct GuardOutcome: Sendable {
    /// Findings that are told one by one; the others are counted.
    public static let maxFindings = 100

    public var findings: [GuardFinding] = []
    /// By `GuardPolicy.Kind`.
    public var counts = [Int](repeating: 0, count: GuardPolicy.Kind.allCases.count)
    /// The strictest of what was found, shadows aside.
    public var action = GuardPolicy.Action.off
    /// Of `block`: what for.
    public var blocking: GuardFinding?
    public var route: String?
    /// For each text what it became; nil: it stays as it came.
    public var texts: [[UInt8]?] = []
    /// For conditions of rules, in parts of a thousand: the most suspicious text.
    public var injection = 0
    public var toxicity = 0
    public var scannedBytes = 0

    public init() {}

    mutating func note(_ finding: GuardFinding, route: String?) {
        counts[Int(finding.kind.rawValue)] += 1
        if findings.count < Self.maxFindings { findings.append(finding) }
        guard !finding.isShadow else { return }
        if finding.action == .block, blocking == nil { blocking = finding }
        if finding.action == .route, self.route == nil { self.route = route }
        action = max(action, finding.action)
    }
}

/// A piece of text and who said it.
public struct GuardedText: Sendable {
    public var role: GuardPolicy.Role
    public var bytes: [UInt8]

    public init(_ role: GuardPolicy.Role, _ bytes: [UInt8]) { (self.role, self.bytes) = (role, bytes) }
    public init(_ role: GuardPolicy.Role, _ text: String) { self.init(role, Array(text.utf8)) }
}
