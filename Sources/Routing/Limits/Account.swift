/// What an account counts.
public enum LimitUnit: UInt8, CaseIterable, Sendable {
    /// Money in billionths of a US dollar.
    case nanodollars
    case tokens
    case requests
    /// Requests in flight: given back when they end, never used up.
    case parallel
}

/// How long an account counts before it begins anew, in UTC. Weeks begin on Monday.
public enum LimitPeriod: UInt8, CaseIterable, Sendable {
    case minute, day, week, month, quarter, year
    /// Never anew. That of every account of requests in flight.
    case total
}

/// Whose account it is. In the order in which exhausted ones are told: the first names the refusal.
public enum LimitScope: UInt8, CaseIterable, Sendable {
    case gateway, key, project, customer, organisation, provider, deployment
}

/// Something that is counted and may have a limit: a key's dollars in a month, its requests in a minute.
///
/// Its name is the same on every gateway and after every restart: `key/support-bot/nanodollars/month`.
public struct Account: Hashable, Sendable {
    public var scope: LimitScope
    /// Of the key, project, customer, provider or deployment; empty for the gateway and the organisation.
    public var owner: String
    public var unit: LimitUnit
    public var period: LimitPeriod
    /// In `unit`. Nil: counted, never full.
    public var limit: Int64?
    /// False: a soft budget, over which requests are warned and let pass.
    public var isHard = true
    /// Whether a request over it has spent what it was given (402), rather than been too fast (429).
    public var isBudget: Bool
    /// Per cent of the limit at which somebody is told, rising.
    public var alerts: [Int] = []

    public init(_ scope: LimitScope, _ owner: String, _ unit: LimitUnit, per period: LimitPeriod, limit: Int64?) {
        self.scope = scope
        self.owner = owner
        self.unit = unit
        self.period = period
        self.limit = limit
        isBudget = unit == .nanodollars || unit == .tokens && period != .minute
    }

    public var name: String { "\(scope)/\(owner)/\(unit)/\(period)" }

    /// Whether what it counts must outlast the process: all but minutes and requests in flight.
    public var isDurable: Bool { kind == .budget }

    public var kind: LeaseKind { unit == .parallel ? .parallel : period == .minute ? .rate : .budget }
}

/// All accounts, and which of them a request is charged to.
public struct AccountTable: Hashable, Sendable {
    public var accounts: [Account] = []
    /// By index of the virtual key: the accounts of every request with it, its project's, customer's and the organisation's among
    /// them. Empty where nobody is limited.
    public var chains: [[Int]] = []
    /// By index of the project and of the customer: what is charged beside its key's chain where a request names one itself.
    public var projects: [[Int]] = []
    public var customers: [[Int]] = []
    /// By `Deployment.ID`: the accounts of every attempt at it, its provider's among them.
    public var deployments: [[Int]] = []

    public init() {}

    public static let empty = AccountTable()
}
