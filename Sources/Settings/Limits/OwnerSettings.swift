import Routing
import Schema
import Translation

/// Keys that share a policy, tags, budgets and limits.
public struct ProjectSettings: Configurable {
    public var policy: String?
    public var description: String?
    public var active = true
    public var keepsTexts = false
    public var redactsTexts = true
    public var tags: [String] = []
    public var guardrails = GuardrailSettings()
    public var regions: [String] = []
    public var deniedRegions: [String] = []
    public var kinds: [ProviderKind] = []
    public var zeroDataRetention = false
    public var compression: CompressionSettings?
    public var limits = LimitSettings()

    public init() {}

    public static let fields: [Field<Self>] =
        [
            .setting("policy", \.policy, "The policy of its keys."),
            .setting("description", \.description, "What it is, for people to read."),
            .setting("active", \.active, "Whether its requests are served; if not they are refused with 403 and `project_inactive`."),
            .setting("keep_texts", \.keepsTexts, "Whether prompts and replies of its requests are kept, for `ledger.retention.texts`."),
            .setting(
                "redact_texts", \.redactsTexts,
                "Whether personal data and secrets are masked in prompts and replies before they are kept: `[EMAIL_1]`, `[CARD_1]`."),
            .setting("tags", \.tags, "Tags that all its requests carry."),
            .setting(
                "guardrails", \.guardrails,
                "What is otherwise for its requests than `guardrails` says; only of guardrails that are switched on there."),
            .setting("regions", \.regions, "Where deployments that serve it may be, whatever its keys say; empty: anywhere."),
            .setting("denied_regions", \.deniedRegions, "Where they may not be."),
            .setting("kinds", \.kinds, "Kinds of deployments that may serve it, such as `self_hosted`; empty: all."),
            .setting("zero_data_retention", \.zeroDataRetention, "Only deployments that keep nothing of what they are sent may serve it."),
            .setting("compression", \.compression, "How its prompts are made shorter, in place of the organisation's."),
        ] + LimitSettings.fields(of: \.limits)
}

/// Somebody on whose account requests are made: those of keys that belong to it, and those that name it.
public struct CustomerSettings: Configurable {
    public var description: String?
    public var active = true
    public var limits = LimitSettings()

    public init() {}

    public static let fields: [Field<Self>] =
        [
            .setting("description", \.description, "Who it is, for people to read."),
            .setting("active", \.active, "Whether its requests are served; if not they are refused with 403 and `customer_inactive`."),
        ] + LimitSettings.fields(of: \.limits)
}

/// Everybody together.
public struct OrganisationSettings: Configurable {
    public var name: String?
    public var compression: CompressionSettings?
    public var limits = LimitSettings()

    public init() {}

    public static let fields: [Field<Self>] =
        [
            .setting("name", \.name, "What it is called, for people to read."),
            .setting("compression", \.compression, "How prompts are made shorter, where the project says nothing else."),
        ] + LimitSettings.fields(of: \.limits)
}
