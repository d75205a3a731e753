import Routing
import Schema
import Translation

/// A policy compiled: what serves a request that names no model, which rules are asked, and how attempts go on.
public struct Policy: Sendable {
    public var name: String
    /// Serves requests that name no model. Nil: it says nothing of them.
    public var route: Route.ID?
    /// Its rules and those of all policies: its number in the table. Nil: there are none.
    public var rules: Int?
    /// Its route serves whatever model a request names.
    public var overridesModel = false
    /// Nil where it says nothing: then that of the route.
    public var retry: RetryPolicy?
    public var timeout: Duration?
    /// For the deployments of its route. Nil: that of all.
    public var breaker: BreakerPolicy?
    /// One that is switched off serves nobody: its keys have the next policy.
    public var isEnabled = true
    /// A draft: nobody has it but those who ask for it by its name, and only until then.
    public var expires: Moment?
    /// As TokenVue describes it: `paid`, `self_hosted`, `hybrid`.
    public var providerType: String?
    public var description: String?
    /// Of requests whose key and model say nothing.
    public var cache: CachePolicy?

    /// What is tried on part of its sessions.
    public var canary: Canary?
    /// What decides beside it.
    public var shadow: Shadow?

    public init(name: String) { self.name = name }

    public var isDraft: Bool { expires != nil }
}

/// Keys that share a policy, tags, budgets and limits.
public struct Project: Sendable {
    public var name: String
    /// Index of `Blueprint.policies`; nil: the organisation's.
    public var policy: Int?
    public var tags: [String] = []
    /// False: its requests are refused.
    public var isActive = true
    /// Prompts and answers of its requests are kept.
    public var keepsTexts = false
    /// Masked before they are.
    public var redactsTexts = true
    /// What its requests demand of deployments; nil: nothing.
    public var residency: Residency?
    public var compression = Compression()

    public init(name: String) { self.name = name }
}

/// On whose account requests are made.
public struct Customer: Sendable {
    public var name: String
    /// False: its requests are refused.
    public var isActive = true

    public init(name: String) { self.name = name }
}

/// What a request may decide for itself, in place of its key's policy.
public struct Overrides: OptionSet, Hashable, Sendable {
    public let rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// A tree of its own: `router`, `extra.router`.
    public static let router = Overrides(rawValue: 1)
    /// `routing_policy_id`.
    public static let policy = Overrides(rawValue: 1 << 1)
    /// `router_mode`, `auto:MODE`, `MODEL:MODE`.
    public static let mode = Overrides(rawValue: 1 << 2)
    /// `router_provider`, `vendor`.
    public static let provider = Overrides(rawValue: 1 << 3)
    /// `router_model`.
    public static let model = Overrides(rawValue: 1 << 4)
    /// `fallbacks`, `disable_fallbacks`.
    public static let fallbacks = Overrides(rawValue: 1 << 5)
    /// `num_retries`, `max_retries`.
    public static let retries = Overrides(rawValue: 1 << 6)
    public static let timeout = Overrides(rawValue: 1 << 7)
    /// Tags beside those of the key.
    public static let tags = Overrides(rawValue: 1 << 8)
    /// `project_id`, `x-project-id`.
    public static let project = Overrides(rawValue: 1 << 9)
    /// `x-swiftlet-region`, `metadata.region`.
    public static let region = Overrides(rawValue: 1 << 10)

    /// `x-customer-id`, and `user` where it is the name of a customer.
    public static let customer = Overrides(rawValue: 1 << 11)

    public static let all = Overrides(rawValue: 1 << 12 - 1)

    /// By their names in settings.
    static let named: [(name: String, value: Overrides)] = [
        ("router", .router), ("policy", .policy), ("mode", .mode), ("provider", .provider), ("model", .model), ("fallbacks", .fallbacks),
        ("num_retries", .retries), ("timeout", .timeout), ("tags", .tags), ("project", .project), ("region", .region), ("customer", .customer),
    ]
}
