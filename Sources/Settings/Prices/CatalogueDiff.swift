import Routing

/// What a newer list of rows would change.
public struct CatalogueDiff: Sendable {
    public struct Change: Sendable {
        public var name: String
        /// Member by member; nil where there was or is none.
        public var members: [(name: String, old: String?, new: String?)]
    }

    public private(set) var added: [ModelFacts] = []
    /// Of providers that the newer list has rows of.
    public private(set) var removed: [ModelFacts] = []
    public private(set) var changed: [Change] = []

    public var isEmpty: Bool { added.isEmpty && removed.isEmpty && changed.isEmpty }

    public init(from catalogue: PriceCatalogue, to rows: [ModelFacts]) {
        for row in rows {
            guard let old = catalogue.own(row.provider, row.model) else {
                added.append(row)
                continue
            }
            let members = Self.members(old, row)
            if !members.isEmpty { changed.append(Change(name: row.name, members: members)) }
        }
        let names = Set(rows.map { $0.name.lowercased() })
        for provider in Set(rows.map(\.provider)).sorted() {
            removed += catalogue.rows(of: provider).filter { !names.contains($0.name.lowercased()) }
        }
    }

    private static func members(_ old: ModelFacts, _ new: ModelFacts) -> [(name: String, old: String?, new: String?)] {
        let before = old.described, after = new.described
        return zip(before, after).compactMap { $0.value == $1.value ? nil : ($0.name, $0.value, $1.value) }
    }
}

extension ModelFacts {
    /// All members in words; where it was read is none of them.
    public var described: [(name: String, value: String?)] {
        func list(_ texts: [String]) -> String? { texts.isEmpty ? nil : texts.joined(separator: " ") }
        return [
            ("aliases", list(aliases)), ("mode", isEmbedding ? "embedding" : nil), ("context", context.map { "\($0)" }),
            ("max_input", maxInput.map { "\($0)" }), ("max_output", maxOutput.map { "\($0)" }), ("dimensions", dimensions.map { "\($0)" }),
            ("can", list(can.names)), ("cannot", list(cannot.names)), ("regions", list(regions)), ("released", released?.day),
            ("retires", retires?.day), ("prices", periods.isEmpty ? nil : periods.map(\.described).joined(separator: "; ")),
        ]
    }

    /// These facts, and where they say nothing those of `old`: for lists that know less than ours. A price that is what the old row has
    /// in force leaves its periods as they are; another one holds from `day` on.
    func over(_ old: ModelFacts, from day: Moment) -> ModelFacts {
        var facts = self
        facts.model = old.model
        facts.aliases = old.aliases + aliases.filter { !old.aliases.contains($0) }
        facts.context = context ?? old.context
        facts.maxInput = maxInput ?? old.maxInput
        facts.maxOutput = maxOutput ?? old.maxOutput
        facts.dimensions = dimensions ?? old.dimensions
        facts.can = can.union(old.can.subtracting(cannot))
        facts.cannot = cannot.union(old.cannot.subtracting(can))
        if regions.isEmpty { facts.regions = old.regions }
        facts.released = released ?? old.released
        facts.retires = retires ?? old.retires
        if let known = old.price(at: day) {
            for at in facts.periods.indices { facts.periods[at].price = facts.periods[at].price?.withTiers(of: known) }
        }
        if facts.price(at: day) == old.price(at: day) {
            facts.periods = old.periods
        } else if !old.periods.isEmpty {
            let past = old.periods.filter { ($0.from?.seconds ?? .min) < day.seconds }
            facts.periods = past + facts.periods.map { PricePeriod(from: day, price: $0.price, perImage: $0.perImage) }
        }
        return facts
    }
}

extension PricePeriod {
    /// `from 2027-01-01: input 1 output 2, above 200000 tokens: input 2 output 3, flex: input 0.5 output 1`.
    public var described: String {
        var text = from.map { "from \($0.day): " } ?? ""
        text += price?.describedWithLonger ?? "unknown"
        for tier in price?.tiers ?? [] { text += ", \(tier.name): \(price?.price(of: tier)?.describedWithLonger ?? "")" }
        if let perImage { text += ", an image \(DecimalDollars.text(perImage))" }
        return text
    }
}

extension Price {
    /// With prices of tiers that only `old` knows, where it is the same price in the usual tier.
    fileprivate func withTiers(of old: Price) -> Price {
        var (price, usual, usualThen) = (self, self, old)
        usual.forgetTiers()
        usualThen.forgetTiers()
        guard usual == usualThen else { return self }
        for tier in old.tiers where price.price(of: tier) == nil { price.setPrice(old.price(of: tier), of: tier) }
        return price
    }

    var describedWithLonger: String { described + above.map { ", above \($0.tokens) tokens: \($0.price.described)" }.joined() }

    var described: String { said.map { "\($0.name) \($0.dollars)" }.joined(separator: " ") }
}
