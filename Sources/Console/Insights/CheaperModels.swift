import Routing
import Schema
import Settings
import Storage
import Wire

/// Models that are thought to be as capable as one in use, can do what it can, and would have cost less for the same tokens.
struct CheaperModels {
    let catalogue: PriceCatalogue
    let blueprint: Blueprint
    let names: [NameID: StoredName]

    /// How near a model must be: configured, at a provider that is, or in the catalogue only.
    enum Reach: String, CaseIterable { case configured, provider, catalogue }

    struct Found {
        struct Choice {
            var name: String
            var reach: Reach
            var capability: Double
            var price: Price
            var cost: Nanodollars
        }

        var deployment: String
        var requests: Int64
        var cost: Nanodollars
        var capability: Double
        var days: Double
        var choices: [Choice]
    }

    /// Capabilities are as sure as prices are: what is within it counts as alike.
    private static let leeway = 0.03
    /// Less is not worth a change.
    private static let leastSaving = 0.1
    private static let mostDeployments = 10
    private static let mostOfReach = 2

    private struct Row {
        var facts: ModelFacts
        var price: Price
        var capability: Double
    }

    /// - Parameters:
    ///   - used: Sums by deployment, the dearest first.
    ///   - days: Over which they were summed up.
    func found(_ used: [UsageRow], days: Double) -> [Found] {
        let spent = used.filter { $0.totals.cost > .zero }.prefix(Self.mostDeployments)
        guard !spent.isEmpty else { return [] }
        let rows = rows()
        return spent.compactMap { row in
            guard let name = names[NameID(rawValue: Int32(clamping: row.group[0]))]?.name,
                let own = blueprint.table.deployments.first(where: { $0.name == name }), let capability = own.quality ?? own.capability
            else { return nil }
            let choices = choices(for: own, capability, row.totals, rows)
            if choices.isEmpty { return nil }
            return Found(
                deployment: name, requests: row.totals.requests, cost: row.totals.cost, capability: capability, days: days, choices: choices)
        }
    }

    private func rows() -> [Row] {
        let now = Moment.now
        return catalogue.rows.compactMap { facts in
            guard !facts.isEmbedding, facts.retires.map({ $0 > now }) ?? true, var price = facts.price(at: now), price.input > 0 || price.output > 0
            else { return nil }
            // Sums of many prompts are no long prompt.
            price.forgetLongPrompts()
            let released = facts.released.map { 1970 + Double($0.seconds) / 31_556_952 } ?? InferredCapability.releaseYear(in: facts.model)
            let listed = facts.listPrice(at: now) ?? price
            let capability = InferredCapability.of(
                input: Double(listed.input) * 1e-9, output: Double(listed.output) * 1e-9, released: released)
            return Row(facts: facts, price: price, capability: capability)
        }
    }

    private func choices(for own: Deployment, _ capability: Double, _ totals: LedgerTotals, _ rows: [Row]) -> [Found.Choice] {
        let most = Double(totals.cost.amount) * (1 - Self.leastSaving)
        var found: [Found.Choice] = configured(own, capability, totals, most)
        let types = Set(blueprint.providers.values.map { type(of: $0).name })
        for row in rows where row.capability >= capability - Self.leeway && row.facts.lacks.subtracting(own.lacks).isEmpty {
            if let window = row.facts.context, let needed = own.contextWindow, window < needed / 2 { continue }
            let cost = row.price.cost(of: totals.usage)
            guard Double(cost.amount) <= most else { continue }
            found.append(
                Found.Choice(
                    name: row.facts.name, reach: types.contains(row.facts.provider) ? .provider : .catalogue, capability: row.capability,
                    price: row.price, cost: cost))
        }
        return Reach.allCases.flatMap { reach in
            found.filter { $0.reach == reach }.sorted { ($0.cost, $0.name) < ($1.cost, $1.name) }.prefix(Self.mostOfReach)
        }
    }

    private func configured(_ own: Deployment, _ capability: Double, _ totals: LedgerTotals, _ most: Double) -> [Found.Choice] {
        blueprint.table.deployments.compactMap { other in
            guard other.name != own.name, !other.paused, var price = other.price, let quality = other.quality ?? other.capability,
                quality >= capability - Self.leeway, other.lacks.subtracting(own.lacks).isEmpty
            else { return nil }
            price.forgetLongPrompts()
            let cost = price.cost(of: totals.usage)
            guard Double(cost.amount) <= most else { return nil }
            return Found.Choice(name: other.name, reach: .configured, capability: quality, price: price, cost: cost)
        }
    }
}

extension CheaperModels.Found {
    func write(to line: inout JSONWriter) {
        line.member("deployment", deployment)
        line.member("requests", requests)
        line.key("cost_usd")
        line.raw(cost.dollars)
        line.key("capability")
        line.raw(Self.rounded(capability))
        line.key("alternatives")
        line.array { list in
            for choice in choices {
                let saved = Nanodollars(cost.amount - choice.cost.amount)
                list.object { line in
                    line.member("name", choice.name)
                    line.member("reach", choice.reach.rawValue)
                    for (name, value) in [
                        ("capability", Self.rounded(choice.capability)), ("input_price", "\(Double(choice.price.input) / 1e9)"),
                        ("output_price", "\(Double(choice.price.output) / 1e9)"), ("cost_usd", choice.cost.dollars), ("saved_usd", saved.dollars),
                        ("saved_percent", Self.rounded(Double(saved.amount) / Double(cost.amount) * 100)),
                        ("saved_usd_in_30_days", Self.rounded(Double(saved.amount) / 1e9 / max(days, 1.0 / 24) * 30, digits: 1e4)),
                    ] {
                        line.key(name)
                        line.raw(value)
                    }
                }
            }
        }
    }

    private static func rounded(_ value: Double, digits: Double = 100) -> String { "\((value * digits).rounded() / digits)" }
}

/// What settings have and nobody asked for.
struct IdleParts: Sendable {
    private var models: [String] = []
    private var deployments: [String] = []
    private var keys: [String] = []

    init(document: Node, blueprint: Blueprint, sums: UsageSums, sample: InsightSample, names: [NameID: StoredName]) {
        func used(_ dimension: UsageDimension) -> Set<String> {
            Set((sums.parts[dimension] ?? []).compactMap { names[NameID(rawValue: Int32(clamping: $0.group[0]))]?.name })
        }
        let asked = used(.model).union(sample.routes.compactMap { names[$0]?.name })
        for section in ["models", "routes"] {
            for (name, node) in Collections.members(of: section, in: document) {
                let aliases = node["aliases"]?.items?.compactMap(\.scalar) ?? []
                if asked.isDisjoint(with: [name, "router/" + name] + aliases) { models.append(name) }
            }
        }
        let served = used(.deployment)
        deployments = blueprint.table.deployments.map(\.name).filter { !served.contains($0) }
        let seen = used(.key)
        keys = blueprint.keys.map(\.name).filter { !seen.contains($0) }
    }

    private static let most = 100

    func write(to line: inout JSONWriter) {
        for (name, list) in [("models", models), ("deployments", deployments), ("keys", keys)] {
            line.key(name)
            line.array { items in for item in list.prefix(Self.most) { items.string(item) } }
        }
    }
}
