/// Who changed what, and the settings as they were. Only ever added to.
public protocol AuditStore: Sendable {
    /// Adds an entry at the end of the chain, in one transaction with `change` where it belongs to one. Fails with `conflict` where
    /// `change.version` is not the one behind the newest: another gateway was quicker, read again.
    func append(_ entry: AuditEntry, with change: SettingsChange?) throws(StoreFailure) -> AuditEntry
    /// The newest first, with numbers below `cursor`.
    func audit(before cursor: Int64?, limit: Int) throws(StoreFailure) -> [AuditEntry]
    /// In order, from `number` on: to verify the chain.
    func audit(from number: Int64, limit: Int) throws(StoreFailure) -> [AuditEntry]
    /// 0 where nothing was ever changed.
    func settingsVersion() throws(StoreFailure) -> Int64
    /// The overlay as it was with that version, newest first; documents only where one version is asked for.
    func settingsVersions(before cursor: Int64?, limit: Int) throws(StoreFailure) -> [SettingsVersion]
    func settingsVersion(_ version: Int64) throws(StoreFailure) -> SettingsVersion?
}

public struct AuditEntry: Hashable, Sendable {
    /// Without gaps, from 1; 0 until the store has given one.
    public var number: Int64 = 0
    public var unixMilliseconds: Int64
    /// Whose token it was: a name, never the token.
    public var actor: String
    public var role: String
    /// `settings.change`, `keys.rotate`, `breaker.reset` …
    public var action: String
    /// What it was done to: a path of settings, a deployment.
    public var subject: String
    /// JSON with secrets covered; empty where there was or is nothing.
    public var before: String
    public var after: String
    public var requestID: String
    /// Hexadecimal SHA-256 of the entry's other members and of the hash before it; the store fills it in.
    public var hash: String = ""

    public init(
        unixMilliseconds: Int64, actor: String, role: String, action: String, subject: String, before: String = "", after: String = "",
        requestID: String = ""
    ) {
        self.unixMilliseconds = unixMilliseconds
        self.actor = actor
        self.role = role
        self.action = action
        self.subject = subject
        self.before = before
        self.after = after
        self.requestID = requestID
    }
}

/// A change of the overlay: which documents of kind `setting` come and go, and the version it makes.
public struct SettingsChange: Hashable, Sendable {
    public var version: Int64
    public var put: [StoredDocument]
    public var remove: [String]

    public init(version: Int64, put: [StoredDocument], remove: [String]) {
        self.version = version
        self.put = put
        self.remove = remove
    }
}

public struct SettingsVersion: Hashable, Sendable {
    public var version: Int64
    public var unixMilliseconds: Int64
    public var actor: String
    /// The whole overlay, where it was asked for.
    public var documents: [StoredDocument]

    public init(version: Int64, unixMilliseconds: Int64, actor: String, documents: [StoredDocument] = []) {
        self.version = version
        self.unixMilliseconds = unixMilliseconds
        self.actor = actor
        self.documents = documents
    }
}
