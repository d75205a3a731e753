import Routing
import Schema

/// Reads LiteLLM's model_prices_and_context_window.json: a map from a model's name to USD per token, sizes and `supports_…`.
struct LiteLLMPrices {
    private var file = CatalogueFile()
    private let day: Moment
    private var known: Set<String> = []
    /// Where a row names no page of its own.
    private static let list = "https://github.com/BerriAI/litellm/blob/main/model_prices_and_context_window.json"

    /// Its providers by ours. Those of Vertex AI have a suffix each.
    private static let providers = [
        "openai": "openai", "text-completion-openai": "openai", "azure": "azure", "azure_text": "azure", "anthropic": "anthropic",
        "gemini": "gemini", "bedrock": "bedrock", "bedrock_converse": "bedrock", "mistral": "mistral", "deepseek": "deepseek", "meta": "meta",
        "meta_llama": "meta", "cohere": "cohere", "cohere_chat": "cohere", "groq": "groq", "xai": "xai", "openrouter": "openrouter",
        "together_ai": "together", "perplexity": "perplexity", "cerebras": "cerebras", "moonshot": "moonshot", "zai": "zai",
        "dashscope": "alibaba", "huggingface": "huggingface", "fireworks_ai": "fireworks", "fireworks_ai-embedding-models": "fireworks",
    ]
    private static let prices = [
        "input_cost_per_token": "input", "output_cost_per_token": "output", "cache_read_input_token_cost": "cached_input",
        "cache_creation_input_token_cost": "cache_write", "cache_creation_input_token_cost_above_1hr": "cache_write_1h",
        "output_cost_per_reasoning_token": "reasoning", "input_cost_per_audio_token": "audio_input",
        "output_cost_per_audio_token": "audio_output", "input_cost_per_image_token": "image_input",
        "output_cost_per_image_token": "image_output",
    ]
    private static let abilities = [
        "supports_function_calling": "tools", "supports_parallel_function_calling": "parallel_tools", "supports_vision": "vision",
        "supports_pdf_input": "documents", "supports_audio_input": "audio_input", "supports_audio_output": "audio_output",
        "supports_response_schema": "json_schema", "supports_reasoning": "reasoning", "supports_prompt_caching": "prompt_cache",
        "supports_native_streaming": "streaming",
    ]
    private static let modes: Set<String> = ["chat", "completion", "responses", "embedding"]

    /// Nil: it is no such map.
    static func read(_ text: String, day: Moment) -> CatalogueFile? {
        guard let node = Array(text.utf8).withUnsafeBytes({ JSONNode.read($0, mostNodes: 2_000_000, countsLines: true) }),
            let entries = node.entries, entries.contains(where: { $0.node["litellm_provider"] != nil })
        else { return nil }
        var reading = LiteLLMPrices(day: day)
        for entry in entries where entry.name != "sample_spec" { reading.add(entry) }
        reading.file.isForeign = true
        return reading.file
    }

    private init(day: Moment) { self.day = day }

    private mutating func add(_ entry: Node.Entry) {
        guard let word = entry.node["litellm_provider"]?.scalar,
            let provider = word.hasPrefix("vertex_ai") ? "vertex" : Self.providers[word],
            Self.modes.contains(entry.node["mode"]?.scalar ?? "chat")
        else {
            file.skipped += 1
            return
        }
        var facts = ModelFacts(provider: provider, model: Self.model(entry.name, of: word))
        facts.line = entry.line
        facts.isEmbedding = entry.node["mode"]?.scalar == "embedding"
        let most = entry.node["max_input_tokens"] ?? (facts.isEmbedding ? entry.node["max_tokens"] : nil)
        facts.maxInput = count(most, entry)
        facts.maxOutput = facts.isEmbedding ? nil : count(entry.node["max_output_tokens"], entry)
        facts.dimensions = count(entry.node["output_vector_size"], entry)
        for (name, ability) in Self.abilities {
            guard let said = entry.node[name]?.scalar, let ability = Abilities(named: ability) else { continue }
            if said == "true" { facts.can.formUnion(ability) } else if said == "false" { facts.cannot.formUnion(ability) }
        }
        facts.retires = entry.node["deprecation_date"]?.scalar.flatMap { Moment(written: $0) }
        let source = entry.node["source"]?.scalar ?? ""
        facts.source = source.hasPrefix("https://") ? source : Self.list
        facts.read = day
        facts.via = "litellm"
        guard let price = price(entry, facts) else {
            file.skipped += 1
            return
        }
        facts.periods = [PricePeriod(price: price)]
        if known.insert(facts.name.lowercased()).inserted { file.rows.append(facts) } else { file.skipped += 1 }
    }

    /// Without the prefix by which LiteLLM tells providers apart.
    private static func model(_ name: String, of word: String) -> String {
        let prefixes = [word, word.hasPrefix("vertex_ai") ? "vertex_ai" : word.hasPrefix("fireworks_ai") ? "fireworks_ai" : ""]
        for prefix in prefixes where !prefix.isEmpty && name.hasPrefix(prefix + "/") { return String(name.dropFirst(prefix.count + 1)) }
        return name
    }

    private mutating func count(_ node: Node?, _ entry: Node.Entry) -> Int? {
        guard let node, !node.isNull else { return nil }
        // Some numbers stand there as text, and some as 8192.0.
        guard let number = node.scalar.flatMap({ Double($0) }), 1...1e9 ~= number else { return nil }
        return Int(number)
    }

    private mutating func price(_ entry: Node.Entry, _ facts: ModelFacts) -> Price? {
        var said: [ServiceTier: [Int: [String: Int64]]] = [:]
        for member in entry.node.entries ?? [] {
            guard let (name, tokens, tier) = Self.price(named: member.name), let text = member.node.scalar else { continue }
            guard let amount = DecimalDollars.nanodollars(text, shift: 6, rounding: true) else {
                file.problems.append(
                    Problem(entry.name.setting(member.name), line: member.line, "`\(text.prefix(60))` is not valid; expected USD per token"))
                continue
            }
            said[tier, default: [:]][tokens, default: [:]][name] = amount
        }
        let usual = said[.standard]?[0] ?? [:]
        guard let input = usual["input"], let output = usual["output"] ?? (facts.isEmbedding ? 0 : nil) else { return nil }
        var price = Price(input: input, output: output)
        for (name, path) in Price.classes { price[keyPath: path] = usual[name] }
        let flat = price
        func addLonger(_ tier: ServiceTier, to price: inout Price) {
            for (tokens, own) in said[tier] ?? [:] where tokens > 0 { price.setPrice(price.longPrompt(own), above: Int64(tokens)) }
        }
        addLonger(.standard, to: &price)
        // Half a price is none: what is said of long prompts alone, or of the cache, says nothing of the rest.
        for tier in Self.tiers.values where said[tier]?[0]?["input"] != nil && (facts.isEmbedding || said[tier]?[0]?["output"] != nil) {
            var own = flat.longPrompt(said[tier]?[0] ?? [:])
            addLonger(tier, to: &own)
            price.setPrice(own, of: tier)
        }
        if let times = entry.node["provider_specific_entry"]?["fast"]?.scalar.flatMap({ Double($0) }), 0...100 ~= times {
            price.setPrice(flat.times(times), of: .fast)
        }
        return price
    }

    private static let tiers: [String: ServiceTier] = ["_priority": .priority, "_flex": .flex, "_batches": .batch, "_ultrafast": .ultrafast]

    /// `input_cost_per_token_above_200k_tokens` is the input above 200,000 tokens, with `_priority` that of another service tier.
    /// Nil: no price.
    private static func price(named name: String) -> (name: String, tokens: Int, tier: ServiceTier)? {
        for (suffix, tier) in tiers where name.hasSuffix(suffix) {
            return usualPrice(named: String(name.dropLast(suffix.count))).map { ($0.name, $0.tokens, tier) }
        }
        return usualPrice(named: name).map { ($0.name, $0.tokens, .standard) }
    }

    private static func usualPrice(named name: String) -> (name: String, tokens: Int)? {
        if let plain = prices[name] { return (plain, 0) }
        guard name.hasSuffix("k_tokens"), let mark = name.range(of: "_above_", last: true), let plain = prices[String(name[..<mark.lowerBound])],
            let thousands = Int(name[mark.upperBound...].dropLast(8))
        else { return nil }
        return (plain, thousands * 1_000)
    }
}

extension String {
    /// The last place of `mark`.
    fileprivate func range(of mark: String, last: Bool) -> Range<Index>? {
        var at = index(endIndex, offsetBy: -mark.count, limitedBy: startIndex) ?? startIndex
        while at > startIndex {
            if self[at...].hasPrefix(mark) { return at..<index(at, offsetBy: mark.count) }
            at = index(before: at)
        }
        return nil
    }
}
