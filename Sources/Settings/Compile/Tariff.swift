import Routing
import Schema

/// The catalogue as it stands on some day.
struct Tariff: Sendable {
    let catalogue: PriceCatalogue
    let moment: Moment

    func facts(of settings: DeploymentSettings, _ entry: ProviderEntry) -> ModelFacts? {
        if let base = settings.baseModel { return catalogue.facts(named: base, provider: entry.type.name) }
        return catalogue.facts(provider: entry.type.name, model: settings.model)
    }

    /// What a deployment costs at some moment. What is free or run by oneself costs what settings say, its deployment's or those of its
    /// model; that somebody calls it free stands above the latter.
    func price(of settings: DeploymentSettings, _ entry: ProviderEntry, _ facts: ModelFacts?) -> @Sendable (Moment) -> Price? {
        let kind = settings.kind ?? entry.provider.common.kind ?? entry.type.kind
        let isCalledFree = kind == .free && (settings.kind == .free || entry.type.kind != .free)
        let isSet = facts.map { $0.listed != nil && $0.provider == entry.type.name } ?? false
        let known = kind == .paid || isSet && !isCalledFree ? facts : nil
        return { moment in settings.price(over: known == nil && kind == .free ? .free : known?.price(at: moment)) }
    }

    /// By what the vendor charges, rather than by what was agreed with it; free of charge says nothing of a model.
    func capability(of settings: DeploymentSettings, _ facts: ModelFacts?) -> Double? {
        guard let price = facts?.listPrice(at: moment) ?? settings.price(over: nil) else { return nil }
        let released =
            facts?.released.map { 1970 + Double($0.seconds) / 31_556_952 } ?? InferredCapability.releaseYear(in: settings.baseModel ?? settings.model)
        return InferredCapability.of(input: Double(price.input) * 1e-9, output: Double(price.output) * 1e-9, released: released)
    }

    /// When a price at one of these types of providers changes next: requests may still bring up any of their models.
    func nextChange(of types: Set<String>) -> Moment? {
        types.compactMap { catalogue.change(of: $0, after: moment) }.min()
    }
}

extension DeploymentSettings {
    private var classes: [(name: String, said: USDPrice?)] {
        [
            ("input", inputPrice), ("output", outputPrice), ("cached_input", cachedInputPrice), ("cache_write", cacheWritePrice),
            ("cache_write_1h", cacheWriteHourPrice), ("reasoning", reasoningPrice), ("audio_input", audioInputPrice),
            ("audio_output", audioOutputPrice), ("image_input", imageInputPrice), ("image_output", imageOutputPrice),
        ]
    }

    var saysPrice: Bool { classes.contains { $0.said != nil } }

    /// Prompt and answer priced: these settings say all, and classes they leave out cost as these do. Otherwise what they say stands in
    /// place of `known`, for prompts of any length. Nil where nothing says what prompt and answer cost.
    /// Of other tiers what `tier_prices` says, else what is known, unless these settings say all.
    func price(over known: Price?) -> Price? {
        guard var price = usualPrice(over: known), let tierPrices else { return usualPrice(over: known) }
        for (tier, prices) in tierPrices.said { price.setPrice(price.longPrompt(prices.own), of: tier) }
        return price
    }

    private func usualPrice(over known: Price?) -> Price? {
        guard saysPrice else { return known }
        let isWhole = inputPrice != nil && outputPrice != nil
        if isWhole || known == nil, inputPrice == nil, outputPrice == nil { return nil }
        guard let known, !isWhole else { return changed(Price(input: 0, output: 0)) }
        var price = changed(known)
        price.forgetLongPrompts()
        for longer in known.above { price.setPrice(changed(longer.price), above: longer.tokens) }
        return price
    }

    private func changed(_ known: Price) -> Price {
        var price = known
        for (name, said) in classes {
            guard let said else { continue }
            switch name {
            case "input": price.input = said.nanodollars
            case "output": price.output = said.nanodollars
            default: if let path = Price.classes.first(where: { $0.name == name })?.path { price[keyPath: path] = said.nanodollars }
            }
        }
        return price
    }
}
