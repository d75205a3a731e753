import Routing
import Schema
import Translation

/// A model group: the name that clients send, and what serves it.
public struct ModelSettings: Configurable {
    public var strategy: StrategyName?
    public var deployments: [DeploymentSettings] = []
    public var route: Node?
    public var aliases: [String] = []
    public var hidden = false
    public var timeout: Duration?
    public var maxRetries: Int?
    public var retryPolicy = FaultCounts()
    public var hedge: HedgeSettings?
    public var commitGate: GateSettings?
    public var continuesStreams: Bool?
    public var cache: CachePolicy?
    public var prefersWarm: Bool?
    public var limits: RouteLimitSettings?
    public var personalData: PersonalDataSettings?
    public var stickyBy: StickyName?
    public var window: MeasureSpan?
    public var buffer: Double?
    public var mode: ModeName?
    public var axis: Axis?
    public var fallbacks: [String] = []
    public var contextWindowFallbacks: [String] = []
    public var contentPolicyFallbacks: [String] = []

    public init() {}

    public static let fields: [Field<Self>] = [
        .setting("strategy", \.strategy, "Which deployment is asked first; without it the router's."),
        .setting("deployments", \.deployments, "What serves it: each a provider and that provider's name for the model."),
        .setting("route", \.route, "A tree instead of `strategy` and `deployments`."),
        .setting("aliases", \.aliases, "Other names for it."),
        .setting("hidden", \.hidden, "Served, but not listed to clients."),
        .setting("timeout", \.timeout, in: .milliseconds(1) ... .seconds(86_400), "For each attempt; without it the router's."),
        .setting("max_retries", \.maxRetries, in: 0...100, "How often a deployment may be asked again; without it the router's."),
        .setting("retry_policy", \.retryPolicy, "Retries by fault, instead of `max_retries`; before the router's."),
        .setting("hedge", \.hedge, "A second attempt beside a slow one; without it the default policy's."),
        .setting("commit_gate", \.commitGate, "What a stream must show before its first byte goes to the client; without it the default policy's."),
        .setting(
            "continue_streams", \.continuesStreams,
            "Whether a text that breaks off in the middle is carried on by another deployment that `continues`; without it as the default policy."),
        .setting(
            "prompt_cache_affinity", \.prefersWarm,
            "Whether requests go where the provider remembers their prompt, if that is expected to cost no more; without it as the default policy."),
        .setting("cache", \.cache, "Answers that are kept and given again; without it as the request's policy says."),
        .setting("limits", \.limits, "What may be asked of it, by everybody together and by each, beside what keys and projects may."),
        .setting("pii", \.personalData, "What becomes of personal data in requests for it, beside `guardrails`: the stricter of the two holds."),
        .setting("sticky_by", \.stickyBy, "Of the strategy `percentage`: whose requests stay on one side."),
        .setting("window", \.window, "Of measured strategies: the time over which they measure; 15m, 1h, up to an hour, or total."),
        .setting("buffer", \.buffer, in: 0...10, "Of `latency`: how much slower than the fastest counts as equally fast; 0.1 is a tenth."),
        .setting("mode", \.mode, "Of `auto`: what counts most."),
        .setting("axis", \.axis, "Of `intelligent`: what counts most."),
        .setting("fallbacks", \.fallbacks, "Names tried in order once this one has failed; before the router's."),
        .setting("context_window_fallbacks", \.contextWindowFallbacks, "Names tried when the prompt was too long."),
        .setting("content_policy_fallbacks", \.contentPolicyFallbacks, "Names tried when the provider refused the content."),
    ]
}

/// A leaf: a provider, a model, and what is known of the two together.
public struct DeploymentSettings: Configurable {
    public var provider = ""
    public var model = ""
    public var name: String?
    public var weight: Double?
    public var kind: ProviderKind?
    public var quality: Double?
    public var region: String?
    public var zeroDataRetention: Bool?
    public var tags: [String] = []
    public var inputPrice: USDPrice?
    public var outputPrice: USDPrice?
    public var cachedInputPrice: USDPrice?
    public var cacheWritePrice: USDPrice?
    public var reasoningPrice: USDPrice?
    public var audioInputPrice: USDPrice?
    public var audioOutputPrice: USDPrice?
    public var cacheWriteHourPrice: USDPrice?
    public var imageInputPrice: USDPrice?
    public var imageOutputPrice: USDPrice?
    public var tierPrices: TierPriceSettings?
    public var baseModel: String?
    public var requestsPerMinute: Int?
    public var tokensPerMinute: Int?
    public var maxParallelRequests: Int?
    public var contextWindow: Int?
    public var lacks: [Capability]?
    public var continues = false
    public var promptCacheTime: Duration?
    public var paused = false
    public var timeout: Duration?
    public var maxRetries: Int?
    public var cooldownTime: Duration?
    public var on: FaultList?
    public var params: Node?
    public var virtualKey: String?
    public var quotas = QuotaSettings()

    public init() {}

    private static let count = 1...1_000_000_000

    public static let fields: [Field<Self>] =
        [
            .setting("provider", \.provider, "A name of the section `providers`.").required,
            .setting("model", \.model, "The provider's name for the model.").required,
            .setting("name", \.name, "The deployment's own name in headers and metrics; without it PROVIDER/MODEL."),
            .setting("weight", \.weight, in: 0...1e9, "Its share where shares count."),
            .setting("kind", \.kind, "Whether it is paid per use, free, or run by yourself; without it as the provider."),
            .setting("quality", \.quality, in: 0...1, "How good its answers are, for strategies that weigh quality; without it judged by price."),
            .setting("region", \.region, "Where it is; without it the provider's."),
            .setting("zero_data_retention", \.zeroDataRetention, "Whether nothing is kept of what it is sent; without it as the provider."),
            .setting("tags", \.tags, "Which requests it is for, with those of the provider."),
            .setting(
                "base_model", \.baseModel,
                "The model's name in the price catalogue, or PROVIDER/MODEL there, where `model` is a name of your own."),
            .setting("input_price", \.inputPrice, "USD per million tokens of the prompt; 0 is free, without it the catalogue's."),
            .setting("output_price", \.outputPrice, "USD per million tokens of the answer; 0 is free, without it the catalogue's."),
            .setting("cached_input_price", \.cachedInputPrice, "USD per million tokens read from the provider's cache; without it as the prompt."),
            .setting("cache_write_price", \.cacheWritePrice, "USD per million tokens written to the provider's cache; without it as the prompt."),
            .setting("reasoning_price", \.reasoningPrice, "USD per million tokens of reasoning; without it as the answer."),
            .setting("audio_input_price", \.audioInputPrice, "USD per million tokens of audio sent; without it as the prompt."),
            .setting("audio_output_price", \.audioOutputPrice, "USD per million tokens of audio received; without it as the answer."),
            .setting(
                "cache_write_1h_price", \.cacheWriteHourPrice, "USD per million tokens written to be kept an hour; without it as other cache writes."),
            .setting("image_input_price", \.imageInputPrice, "USD per million tokens of images sent; without it as the prompt."),
            .setting("image_output_price", \.imageOutputPrice, "USD per million tokens of images received; without it as the answer."),
            .setting("tier_prices", \.tierPrices, "Prices of other service tiers than the usual one; without them the catalogue's."),
            .setting("rpm", \.requestsPerMinute, in: count, "Requests per minute (UTC) that it takes at most, and is weighed by."),
            .setting("tpm", \.tokensPerMinute, in: count, "Tokens per minute (UTC) that it takes at most, and is weighed by."),
            .setting("max_parallel_requests", \.maxParallelRequests, in: count, "Requests in flight at once."),
            .setting(
                "context_window", \.contextWindow, in: 1...1_000_000_000,
                "Tokens of prompt and answer together; without it the catalogue's, and where that says nothing, nothing is too long."),
            .setting("lacks", \.lacks, "What it cannot do, all else it is believed to do; without it what the catalogue says it cannot do."),
            .setting("continues", \.continues, "It goes on with an unfinished answer that stands last in the conversation."),
            .setting(
                "prompt_cache_ttl", \.promptCacheTime, in: .zero ... .seconds(86_400),
                "How long its provider remembers a prompt after its last use; without it what the provider says. 0s: it does not."),
            .setting("paused", \.paused, "Taken out of service."),
            .setting(
                "timeout", \.timeout, in: .milliseconds(1) ... .seconds(86_400), "Time for an attempt to begin answering; without it the provider's."),
            .setting("max_retries", \.maxRetries, in: 0...100, "How often it may be asked again before another is."),
            .setting(
                "cooldown_time", \.cooldownTime, in: .zero ... .seconds(86_400), "How long it rests after failing; wins over the provider's word."),
            .setting("on", \.on, "After which faults of the others it is tried."),
            .setting("params", \.params, "Set in requests to it, in place of what the client sent."),
            .setting("virtual_key", \.virtualKey, "The virtual key on whose account it is called; while that key is paused it is skipped."),
        ] + QuotaSettings.fields.map { $0.within(\.quotas) }
}

extension DeploymentSettings {
    /// What is known of its provider, with a time of its own.
    func promptCache(over known: PromptCacheTerms?) -> PromptCacheTerms? {
        guard let promptCacheTime else { return known }
        guard promptCacheTime > .zero else { return nil }
        return PromptCacheTerms(lifetime: promptCacheTime, minTokens: known?.minTokens ?? 1_024, isExplicit: known?.isExplicit ?? false)
    }
}

/// USD per million tokens, kept as nano-dollars per million tokens.
public struct USDPrice: Hashable, SettingValue {
    public var nanodollars: Int64

    public static let shape = Shape.number
    public var written: String? { (Double(nanodollars) / 1e9).written }

    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> USDPrice? {
        readWord(node, at: path, &reading, expected: "USD per million tokens, such as 0.15") { text in
            guard let dollars = Double(text), 0...1_000_000 ~= dollars else { return nil }
            return USDPrice(nanodollars: Int64((dollars * 1e9).rounded()))
        }
    }
}

public enum Capability: String, SettingChoice {
    case streaming, tools, vision, json, reasoning, audio, embeddings, documents

    public var needs: Needs {
        switch self {
        case .streaming: .streaming
        case .tools: .tools
        case .vision: .vision
        case .json: .json
        case .reasoning: .reasoning
        case .audio: .audio
        case .embeddings: .embeddings
        case .documents: .documents
        }
    }
}
