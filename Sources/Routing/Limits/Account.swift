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
    /// Any second, not those of a clock: what was taken is given back a second later. Of requests alone.
    case second
}

/// Whose account it is. In the order in which exhausted ones are told: the first names the refusal.
public enum LimitScope: UInt8, CaseIterable, Sendable {
    case gateway, key, project, customer, organisation
    /// What everybody asks of a route.
    case route
    /// What one customer asks of a route, or one key for no customer.
    case caller
    case provider, deployment
}

/// Something that is counted and may have a limit: a key's dollars in a month, its requests in a minute.
///
/// Its name is the same on every gateway and after every restart: `key/support-bot/nanodollars/month`.
public struct Account: Hashable, Sendable {
    public var scope: LimitScope
    /// Of the key, project, customer, route, provider or deployment; empty for the gateway and the organisation. See `Account.caller`.
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

    public var kind: LeaseKind { unit == .parallel || period == .second ? .parallel : period == .minute ? .rate : .budget }

    /// The owner of accounts of scope `caller`: `key:support-bot@summarise`. No two callers of routes have the same.
    public static func caller(key name: String, of route: String) -> String { "key:\(escaped(name))@\(route)" }
    public static func caller(customer name: String, of route: String) -> String { "customer:\(escaped(name))@\(route)" }

    /// So that the first `@` is where the route begins.
    private static func escaped(_ name: String) -> String {
        var text = ""
        for character in name.unicodeScalars {
            switch character {
            case "%": text += "%25"
            case "@": text += "%40"
            default: text.unicodeScalars.append(character)
            }
        }
        return text
    }
}

/// Where the chains of a route stand in `AccountTable.routeChains`.
public struct RouteChains: Hashable, Sendable {
    public var first: Int
    /// 0: one chain for everybody. Else how many keys there are, each with a chain of its own; those of customers stand behind them.
    public var keys: Int

    public init(first: Int, keys: Int) { (self.first, self.keys) = (first, keys) }

    /// Of a request with this key and, if it has one, for this customer.
    public func chain(key: Int, customer: Int?) -> Int { keys == 0 ? first : first + (customer.map { keys + $0 } ?? key) }
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
    /// By `Route.ID`; nil where nobody is limited, empty where no route limits anybody.
    public var routes: [RouteChains?] = []
    /// What is charged beside its key's chain where a request is for such a route.
    public var routeChains: [[Int]] = []
    /// By `Deployment.ID`: the accounts of every attempt at it, its provider's among them.
    public var deployments: [[Int]] = []

    public init() {}

    public static let empty = AccountTable()
}
