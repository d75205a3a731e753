/// What a name in the ledger is the name of.
public enum NameKind: UInt8, CaseIterable, Sendable {
    case key, model, route, deployment, policy, rule, project, customer, provider, tag
}

/// A name's number in this store: rows carry four bytes instead of a string. Stable across restarts, never used again.
public struct NameID: RawRepresentable, Hashable, Comparable, Sendable {
    public let rawValue: Int32
    public init(rawValue: Int32) { self.rawValue = rawValue }

    /// Stands for "none": a request without a key, or refused before a deployment was chosen.
    public static let none = NameID(rawValue: 0)
    public static func < (left: NameID, right: NameID) -> Bool { left.rawValue < right.rawValue }
}

/// A name as it was interned.
public struct StoredName: Hashable, Sendable {
    public var kind: NameKind
    public var name: String

    public init(kind: NameKind, name: String) {
        self.kind = kind
        self.name = name
    }
}
