import Routing
import Storage
import Translation

/// Requests, tokens and cost of models, or of projects: by the ledger's numbers for them, which last as long as the store.
///
/// Operators name both, so they are few; the one that was counted last is found at once, others by looking through all. Of more than
/// `most` the rest is counted together.
struct NamedCounts: Sendable {
    struct One: Sendable {
        let id: NameID
        let name: String
        /// See `Counters.column`.
        var requests = [0, 0, 0, 0]
        var input: Int64 = 0
        var output: Int64 = 0
        var cost = Nanodollars.zero
    }

    static let most = 200
    static let rest = "(others)"

    private(set) var all: [One] = []
    private var last = 0

    mutating func add(_ id: NameID, _ name: @autoclosure () -> String, column: Int, _ usage: Usage, cost: Nanodollars?) {
        let at = place(of: id, name)
        all[at].requests[column] += 1
        guard let cost else { return }
        all[at].input &+= usage.totalInput
        all[at].output &+= usage.totalOutput
        all[at].cost = all[at].cost + cost
    }

    private mutating func place(of id: NameID, _ name: () -> String) -> Int {
        if last < all.count, all[last].id == id { return last }
        if let at = all.firstIndex(where: { $0.id == id }) {
            last = at
        } else if all.count < Self.most {
            last = all.count
            all.append(One(id: id, name: name()))
        } else {
            // The last place is everybody's.
            if all.count == Self.most { all.append(One(id: .none, name: Self.rest)) }
            return Self.most
        }
        return last
    }

    static func += (left: inout NamedCounts, right: NamedCounts) {
        for one in right.all {
            let at = one.id == .none ? left.place(of: .none) { Self.rest } : left.place(of: one.id) { one.name }
            for column in one.requests.indices { left.all[at].requests[column] += one.requests[column] }
            left.all[at].input &+= one.input
            left.all[at].output &+= one.output
            left.all[at].cost = left.all[at].cost + one.cost
        }
    }
}

extension Settlement {
    /// By the model that was asked for and by the project.
    func countNames(in counters: inout Counters, status: Int, _ usage: Usage, cost: Nanodollars?, of exchange: Exchange) {
        let (request, live) = (exchange.request, exchange.live)
        let column = Counters.column(status)
        let route = request.entry.model.route
        if request.isOwnRoute(live) {
            counters.models.add(live.numbers.inline, "router/inline", column: column, usage, cost: cost)
        } else {
            counters.models.add(live.numbers.routes[route], live.table.routes[route].name, column: column, usage, cost: cost)
        }
        guard let project = request.entry.project else { return }
        counters.projects.add(live.number(ofProject: project, key: request.key), project, column: column, usage, cost: cost)
    }
}

extension Exposition {
    /// What clients asked for, whoever answered; and for whom.
    mutating func named(_ counters: Counters) {
        for (what, label, counts) in [("model", "model", counters.models), ("project", "project", counters.projects)] where !counts.all.isEmpty {
            family("swiftlet_\(what)_requests_total", "counter", "Requests by \(what) and class of answer, those of a route of their own as one.")
            for one in counts.all {
                for (column, outcome) in Self.outcomes.enumerated() where one.requests[column] > 0 || column == 0 {
                    sample("swiftlet_\(what)_requests_total", [label: one.name, "outcome": outcome], one.requests[column])
                }
            }
            family("swiftlet_\(what)_tokens_total", "counter", "Tokens by \(what).")
            for one in counts.all {
                sample("swiftlet_\(what)_tokens_total", [label: one.name, "type": "input"], one.input)
                sample("swiftlet_\(what)_tokens_total", [label: one.name, "type": "output"], one.output)
            }
            family("swiftlet_\(what)_cost_usd_total", "counter", "Cost by \(what), in US dollars.")
            for one in counts.all { sample("swiftlet_\(what)_cost_usd_total", [label: one.name], "\(Double(one.cost.amount) / 1e9)") }
        }
    }
}
