import Schema

/// A policy: what serves a request that names no model, which rules are asked, and how attempts are retried. Also in the forms of
/// TokenVue (`primary`, `fallback_chain`) and Merge (`default_strategy`).
public struct PolicySettings: Configurable {
    public var description: String?
    public var enabled = true
    public var expires: Moment?
    public var route: Node?
    public var overridesModel: Bool?
    public var rules: [RuleSettings] = []
    public var retry: RetrySettings?
    public var breaker: BreakerSettings?
    public var timeout: Duration?
    public var hedge: HedgeSettings?
    public var commitGate: GateSettings?
    public var continuesStreams: Bool?
    public var canary: CanarySettings?
    public var shadow: ShadowSettings?
    public var cache: CachePolicy?
    public var prefersWarm: Bool?
    public var virtualKey: String?
    public var providerType: ProviderMix?
    public var primary: Node?
    public var fallbackChain: [ChainStep] = []
    public var defaultStrategy: MergeStrategy?

    public init() {}

    public static let fields: [Field<Self>] = [
        .setting("description", \.description, "What it is for."),
        .setting("enabled", \.enabled, "Whether it serves anybody; keys of one that does not have the next: their project's, the default."),
        .setting("expires", \.expires, "Makes it a draft: until then it serves requests that ask for it by name, and nobody else."),
        .setting("route", \.route, "Serves requests that name no model."),
        .setting("override_model", \.overridesModel, "Whether its route serves whatever model a request names; with `primary` it does."),
        .setting("rules", \.rules, "Asked in order of priority; the first that holds decides."),
        .setting("retry", \.retry, "Whether and when a deployment is asked again."),
        .setting("breaker", \.breaker, "When deployments rest: all of them in `default`, those of its route in others."),
        .setting("circuit_breaker", \.breaker, "TokenVue's name for `breaker`."),
        .setting("timeout", \.timeout, in: .milliseconds(1) ... .seconds(86_400), "For each attempt to begin answering."),
        .setting("hedge", \.hedge, "A second attempt beside a slow one; never where asking twice may act twice."),
        .setting("commit_gate", \.commitGate, "What a stream must show before its first byte goes to the client."),
        .setting(
            "continue_streams", \.continuesStreams,
            "Whether a text that breaks off in the middle is carried on by another deployment that `continues`."),
        .setting("canary", \.canary, "Another policy that serves part of its sessions, and is taken back when it is worse."),
        .setting("shadow", \.shadow, "Another policy that decides beside it, of which nothing is carried out."),
        .setting(
            "prompt_cache_affinity", \.prefersWarm,
            "Whether requests on its route, of `default` on all that do not say, go where the provider remembers their prompt, if that is "
                + "expected to cost no more."),
        .setting("cache", \.cache, "Answers that are kept and given again, for requests whose key and model say nothing of it."),
        .setting("virtual_key", \.virtualKey, "The key whose requests it serves."),
        .setting("provider_type", \.providerType, "Which kinds of providers it mixes; for those who read it."),
        .setting("primary", \.primary, "In place of `route`: the deployment that serves first, as { provider, model }."),
        .setting("fallback_chain", \.fallbackChain, "What is tried after `primary`, by ascending priority."),
        .setting("default_strategy", \.defaultStrategy, "In place of `route`: { type, axis, providers }."),
    ]
}

public enum ProviderMix: String, SettingChoice {
    case paid
    case selfHosted = "self_hosted"
    case hybrid

    /// As its console has it.
    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> ProviderMix? {
        switch node.scalar {
        case "Paid API", "paid_api": .paid
        case "Open Source / Self-hosted", "open_source": .selfHosted
        case "Hybrid": .hybrid
        default: readChoice(node, at: path, &reading)
        }
    }
}

/// A step of a TokenVue chain.
public struct ChainStep: Configurable {
    public var priority = 1
    public var virtualKey: String?
    public var provider = ""
    public var model = ""
    public var region: String?
    public var maxRetries: Int?
    public var timeout: Duration?
    public var params: Node?
    public var on: FaultList?

    public init() {}

    public static let fields: [Field<Self>] = [
        .setting("priority", \.priority, "The lowest is tried first."),
        .setting("virtual_key", \.virtualKey, "The key on whose account it is called; while that key is paused the step is skipped."),
        .setting("provider", \.provider, "A name of the section `providers`.").required,
        .setting("model", \.model, "The provider's name for the model.").required,
        .setting("region", \.region, "Where it is; without it the provider's."),
        .setting("max_retries", \.maxRetries, in: 0...100, "How often it may be asked again before the next is."),
        .setting("timeout", \.timeout, in: .milliseconds(1) ... .seconds(86_400), "For each attempt."),
        .setting("params", \.params, "Set in requests to it."),
        .setting("on", \.on, "After which faults of the others it is tried."),
    ]
}

/// Merge's `default_strategy`.
public struct MergeStrategy: Configurable {
    public var type = ""
    public var axis: Axis?
    public var providers: [MergeProvider] = []

    public init() {}

    public static let fields: [Field<Self>] = [
        .setting("type", \.type, "single, priority, least_latency, lowest_cost, intelligent, or one of our strategies.").required,
        .setting("axis", \.axis, "What `intelligent` is after."),
        .setting("providers", \.providers, "The models to choose from.").required,
    ]
}

public struct MergeProvider: Configurable {
    public var provider = ""
    public var model = ""
    public var priority: Int?
    public var weight: Double?

    public init() {}

    public static let fields: [Field<Self>] = [
        .setting("provider", \.provider, "A name of the section `providers`.").required,
        .setting("model", \.model, "The provider's name for the model.").required,
        .setting("priority", \.priority, "The lowest is tried first."),
        .setting("weight", \.weight, in: 0...1e9, "Its share where shares count."),
    ]
}
