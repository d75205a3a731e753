import Schema

/// Reads a configuration of LiteLLM's proxy (config.yaml) and says the same in Swiftlet's words, as far as it can be said.
///
/// What does not map is in `remarks`, each with its line: nothing is left out silently. Names and meanings are those of
/// docs.litellm.ai/docs/proxy/config_settings, read 2026-11.
public struct LiteLLMDocument {
    /// What `Blueprint.compile` reads.
    public private(set) var document = Node.map([])
    /// What was left out or means something else here, in the order of the file; all of them warnings.
    public private(set) var remarks: [Problem] = []

    private var providers = LiteLLMProviders()
    private var router: [(String, Node)] = []
    private var general: [(String, Node)] = []
    private var top: [(String, Node)] = []

    private static let sections = ["model_list", "router_settings", "litellm_settings", "general_settings"]

    /// Says so where a file of LiteLLM's stands in the place of settings; true: it does, and nothing else of it needs to be told.
    static func isMistaken(_ root: Node, _ reading: inout Reading) -> Bool {
        guard let entries = root.entries, !entries.isEmpty, entries.allSatisfy({ sections.contains($0.name) || $0.name == "environment_variables" })
        else { return false }
        let remedy = "`swiftlet import litellm FILE --output swiftlet.yaml` makes settings of it"
        reading.problem("", root.line, "is a configuration of LiteLLM's proxy: \(remedy)")
        return true
    }

    /// Nil: it is no configuration of LiteLLM.
    public init?(_ root: Node, environment: [String: String] = [:]) {
        guard let entries = root.entries, entries.contains(where: { Self.sections.contains($0.name) }) else { return nil }
        providers.environment = environment
        var models: [(String, Node)] = []
        for entry in entries {
            switch entry.name {
            case "model_list": models = readModels(entry.node)
            case "router_settings": readRouter(entry.node)
            case "litellm_settings": readShared(entry.node)
            case "general_settings": readGeneral(entry.node)
            case "environment_variables":
                remark(entry.name, entry.line, "is not read: give the service these variables itself; `env:NAME` names one")
            case "include":
                remark(entry.name, entry.line, "is not followed: import the files it names one by one, or put them into one")
            default: remark(entry.name, entry.line, "has no counterpart; see docs/guide/coming-from-litellm.md")
            }
        }
        spend(root["router_settings"]?.entry("provider_budget_config"))
        remarks = (remarks + providers.remarks).inOrder
        var document: [(String, Node)] = [("providers", .map(providers.written))]
        if !models.isEmpty { document.append(("models", .map(models))) }
        document += top
        if !router.isEmpty { document.append(("router", .map(router))) }
        if !general.isEmpty { document.append(("general", .map(general))) }
        self.document = .map(document)
    }

    private mutating func remark(_ path: String, _ line: Int, _ message: String) {
        remarks.append(Problem(path, line: line, message, severity: .warning))
    }

    // MARK: Models

    private mutating func readModels(_ list: Node) -> [(String, Node)] {
        var groups: [(name: String, deployments: [LiteLLMDeployment])] = []
        for (place, item) in (list.items ?? []).enumerated() {
            let path = "model_list[\(place)]"
            guard let name = item["model_name"]?.scalar, let params = item["litellm_params"], let model = params["model"]?.scalar else {
                remark(path, item.line, "is left out: it needs `model_name` and `litellm_params.model`")
                continue
            }
            guard let provider = providers.name(for: model, params, at: path.setting("litellm_params")) else { continue }
            if model.hasSuffix("*") || name.hasSuffix("*") {
                remark(path, item.line, "a pattern needs no model here: clients name any model of `\(provider)` as \(provider)/MODEL")
                continue
            }
            var deployment = LiteLLMDeployment(provider: provider, model: LiteLLMProviders.model(model))
            deployment.read(params, at: path.setting("litellm_params"))
            if let info = item["model_info"] { deployment.readInfo(info, at: path.setting("model_info")) }
            for entry in item.entries ?? [] where !["model_name", "litellm_params", "model_info"].contains(entry.name) {
                remark(path.setting(entry.name), entry.line, "has no counterpart")
            }
            remarks += deployment.remarks
            if let known = groups.firstIndex(where: { $0.name == name }) {
                groups[known].deployments.append(deployment)
            } else {
                groups.append((name, [deployment]))
            }
        }
        return groups.map { ($0.name, LiteLLMDeployment.group($0.deployments)) }
    }

    // MARK: Settings of the router

    /// Those that have the same name and meaning here.
    private static let same: Set<String> = [
        "routing_strategy", "routing_strategy_args", "enable_tag_filtering", "tag_filtering_match_any", "allowed_fails", "cooldown_time",
        "disable_cooldowns", "enable_pre_call_checks", "num_retries", "timeout", "retry_after", "retry_policy", "model_group_retry_policy",
        "allowed_fails_policy", "model_group_alias", "fallbacks", "context_window_fallbacks", "content_policy_fallbacks", "default_fallbacks",
        "max_fallbacks",
    ]
    /// Those that nobody misses.
    private static let needless = [
        "redis_host": "gateways share a PostgreSQL store instead: set `store`", "redis_port": "see redis_host", "redis_password": "see redis_host",
        "redis_url": "gateways share a PostgreSQL store instead: set `store`", "redis_db": "see redis_host",
        "set_verbose": "each request is one line in the log, and `swiftlet explain` tells the rest",
        "debug_level": "each request is one line in the log, and `swiftlet explain` tells the rest",
        "drop_params": "what a provider cannot take is left out and named in x-swiftlet-loss",
        "callbacks": "/metrics is always there; webhooks stand in `alerts`, OpenTelemetry in `telemetry`",
        "success_callback": "/metrics is always there; webhooks stand in `alerts`, OpenTelemetry in `telemetry`",
        "failure_callback": "/metrics is always there; webhooks stand in `alerts`, OpenTelemetry in `telemetry`",
        "cache": "answers are kept by `cache: { ttl: 1h }` of a model, policy or key", "cache_params": "see cache",
        "json_logs": "logs are JSON lines always",
        "turn_off_message_logging": "texts are kept only for projects with `keep_texts`",
        "enable_weighted_failover": "every strategy fails over to what is left",
        "database_url": "LiteLLM's tables are its own: give Swiftlet a database of its own, `store: postgres://…`",
        "database_connection_pool_limit": "the pool is sized by the gateway", "store_model_in_db": "changes by the API are kept in the store always",
        "salt_key": "what encrypts credentials is `secrets_key`", "disable_spend_logs": "every request has its row",
    ]

    private mutating func readRouter(_ section: Node) {
        for entry in section.entries ?? [] where entry.name != "provider_budget_config" {
            guard !Self.same.contains(entry.name) else {
                put(entry)
                continue
            }
            remark("router_settings.\(entry.name)", entry.line, Self.needless[entry.name] ?? "has no counterpart")
        }
    }

    /// Of two that say the same the router's own counts, as it does in LiteLLM.
    private mutating func put(_ entry: Node.Entry, as name: String? = nil) {
        let name = name ?? entry.name
        router.removeAll { $0.0 == name }
        router.append((name, entry.node))
    }

    private mutating func readShared(_ section: Node) {
        let routing = [
            "num_retries", "allowed_fails", "fallbacks", "context_window_fallbacks", "content_policy_fallbacks", "default_fallbacks",
        ]
        for entry in section.entries ?? [] {
            switch entry.name {
            case "request_timeout": if !router.contains(where: { $0.0 == "timeout" }) { put(entry, as: "timeout") }
            case "max_budget", "budget_duration": break
            case _ where routing.contains(entry.name): if !router.contains(where: { $0.0 == entry.name }) { put(entry) }
            default: remark("litellm_settings.\(entry.name)", entry.line, Self.needless[entry.name] ?? "has no counterpart")
            }
        }
        if let budget = section.entry("max_budget") {
            if let amounts = budgets(budget, section.entry("budget_duration"), at: "litellm_settings") {
                top.append(("organisation", .map([("budget", amounts)])))
            }
        }
    }

    /// `{ month: 100 }` of an amount and how often it begins anew.
    private mutating func budgets(_ amount: Node.Entry, _ duration: Node.Entry?, at path: String) -> Node? {
        guard let text = amount.node.scalar, Double(text) != nil else {
            remark(path.setting(amount.name), amount.line, "is no amount of USD")
            return nil
        }
        let periods = ["1d": "day", "24h": "day", "7d": "week", "1w": "week", "30d": "month", "31d": "month", "1mo": "month", "365d": "year"]
        guard let written = duration?.node.scalar else { return .map([("total", .plain(text))]) }
        guard let period = periods[written] else {
            remark(path.setting(duration?.name ?? ""), duration?.line ?? 0, "`\(written)` is no period here; expected 1d, 7d, 30d, 1mo or 365d")
            return nil
        }
        remark(path.setting(amount.name), amount.line, "counts by the \(period) of the calendar in UTC, not from the first request on")
        return .map([(period, .plain(text))])
    }

    private mutating func spend(_ budget: Node.Entry?) {
        for entry in budget?.node.entries ?? [] {
            let path = "router_settings.provider_budget_config.\(entry.name)"
            guard let amount = entry.node.entry("budget_limit") ?? entry.node.entry("max_budget") else {
                remark(path, entry.line, "has no budget_limit")
                continue
            }
            guard let amounts = budgets(amount, entry.node.entry("time_period") ?? entry.node.entry("budget_duration"), at: path) else { continue }
            let named = providers.limit(entry.name, to: amounts)
            if named == 0 { remark(path, entry.line, "no model is at this provider") }
            if named > 1 { remark(path, entry.line, "holds for each of the \(named) providers of this type by itself, not for them together") }
        }
    }

    // MARK: General settings

    private mutating func readGeneral(_ section: Node) {
        let same = [
            "max_parallel_requests", "global_max_parallel_requests", "max_request_size_mb", "max_response_size_mb", "pass_through_endpoints",
            "pass_through_request_timeout",
        ]
        for entry in section.entries ?? [] {
            switch entry.name {
            case "master_key":
                top.append(("keys", .map([("master", .map([("key", LiteLLMProviders.secret(entry.node))]))])))
                remark(
                    "general_settings.master_key", entry.line,
                    "is a virtual key here, and no way into the admin API: that has a token of its own, SWIFTLET_ADMIN_TOKEN")
            case _ where same.contains(entry.name): general.append((entry.name, entry.node))
            default: remark("general_settings.\(entry.name)", entry.line, Self.needless[entry.name] ?? "has no counterpart")
            }
        }
    }
}
