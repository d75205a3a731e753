/// Something that happened, kept for those who ask later.
public struct StoredEvent: Hashable, Sendable {
    /// Rises with time; 0 until the store has given one.
    public var id: Int64
    public var unixMilliseconds: Int64
    public var kind: String
    /// Raw value of the request's id; 0 for none.
    public var request: Int64
    /// A JSON object.
    public var detail: String

    public init(id: Int64 = 0, unixMilliseconds: Int64, kind: String, request: Int64 = 0, detail: String) {
        self.id = id
        self.unixMilliseconds = unixMilliseconds
        self.kind = kind
        self.request = request
        self.detail = detail
    }
}

/// What a stored document is.
public enum DocumentKind: UInt8, CaseIterable, Sendable {
    /// A setting above the file: the name is its path as a JSON list, the value JSON, or nothing where it is taken out.
    case setting
    case signal
    /// How the last look at a provider ended: the name is the provider's.
    case providerTest
    /// What canaries and shadows came to: the name is the gateway's.
    case trial
    /// What was learnt from feedback: the name says of which project, or of the models.
    case learning
}

public struct StoredDocument: Hashable, Sendable {
    public var name: String
    /// JSON, or empty.
    public var value: String

    public init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

/// What was counted in a calendar period, as 202611 for a month.
public struct PeriodCounter: Hashable, Sendable {
    public var name: String
    public var period: Int
    public var value: Int

    public init(name: String, period: Int, value: Int) {
        self.name = name
        self.period = period
        self.value = value
    }
}
