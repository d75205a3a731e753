import Routing
import Schema

/// What tokens of each class cost, USD for a million of them.
public struct PriceClasses: Configurable, Equatable {
    public var input: USDPrice?
    public var output: USDPrice?
    public var cachedInput: USDPrice?
    public var cacheWrite: USDPrice?
    public var cacheWriteHour: USDPrice?
    public var reasoning: USDPrice?
    public var audioInput: USDPrice?
    public var audioOutput: USDPrice?
    public var imageInput: USDPrice?
    public var imageOutput: USDPrice?

    public init() {}

    public static let fields: [Field<Self>] = [
        .setting("input", \.input, "USD per million tokens of the prompt."),
        .setting("output", \.output, "USD per million tokens of the answer; beside `input` it may be left out of embeddings only."),
        .setting("cached_input", \.cachedInput, "USD per million tokens read from the provider's cache; without it as `input`."),
        .setting("cache_write", \.cacheWrite, "USD per million tokens written to its cache for minutes; without it as `input`."),
        .setting("cache_write_1h", \.cacheWriteHour, "USD per million tokens written to its cache for an hour; without it as `cache_write`."),
        .setting("reasoning", \.reasoning, "USD per million tokens of reasoning; without it as `output`."),
        .setting("audio_input", \.audioInput, "USD per million tokens of audio sent; without it as `input`."),
        .setting("audio_output", \.audioOutput, "USD per million tokens of audio received; without it as `output`."),
        .setting("image_input", \.imageInput, "USD per million tokens of images sent; without it as `input`."),
        .setting("image_output", \.imageOutput, "USD per million tokens of images received; without it as `output`."),
    ]

    /// Nano-dollars by the names of the classes, those that are said.
    var said: [String: Int64] {
        let all: [(String, USDPrice?)] = [
            ("input", input), ("output", output), ("cached_input", cachedInput), ("cache_write", cacheWrite), ("cache_write_1h", cacheWriteHour),
            ("reasoning", reasoning), ("audio_input", audioInput), ("audio_output", audioOutput), ("image_input", imageInput),
            ("image_output", imageOutput),
        ]
        return all.reduce(into: [:]) { said, entry in said[entry.0] = entry.1?.nanodollars }
    }
}

/// What requests cost whose whole prompt is longer than so many tokens.
public struct LongPromptSettings: Configurable, Equatable {
    public var tokens = 0
    public var classes = PriceClasses()

    public init() {}

    public static let fields: [Field<Self>] =
        [.setting("tokens", \.tokens, in: 1...1_000_000_000, "Prompts with more tokens than these cost so, from the first token on.").required]
        + PriceClasses.fields.map { $0.within(\.classes) }
}

extension [LongPromptSettings] {
    /// - Parameter node: What has them as `above`, at `path`.
    fileprivate func checkRising(at path: String, _ node: Node, _ reading: inout Reading) {
        for (index, pair) in zip(self, dropFirst()).enumerated() where pair.1.tokens <= pair.0.tokens {
            let item = path.setting("above").item(index + 1)
            reading.problem(item.setting("tokens"), node["above"]?.items?[index + 1].line ?? node.line, "is not above the one before it")
        }
    }
}

/// What requests of one service tier cost.
public struct PricedTierSettings: Configurable, Equatable {
    public var classes = PriceClasses()
    public var above: [LongPromptSettings] = []

    public init() {}

    public static let fields: [Field<Self>] =
        PriceClasses.fields.map { $0.within(\.classes) } + [
            .setting("above", \.above, "What such requests cost whose whole prompt is longer, by rising `tokens`.")
        ]
}

/// A price from some day on.
public struct PricePeriodSettings: Configurable {
    public var from: Moment?
    public var classes = PriceClasses()
    public var above: [LongPromptSettings] = []
    public var tiers: PricedTiers<PricedTierSettings>?
    public var perImage: USDPrice?
    /// Where it is written.
    var path = ""
    var line = 0
    /// Something stands there, which may be none.
    private var saysOutput = false

    public init() {}

    public static let fields: [Field<Self>] =
        [.setting("from", \.from, "The day, or the second, from which it holds, in UTC; without it it always has.")]
        + PriceClasses.fields.map { $0.within(\.classes) } + [
            .setting("above", \.above, "What requests cost whose whole prompt is longer, by rising `tokens`; classes not said cost as here."),
            .setting("tiers", \.tiers, "What requests of other service tiers than the usual one cost; classes not said cost as here."),
            .setting("per_image", \.perImage, "USD for one image, where images are not counted in tokens; shown, not charged."),
        ]

    static let names = fields.map(\.name)

    var saysNothing: Bool { classes.said.isEmpty && above.isEmpty && tiers == nil && perImage == nil && from == nil }

    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> Self? {
        guard var period = read(node, at: path, &reading, besides: []) else { return nil }
        period.place(at: path, node, &reading)
        return period
    }

    mutating func place(at path: String, _ node: Node, _ reading: inout Reading) {
        (self.path, line) = (path, node.line)
        saysOutput = node["output"].map { !$0.isNull } ?? false
        let tiers = tiers?.said ?? []
        let saysMore = !classes.said.isEmpty || !above.isEmpty || !tiers.isEmpty
        if node["input"]?.isNull ?? true, saysMore { reading.problem(path, line, "has no price for `input`") }
        above.checkRising(at: path, node, &reading)
        for (tier, settings) in tiers {
            let name = "\(tier.name)"
            guard let node = node["tiers"]?[name] else { continue }
            settings.above.checkRising(at: path.setting("tiers").setting(name), node, &reading)
        }
    }

    /// Without a price for the prompt it says that from its day on the price is unknown.
    func period(ofEmbedding isEmbedding: Bool, _ reading: inout Reading) -> PricePeriod {
        var period = PricePeriod(from: from, price: nil, perImage: perImage?.nanodollars)
        let said = classes.said
        guard let input = said["input"] else { return period }
        guard let output = said["output"] ?? (isEmbedding ? 0 : nil) else {
            if !saysOutput { reading.problem(path, line, "has no price for `output`") }
            return period
        }
        var price = Price(input: input, output: output)
        for (name, keyPath) in Price.classes { price[keyPath: keyPath] = said[name] }
        for longer in above { price.setPrice(price.longPrompt(longer.classes.said), above: Int64(longer.tokens)) }
        let usual = price
        for (tier, settings) in tiers?.said ?? [] {
            var own = usual.longPrompt(settings.classes.said)
            for longer in settings.above { own.setPrice(own.longPrompt(longer.classes.said), above: Int64(longer.tokens)) }
            price.setPrice(own, of: tier)
        }
        period.price = price
        return period
    }
}

/// What a model costs and can do, above the catalogue's row of it: what is not said here stays as it is there.
public struct PriceSettings: Configurable {
    /// What is written without a list: one period.
    public var only = PricePeriodSettings()
    public var periods: [PricePeriodSettings]?
    public var aliases: [String]?
    public var kind: ModelKind?
    public var context: Int?
    public var maxInput: Int?
    public var maxOutput: Int?
    public var dimensions: Int?
    public var can: AbilityList?
    public var cannot: AbilityList?
    public var regions: [String]?
    public var released: Moment?
    public var retires: Moment?
    public var source: String?
    public var read: Moment?
    public var via: String?

    public init() {}

    private static let count = 1...1_000_000_000

    public static let fields: [Field<Self>] =
        PricePeriodSettings.fields.map { $0.within(\.only) } + [
            .setting("prices", \.periods, "Prices that change with time, by rising `from`, in place of one that is written beside it."),
            .setting("aliases", \.aliases, "Other names of the same thing, such as its dated snapshots."),
            .setting("mode", \.kind, "What it makes: text, or vectors."),
            .setting("context", \.context, in: count, "Tokens of prompt and answer together."),
            .setting("max_input", \.maxInput, in: count, "Tokens of a prompt, at most."),
            .setting("max_output", \.maxOutput, in: count, "Tokens of an answer, at most."),
            .setting("dimensions", \.dimensions, in: count, "Numbers in a vector, of embeddings."),
            .setting("can", \.can, "What it can do."), .setting("cannot", \.cannot, "What it cannot do; what is in neither list is unknown."),
            .setting("regions", \.regions, "Where it is offered."),
            .setting("released", \.released, "The day of its release, or of its first dated snapshot."),
            .setting("retires", \.retires, "The day from which it does not answer any more."),
            .setting("source", \.source, "Where it is written: a contract, or the address of a page."),
            .setting("read", \.read, "The day on which it was so."), .setting("via", \.via, "Through what it was read."),
        ]

    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> Self? {
        guard var row = read(node, at: path, &reading, besides: []) else { return nil }
        row.only.place(at: path, node, &reading)
        let beside = (node.entries ?? []).first { PricePeriodSettings.names.contains($0.name) && !$0.node.isEmpty }
        if row.periods != nil, let beside {
            reading.problem(path.setting(beside.name), beside.line, "`\(beside.name)` stands beside `prices`: put it into an item of that list")
        }
        for pair in zip(row.periods ?? [], (row.periods ?? []).dropFirst())
        where (pair.1.from?.seconds ?? .min) <= (pair.0.from?.seconds ?? .min) {
            reading.problem(pair.1.path.setting("from"), pair.1.line, "is not after the period before it")
        }
        let both = (row.can?.abilities ?? []).intersection(row.cannot?.abilities ?? [])
        if !both.isEmpty { reading.problem(path, node.line, "can and cannot do \(both.names.joined(separator: ", "))") }
        return row
    }

    /// Nil: nothing is said of what it costs.
    private var said: [PricePeriodSettings]? {
        if let periods { return periods }
        return only.saysNothing ? nil : [only]
    }

    // MARK: Above a row

    /// The row of this very name.
    /// - Parameter old: The row that the catalogue has under that name, which may be an alias there, or the model of a snapshot.
    func facts(_ provider: String, _ model: String, over old: ModelFacts?, _ reading: inout Reading) -> ModelFacts {
        var facts = old ?? ModelFacts(provider: provider, model: model)
        if facts.model.lowercased() != model.lowercased() { (facts.model, facts.aliases) = (model, []) }
        facts.aliases = aliases ?? facts.aliases
        if let kind { facts.isEmbedding = kind == .embedding }
        facts.context = context ?? facts.context
        facts.maxInput = maxInput ?? facts.maxInput
        facts.maxOutput = maxOutput ?? facts.maxOutput
        facts.dimensions = dimensions ?? facts.dimensions
        if can != nil || cannot != nil {
            let (can, cannot) = (can?.abilities ?? [], cannot?.abilities ?? [])
            facts.can = self.can == nil ? facts.can.subtracting(cannot) : can
            facts.cannot = self.cannot == nil ? facts.cannot.subtracting(can) : cannot
        }
        facts.regions = regions ?? facts.regions
        facts.released = released ?? facts.released
        facts.retires = retires ?? facts.retires
        addPrices(to: &facts, &reading)
        if source != nil || said != nil {
            (facts.source, facts.read, facts.via) = (source ?? "", read, via)
        } else {
            (facts.read, facts.via) = (read ?? facts.read, via ?? facts.via)
        }
        return facts
    }

    /// Until the first of its periods begins, the old ones hold.
    private func addPrices(to facts: inout ModelFacts, _ reading: inout Reading) {
        guard let said else { return }
        let isEmbedding = facts.isEmbedding
        let periods = said.map { $0.period(ofEmbedding: isEmbedding, &reading) }
        let past = periods.first?.from.map { first in facts.periods.filter { ($0.from?.seconds ?? .min) < first.seconds } } ?? []
        facts.listed = facts.listed ?? facts.periods
        facts.periods = past + periods
    }
}

public enum ModelKind: String, SettingChoice {
    case chat, embedding
}

/// Abilities by their names in the catalogue.
public struct AbilityList: SettingValue {
    public var abilities: Abilities

    public static let shape = Shape.list(.choice(Abilities.names))

    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> AbilityList? {
        guard let names = [String].read(node, at: path, &reading) else { return nil }
        var abilities: Abilities = []
        for (index, name) in names.enumerated() {
            if let ability = Abilities(named: name) {
                abilities.formUnion(ability)
            } else {
                let line = node.items?[index].line ?? node.line
                let help = Spelling.help(for: name, among: Abilities.names)
                reading.problem(path.item(index), line, "there is no ability `\(name.prefix(60))`\(help)")
            }
        }
        return AbilityList(abilities: abilities)
    }
}
