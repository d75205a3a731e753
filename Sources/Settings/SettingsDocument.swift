import Schema

/// The document that an operator writes: all settings there are.
public struct SettingsDocument: Configurable {
    public var server = ServerSettings()
    public var store = StoreLocation.sqlite(path: "swiftlet.db")
    public var ledger = LedgerSettings()
    public var providers = Named<ProviderEntry>()
    public var models = Named<ModelSettings>()
    public var policies = Named<PolicySettings>()
    public var projects = Named<ProjectSettings>()
    public var keys = Named<KeySettings>()
    public var guardrails: GuardrailSettings?
    public var firewall: [FirewallRule] = []
    public var router = RouterSettings()
    public var general = GeneralSettings()

    public init() {}

    public static let fields: [Field<Self>] = [
        .setting("server", \.server, "Listeners, limits and times of the clients' side."),
        .setting("store", \.store, "Where the ledger and all else that lasts is kept."),
        .setting("ledger", \.ledger, "How requests are written down."),
        .setting("providers", \.providers, "Where models are, by names of your own."),
        .setting("models", \.models, "Model groups: the names that clients send."),
        .setting("policies", \.policies, "Policies; `default` is the organisation's."),
        .setting("projects", \.projects, "Projects, which share budgets.").notYet,
        .setting("keys", \.keys, "Virtual keys: who may ask."),
        .setting("guardrails", \.guardrails, "What is looked for in prompts and answers.").notYet,
        .setting("firewall", \.firewall, "Patterns in prompts and answers, and what happens to them.").notYet,
        .setting("router", \.router, "What holds for all model groups that do not say otherwise."),
        .setting("general", \.general, "What holds for the gateway as a whole."),
    ]
}
