import Schema

/// What holds for all model groups that do not say otherwise. The names are those of LiteLLM's `router_settings`.
public struct RouterSettings: Configurable {
    public var strategy: StrategyName?
    public var strategyArguments: RoutingStrategyArguments?
    public var tagFiltering = false
    public var tagFilteringMatchAny = true
    public var allowedFails: Int?
    public var cooldownTime: Duration?
    public var cooldowns = true
    public var maxRetries: Int?
    public var timeout: Duration?
    public var retryAfter: Duration?
    public var retryPolicy = FaultCounts()
    public var groupRetryPolicies = Named<FaultCounts>()
    public var preCallChecks = true
    public var allowedFailsPolicy = FaultCounts()
    public var aliases = Named<AliasSettings>()
    public var fallbacks = FallbackTable()
    public var contextWindowFallbacks = FallbackTable()
    public var contentPolicyFallbacks = FallbackTable()
    public var defaultFallbacks: [String] = []
    public var maxFallbacks = 5

    public init() {}

    var cooldownsOff: Bool {
        get { !cooldowns }
        set { cooldowns = !newValue }
    }

    public static let fields: [Field<Self>] = [
        .setting("strategy", \.strategy, "The strategy of model groups that name none; shuffle where nothing is said."),
        .setting("routing_strategy", \.strategy, "LiteLLM's name for `strategy`."),
        .setting("routing_strategy_args", \.strategyArguments, "What the strategy measures over, where a model group does not say."),
        .setting("enable_tag_filtering", \.tagFiltering, "Whether a request's tags select deployments."),
        .setting("tag_filtering_match_any", \.tagFilteringMatchAny, "Whether one common tag suffices; otherwise all must be carried."),
        .setting("allowed_fails", \.allowedFails, in: 0...63, "Faults within the cooldown time that a deployment may have before it rests."),
        .setting("cooldown_time", \.cooldownTime, in: .zero ... .seconds(86_400), "How long a deployment rests."),
        .setting("cooldowns", \.cooldowns, "Whether deployments rest at all."),
        .setting("disable_cooldowns", \.cooldownsOff, "The opposite of `cooldowns`."),
        .setting(
            "enable_pre_call_checks", \.preCallChecks,
            "Read for those who come from LiteLLM: context size, capabilities and regions are always checked before a call."),
        .setting("num_retries", \.maxRetries, in: 0...100, "How often a deployment may be asked again."),
        .setting("timeout", \.timeout, in: .milliseconds(1) ... .seconds(86_400), "For each attempt to begin answering; 60s where nothing is said."),
        .setting("retry_after", \.retryAfter, in: .zero ... .seconds(3600), "The shortest wait before a deployment is asked again."),
        .setting("retry_policy", \.retryPolicy, "Retries by fault, instead of `num_retries`."),
        .setting("model_group_retry_policy", \.groupRetryPolicies, "Retries by fault, by model group."),
        .setting(
            "allowed_fails_policy", \.allowedFailsPolicy,
            "Allowed fails by fault, at most 63; such a fault counts by itself, and makes nothing rest at once."),
        .setting("model_group_alias", \.aliases, "Other names for model groups: a name, or { model, hidden }."),
        .setting("fallbacks", \.fallbacks, "For each model group, the names tried in order once it has failed."),
        .setting("context_window_fallbacks", \.contextWindowFallbacks, "The same, when the prompt was too long."),
        .setting("content_policy_fallbacks", \.contentPolicyFallbacks, "The same, when the provider refused the content."),
        .setting("default_fallbacks", \.defaultFallbacks, "For model groups without fallbacks of their own."),
        .setting("max_fallbacks", \.maxFallbacks, in: 0...100, "Fallbacks that one request follows at most."),
    ]
}

/// LiteLLM's `routing_strategy_args`.
public struct RoutingStrategyArguments: Configurable {
    public var ttl: Duration?
    public var buffer: Double?
    public var maxLatencies: Int?

    public init() {}

    public static let fields: [Field<Self>] = [
        .setting("ttl", \.ttl, in: .seconds(1) ... .seconds(3600), "The time over which latencies count."),
        .setting("lowest_latency_buffer", \.buffer, in: 0...10, "How much slower than the fastest counts as equally fast."),
        .setting(
            "max_latency_list_size", \.maxLatencies, in: 1...1000,
            "Read for those who come from LiteLLM: a window of time counts here, not a number of calls."),
    ]
}

/// `gpt4: chat`, or `old: { model: chat, hidden: true }`.
public struct AliasSettings: SettingValue {
    public var model = ""
    public var hidden = false

    private struct Long: Configurable {
        var model = ""
        var hidden = false
        static let fields: [Field<Self>] = [
            .setting("model", \.model, "The model group.").required,
            .setting("hidden", \.hidden, "Served, but not listed to clients."),
        ]
    }

    public static let shape = Shape.either([.text("name"), Long.shape])

    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> AliasSettings? {
        if let name = node.scalar { return AliasSettings(model: name) }
        return Long.read(node, at: path, &reading).map { AliasSettings(model: $0.model, hidden: $0.hidden) }
    }
}

/// `[ { chat: [smart, other] } ]`, or the same as one map.
public struct FallbackTable: SettingValue {
    public struct Row: Sendable {
        public var model: String
        public var fallbacks: [String]
        public var line: Int
    }

    public var rows: [Row] = []

    public init() {}

    public static let shape = Shape.either([.list(.names(of: .list(.text("name")))), .names(of: .list(.text("name")))])
    public var written: String? { rows.isEmpty ? "[]" : nil }

    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> FallbackTable? {
        var table = FallbackTable()
        if node.isNull { return table }
        guard let items = node.items else {
            table.add(node, at: path, &reading)
            return table
        }
        for (index, item) in items.enumerated() { table.add(item, at: path.item(index), &reading) }
        return table
    }

    private mutating func add(_ node: Node, at path: String, _ reading: inout Reading) {
        guard let entries = reading.entries(of: node, at: path, expected: "a model group and its fallbacks") else { return }
        for entry in entries {
            let place = path.setting(entry.name)
            if rows.contains(where: { $0.model == entry.name }) {
                reading.problem(place, entry.line, "fallbacks of `\(entry.name)` are written twice")
            } else if let names = [String].read(entry.node, at: place, &reading) {
                rows.append(Row(model: entry.name, fallbacks: names, line: entry.line))
            }
        }
    }

    subscript(_ model: String) -> [String] { rows.first { $0.model == model }?.fallbacks ?? [] }
}

/// What holds for the gateway as a whole.
public struct GeneralSettings: Configurable {
    public var maxParallelRequests: Int?
    public var globalMaxParallelRequests: Int?
    public var unpricedCeiling: CeilingSettings?
    public var maxRequestMegabytes: Double?
    public var maxResponseMegabytes: Double?
    public var passThroughEndpoints: [PassThroughEndpoint] = []
    public var passThroughTimeout = Duration.seconds(600)

    public init() {}

    public static let fields: [Field<Self>] = [
        .setting(
            "max_parallel_requests", \.maxParallelRequests, in: 1...1_000_000_000,
            "Requests of one key in flight at once, for keys that say nothing themselves."),
        .setting("global_max_parallel_requests", \.globalMaxParallelRequests, in: 1...1_000_000_000, "Requests in flight at once on a gateway."),
        .setting(
            "unpriced_ceiling", \.unpricedCeiling,
            "What a model without a known price is reserved and charged at, for whom a hard budget bounds; without it such a model is refused."),
        .setting("max_request_size_mb", \.maxRequestMegabytes, in: 0.001...1024, "The largest request body in MB of 1,048,576 bytes."),
        .setting(
            "max_response_size_mb", \.maxResponseMegabytes, in: 0.001...4096,
            "The largest answer in MB of 1,048,576 bytes; a longer stream ends there with an error."),
        .setting("pass_through_endpoints", \.passThroughEndpoints, "Paths whose requests are carried to another service as they are."),
        .setting(
            "pass_through_request_timeout", \.passThroughTimeout, in: .milliseconds(1) ... .seconds(86_400),
            "Time for the answer of a pass-through endpoint to begin, and the longest silence in it."),
    ]
}
