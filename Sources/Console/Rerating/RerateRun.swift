import Gateway
import Routing
import Settings
import Storage
import Wire

/// Goes through rows of the ledger, the newest first, and prices each as of its own day.
struct RerateRun: Sendable {
    var from: Int64
    var to: Int64
    var onlyUnpriced = true
    var deployment: String?
    var isApplied = false
    /// Older rows than this.
    var cursor: RequestID?

    /// Some seconds of work; who wants more asks again.
    static let mostRows = 50_000
    /// Rows of a transaction: writers of the ledger wait for it.
    private static let piece = 500

    init(from: Int64, to: Int64) {
        self.from = from
        self.to = to
    }

    /// For the audit log.
    var subject: String {
        "\(Timestamp.text(unixMilliseconds: from)) to \(Timestamp.text(unixMilliseconds: to)), \(onlyUnpriced ? "unpriced" : "all")"
            + (deployment.map { ", \($0)" } ?? "")
    }

    func run(_ blueprint: Blueprint, _ ledger: any Store) throws -> RerateReport {
        let names = try ledger.names()
        let prices = Dictionary(
            zip(blueprint.table.deployments, blueprint.upstreams).map { ($0.name, $1.priceThen) }
        ) { first, _ in first }
        var query = LedgerQuery(limit: Self.piece)
        query.from = .first(atUnixMilliseconds: from)
        query.before = min(cursor ?? .first(atUnixMilliseconds: to), .first(atUnixMilliseconds: to))
        if let deployment { query.deployment = names.first { $0.value == StoredName(kind: .deployment, name: deployment) }?.key }
        var report = RerateReport()
        while report.looked < Self.mostRows {
            let page = try ledger.requests(query)
            let reratings = page.rows.compactMap { rerating(of: $0, names, prices, &report) }
            if isApplied, !reratings.isEmpty { report.written += try ledger.rerate(reratings) }
            report.looked += max(1, page.rows.count)
            guard let next = page.next else { return report }
            query.before = next
        }
        report.next = query.before
        return report
    }

    private func rerating(
        of row: LedgerEntry, _ names: [NameID: StoredName], _ prices: [String: @Sendable (Moment) -> Price?], _ report: inout RerateReport
    ) -> Rerating? {
        // What was answered from a kept answer, or used nothing, has no cost to be known.
        guard !row.cached, row.usage.totalInput + row.usage.totalOutput > 0, let name = names[row.deployment]?.name else { return nil }
        guard !(onlyUnpriced && row.priced) else { return nil }
        guard let price = prices[name]?(Moment(seconds: row.startedUnixMilliseconds / 1000)) else {
            report.unknown[name, default: 0] += 1
            return nil
        }
        // Its tokens are those of all that were paid: nobody knows any more whose they are.
        guard !row.paidSeveral else {
            report.mixed += 1
            return nil
        }
        let cost = price.cost(of: row.usage)
        guard cost != row.cost || !row.priced else { return nil }
        report.add(name, from: row.cost, to: cost)
        return Rerating(request: row.id, before: row.cost, after: cost, tierUnpriced: !price.knows(row.usage.tier))
    }
}

extension LedgerEntry {
    /// Who lost a race was paid, whether its price was known or not, and so was who began a stream that another carried on.
    fileprivate var paidSeveral: Bool {
        attemptLog.dropLast().contains { tried in
            let hasBegun = streamed && tried.status == 200 && tried.firstByteMicroseconds != nil
            return tried.cost != .zero || tried.state == .cancelled || tried.state == .failed && hasBegun
        }
    }
}

struct RerateReport: Sendable {
    struct Part: Sendable {
        var requests = 0
        var before = Nanodollars.zero
        var after = Nanodollars.zero
    }

    var looked = 0
    var written = 0
    /// Left as they are: by deployment, whose price is still unknown.
    var unknown: [String: Int] = [:]
    /// Left as they are: more than one provider was paid.
    var mixed = 0
    var next: RequestID?
    private(set) var parts: [String: Part] = [:]

    var requests: Int { parts.values.reduce(0) { $0 + $1.requests } }
    var before: Nanodollars { parts.values.reduce(.zero) { $0 + $1.before } }
    var after: Nanodollars { parts.values.reduce(.zero) { $0 + $1.after } }

    mutating func add(_ deployment: String, from before: Nanodollars, to after: Nanodollars) {
        var part = parts[deployment] ?? Part()
        part.requests += 1
        part.before = part.before + before
        part.after = part.after + after
        parts[deployment] = part
    }

    func write(_ run: RerateRun, to whole: inout JSONWriter) {
        whole.object { whole in
            whole.member("from", Timestamp.text(unixMilliseconds: run.from))
            whole.member("to", Timestamp.text(unixMilliseconds: run.to))
            whole.member("applied", run.isApplied)
            whole.member("looked_at", looked)
            whole.member("requests", requests)
            if run.isApplied { whole.member("changed", written) }
            Self.write(before, after, &whole)
            whole.key("deployments")
            whole.array { list in
                for (name, part) in parts.sorted(by: { ($1.value.after, $0.key) < ($0.value.after, $1.key) }) {
                    list.object { line in
                        line.member("deployment", name)
                        line.member("requests", part.requests)
                        Self.write(part.before, part.after, &line)
                    }
                }
            }
            whole.key("left_out")
            whole.object { left in
                left.member("several_paid", mixed)
                left.key("unpriced")
                left.object { list in for (name, count) in unknown.sorted(by: { $0.key < $1.key }) { list.member(name, count) } }
            }
            whole.member("next", orNull: next?.description)
        }
    }

    private static func write(_ before: Nanodollars, _ after: Nanodollars, _ line: inout JSONWriter) {
        line.key("cost_before_usd")
        line.raw(before.dollars)
        line.key("cost_after_usd")
        line.raw(after.dollars)
    }
}
