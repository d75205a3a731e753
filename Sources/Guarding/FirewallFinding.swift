/// One match of a rule.
public struct FirewallFinding: Hashable, Sendable {
    /// Index in `FirewallRules.rules`.
    public var rule: Int
    public var action: FirewallRules.Action
    /// Bytes of the text as it came.
    public var range: Range<Int>
    /// What was found, its middle hidden: fit for logs.
    public var evidence: String
}

/// What rules say of a text, or of as much of it as was read.
public struct FirewallReport: Hashable, Sendable {
    /// Matches that are told one by one; the others are counted.
    public static let maxFindings = 100

    /// In the order of the text, without those that an `allow` exempts.
    public var findings: [FirewallFinding] = []
    /// All matches, by rule.
    public var counts: [Int: Int] = [:]
    /// The match for which the text may not pass.
    public var block: FirewallFinding?

    public init() {}

    /// What happens to the text.
    public var action: FirewallRules.Action? {
        if block != nil { return .block }
        let actions = Set(findings.map(\.action))
        return [.mask, .warn, .log].first { actions.contains($0) }
    }

}

enum Evidence {
    private static let longest = 24

    /// The first characters and, of what is long enough, the last ones; between them a dot for each character, not too many.
    static func masked(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> String {
        let text = Array(String(decoding: bytes.prefix(4 * longest), as: UTF8.self).map { $0.isNewline ? " " : $0 })
        let isWhole = bytes.count <= 4 * longest
        let shown = text.count >= 12 ? 2 : text.count >= 5 ? 1 : 0
        let end = isWhole && text.count <= longest ? text.suffix(shown) : []
        let hidden = min(text.count, longest) - shown - end.count
        return String(text.prefix(shown)) + String(repeating: "•", count: max(hidden, 1)) + String(end)
            + (isWhole && text.count <= longest ? "" : "…")
    }
}
