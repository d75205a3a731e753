import Routing

/// What is known of a model at a provider: a row of the catalogue. What no source says is nil or in neither list.
public struct ModelFacts: Hashable, Sendable {
    /// The provider's type, as in settings.
    public var provider: String
    /// The provider's name for the model.
    public var model: String
    /// Other names of the same thing, such as its dated snapshots.
    public var aliases: [String] = []
    /// It makes vectors, not text.
    public var isEmbedding = false
    /// Tokens of prompt and answer together.
    public var context: Int?
    public var maxInput: Int?
    public var maxOutput: Int?
    /// Numbers in a vector.
    public var dimensions: Int?
    public var can: Abilities = []
    public var cannot: Abilities = []
    /// Where it is offered; empty: not said.
    public var regions: [String] = []
    public var released: Moment?
    /// From then on it does not answer, or not as itself.
    public var retires: Moment?
    /// By rising beginning; empty: no price is known.
    public var periods: [PricePeriod] = []
    /// The page that says so.
    public var source = ""
    /// The day on which that was so.
    public var read: Moment?
    /// The lists through which it was read, with their versions.
    public var via: String?
    /// Where the settings say what it costs, in their section `prices`: what it would cost without them.
    public var listed: [PricePeriod]?
    /// In the file it was read from.
    public var line = 0

    public init(provider: String, model: String) {
        self.provider = provider
        self.model = model
    }

    /// As it is written in `base_model` and by the command line.
    public var name: String { "\(provider)/\(model)" }

    /// What it is known not to do, of what requests may need.
    public var lacks: Needs { isEmbedding ? cannot.needs.union([.chat, .completions]) : cannot.needs }

    /// The period that `moment` falls into. Before the first one that has a beginning, the first holds: nothing else is known.
    public func period(at moment: Moment) -> PricePeriod? {
        periods.last { $0.from.map { $0 <= moment } ?? true } ?? periods.first
    }

    public func price(at moment: Moment) -> Price? { period(at: moment)?.price }

    /// By the vendor's list, where that is known: what was agreed with it says nothing of a model.
    public func listPrice(at moment: Moment) -> Price? {
        var facts = self
        facts.periods = listed ?? periods
        return facts.price(at: moment) ?? price(at: moment)
    }
}

/// What a model costs from some day on.
public struct PricePeriod: Hashable, Sendable {
    /// Nil: from the beginning, as far as is known.
    public var from: Moment?
    /// Nil: not known, or not by tokens.
    public var price: Price?
    /// Nano-dollars for one image, where images are not counted in tokens.
    public var perImage: Int64?

    public init(from: Moment? = nil, price: Price?, perImage: Int64? = nil) {
        self.from = from
        self.price = price
        self.perImage = perImage
    }
}

/// What models can do, finer than routing asks.
public struct Abilities: OptionSet, Hashable, Sendable {
    public let rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// By bit.
    static let names = [
        "tools", "parallel_tools", "vision", "documents", "audio_input", "audio_output", "json", "json_schema", "reasoning", "streaming",
        "prompt_cache", "embeddings",
    ]

    /// Nil: there is no such ability.
    public init?(named name: String) {
        guard let bit = Self.names.firstIndex(of: name) else { return nil }
        self.init(rawValue: 1 << UInt16(bit))
    }

    public var names: [String] { Self.names.enumerated().filter { rawValue & 1 << UInt16($0.offset) != 0 }.map(\.element) }

    /// What a request may need of a deployment; the rest makes no deployment ineligible.
    var needs: Needs {
        let pairs: [(String, Needs)] = [
            ("tools", .tools), ("vision", .vision), ("documents", .documents), ("audio_input", .audio), ("json", .json),
            ("reasoning", .reasoning), ("streaming", .streaming), ("embeddings", .embeddings),
        ]
        return pairs.reduce(into: []) { needs, pair in
            if let ability = Abilities(named: pair.0), contains(ability) { needs.formUnion(pair.1) }
        }
    }
}

extension Price {
    /// The classes by their names in the catalogue.
    static let classes: [(name: String, path: any WritableKeyPath<Price, Int64?> & Sendable)] = [
        ("cached_input", \.cachedInput), ("cache_write", \.cacheWrite), ("cache_write_1h", \.cacheWriteHour), ("reasoning", \.reasoning),
        ("audio_input", \.audioInput), ("audio_output", \.audioOutput), ("image_input", \.imageInput), ("image_output", \.imageOutput),
    ]

    /// What a longer prompt or another service tier costs: `own` where it is said, else as here; a class that costs here what its base
    /// class costs does so there.
    func longPrompt(_ own: [String: Int64]) -> Price {
        var price = Price(input: own["input"] ?? input, output: own["output"] ?? output)
        for (name, path) in Self.classes {
            let base = name == "reasoning" || name.hasSuffix("output") ? output : input
            price[keyPath: path] = own[name] ?? self[keyPath: path].flatMap { $0 == base ? nil : $0 }
        }
        return price
    }

    /// All classes, rounded; without the prices of long prompts and other tiers.
    func times(_ factor: Double) -> Price {
        func scaled(_ price: Int64) -> Int64 { Int64((Double(price) * factor).rounded()) }
        var own = ["input": scaled(input), "output": scaled(output)]
        for (name, path) in Self.classes { own[name] = self[keyPath: path].map(scaled) }
        return longPrompt(own)
    }
}
