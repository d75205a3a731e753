import Schema

/// The document that an operator writes: all settings there are.
public struct SettingsDocument: Configurable {
    public var server = ServerSettings()
    public var store = StoreLocation.sqlite(path: "swiftlet.db")
    public var ledger = LedgerSettings()
    public var responses = ResponseSettings()
    public var cache = CacheSettings()
    public var pricesFile: String?
    public var prices = Named<PriceSettings>()
    public var providers = Named<ProviderEntry>()
    public var models = Named<ModelSettings>()
    public var routes = RouteList()
    public var routers = Named<Node>()
    public var defaultRouter: String?
    public var policies = Named<PolicySettings>()
    public var projects = Named<ProjectSettings>()
    public var customers = Named<CustomerSettings>()
    public var organisation = OrganisationSettings()
    public var rules: [RuleSettings] = []
    public var regions = RegionSettings()
    public var keys = Named<KeySettings>()
    public var guardrails = GuardrailSettings()
    public var firewall: [FirewallRule] = []
    public var router = RouterSettings()
    public var general = GeneralSettings()
    public var alerts = AlertSettings()
    public var telemetry = TelemetrySettings()
    public var learning = LearningSettings()
    public var admin = AdminSettings()
    public var secretsKey: Secret?

    public init() {}

    public static let fields: [Field<Self>] = [
        .setting("server", \.server, "Listeners, limits and times of the clients' side."),
        .setting("store", \.store, "Where the ledger and all else that lasts is kept."),
        .setting("ledger", \.ledger, "How requests are written down."),
        .setting("responses", \.responses, "What is kept of the Responses API."),
        .setting("cache", \.cache, "What answers take up that are kept to be given again; `cache` of models, policies and keys says which are."),
        .setting(
            "prices_file", \.pricesFile,
            "A file of model prices and facts above those in the binary; `swiftlet prices import` writes it, a running gateway sees it change."),
        .setting(
            "prices", \.prices,
            "What models cost and can do, by PROVIDER/MODEL: a type of provider and its name for the model; above `prices_file` and the binary."),
        .setting("providers", \.providers, "Where models are, by names of your own."),
        .setting("models", \.models, "Model groups: the names that clients send."),
        .setting("routes", \.routes, "Trees by names of their own, which clients may send, also as `router/NAME`."),
        .setting("routers", \.routers, "vLLora's name for `routes`; not listed to clients."),
        .setting("default_router", \.defaultRouter, "The name of what serves requests that name no model, where no policy says."),
        .setting("policies", \.policies, "Policies; `default` is the organisation's."),
        .setting("projects", \.projects, "Projects: keys that share a policy, tags, budgets and limits."),
        .setting("customers", \.customers, "Customers: on whose account requests are made, and what each may use."),
        .setting("organisation", \.organisation, "What everybody together may use."),
        .setting("rules", \.rules, "Rules of every policy, beside its own."),
        .setting("regions", \.regions, "Where callers are, and how far apart regions are."),
        .setting("keys", \.keys, "Virtual keys: who may ask."),
        .setting("guardrails", \.guardrails, "What is looked for in prompts and replies, and what becomes of it."),
        .setting("firewall", \.firewall, "Patterns in prompts and replies, and what happens to them."),
        .setting("router", \.router, "What holds for all model groups that do not say otherwise."),
        .setting("general", \.general, "What holds for the gateway as a whole."),
        .setting("learning", \.learning, "Whether choices by complexity learn from feedback."),
        .setting("telemetry", \.telemetry, "Spans and metrics for an OpenTelemetry collector."),
        .setting("admin", \.admin, "Who may use the admin API, and for what."),
        .setting(
            "secrets_key", \.secretsKey,
            "What credentials that come through the API are encrypted with: 32 characters or more, the same on every gateway of one store. "
                + "Without it a key is made beside the SQLite database."),
        .setting("alerts", \.alerts, "Who is told when a budget nears its end, or is spent."),
    ]
}
