import Guarding
import Translation

/// What guardrails and firewall found, and how much they read.
struct GuardCounts: Sendable {
    private static let actions = GuardPolicy.Action.allCases.count

    /// By kind, action, and whether nothing came of it.
    private var findings = Array(repeating: 0, count: GuardPolicy.Kind.allCases.count * actions * 2)
    /// Bytes of texts by endpoint: of prompts, then of replies.
    private var scanned = Array(repeating: 0, count: API.allCases.count * 2)
    /// Requests and replies that were refused or ended.
    var blocked = 0
    /// That would have been, but for `shadow`.
    var shadowBlocks = 0
    /// Bodies that nobody could read as texts: of pass-through endpoints, neither JSON nor text.
    var unread = 0

    mutating func found(_ kind: GuardPolicy.Kind, _ action: GuardPolicy.Action, isShadow: Bool, _ count: Int = 1) {
        findings[Self.place(kind, action, isShadow)] += count
    }

    mutating func read(_ bytes: Int, of api: API, reply: Bool) { scanned[Int(api.rawValue) * 2 + (reply ? 1 : 0)] += bytes }

    func findings(_ kind: GuardPolicy.Kind, _ action: GuardPolicy.Action, isShadow: Bool) -> Int { findings[Self.place(kind, action, isShadow)] }
    func scanned(_ api: API, reply: Bool) -> Int { scanned[Int(api.rawValue) * 2 + (reply ? 1 : 0)] }

    private static func place(_ kind: GuardPolicy.Kind, _ action: GuardPolicy.Action, _ isShadow: Bool) -> Int {
        (Int(kind.rawValue) * actions + Int(action.rawValue)) * 2 + (isShadow ? 1 : 0)
    }

    static func += (left: inout GuardCounts, right: GuardCounts) {
        for at in right.findings.indices { left.findings[at] += right.findings[at] }
        for at in right.scanned.indices { left.scanned[at] += right.scanned[at] }
        left.blocked += right.blocked
        left.shadowBlocks += right.shadowBlocks
        left.unread += right.unread
    }
}
