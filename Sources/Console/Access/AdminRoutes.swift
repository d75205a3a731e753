/// All there is of the admin API.
enum AdminRoutes {
    static let all: [AdminRoute] =
        health + collections + keys + drafts + settings + state + prices + ledger + trials + workbench + compatible

    /// With the web console's own paths, which are no API.
    static let served: [AdminRoute] = all + console

    private static let console: [AdminRoute] = [
        AdminRoute("GET", "/", .nothing, "To the console.", status: 308) { _, _ in ConsolePages.forward() },
        AdminRoute("GET", "/console", .nothing, "The console.", type: "text/html") { _, call in try ConsolePages.answer(call) },
        AdminRoute("GET", "/docs", .nothing, "The documentation.", type: "text/html") { _, call in try DocumentPages.answer(call) },
        AdminRoute("GET", "/docs/{page}", .nothing, "A page of it.") { _, call in try DocumentPages.answer(call) },
        AdminRoute("GET", "/llms.txt", .nothing, "What it has, for programs.", type: "text/plain") { _, call in try DocumentPages.answer(call) },
        AdminRoute("GET", "/console/{file}", .nothing, "A file of the console.") { _, call in try ConsolePages.answer(call) },
        AdminRoute("POST", "/console/session", .nothing, "Signs in.") { desk, call in try await desk.sessions.begin(call) },
        AdminRoute("GET", "/console/session", .nothing, "Who is signed in.") { desk, call in try desk.sessions.here(call) },
        AdminRoute("DELETE", "/console/session", .nothing, "Signs out.", status: 204) { desk, call in try desk.sessions.end(call) },
        AdminRoute("DELETE", "/console/sessions", .nothing, "Signs out everywhere.", status: 204) { desk, call in
            try await desk.sessions.endAll(call)
        },
        AdminRoute("GET", "/console/live", .read, "Figures, each second.", type: "text/event-stream") { desk, call in try desk.watch(call) },
    ]

    private static let health: [AdminRoute] = [
        AdminRoute("GET", "/healthz", .nothing, "Whether the process is there.", type: "text/plain") { desk, _ in desk.health() },
        AdminRoute("GET", "/readyz", .nothing, "Whether it takes requests; 503 where not.", type: "text/plain") { desk, _ in desk.readiness() },
        AdminRoute("GET", "/metrics", .read, "Figures in Prometheus' text format.", type: "text/plain") { desk, _ in await desk.metrics() },
        AdminRoute("GET", "/api/v1/openapi.json", .token, "This description.") { _, _ in OpenAPI.answer },
        AdminRoute("GET", "/api/v1/me", .token, "Whose token it is, and what it may do.") { desk, call in desk.me(call) },
    ]

    private static let usage = AdminRoute.Parameter(
        name: "usage", help: "Also what each has used, and how its budgets and limits stand.", schema: "boolean")

    private static let collections: [AdminRoute] = Collections.sections.sorted { $0.key < $1.key }.flatMap { path, section in
        let (read, change): (AdminRight, AdminRight) = section == "keys" ? (.readKeys, .changeKeys) : (.read, .operate)
        let word = Collections.word(section)
        let handle: @Sendable (AdminDesk, AdminCall) async throws -> AdminAnswer = { desk, call in
            try await desk.collections.answer(call, section: section)
        }
        return [
            AdminRoute("GET", "/api/v1/\(path)", read, "All of `\(section)`, secrets covered.", query: section == "keys" ? [usage] : [], handle),
            AdminRoute(
                "POST", "/api/v1/\(path)", change,
                section == "keys" ? "Makes a key. It is shown in this answer and never again." : "Adds a \(word).", body: .item(section), status: 201,
                handle),
            AdminRoute("GET", "/api/v1/\(path)/{name}", read, "One \(word).", handle),
            AdminRoute(
                "PATCH", "/api/v1/\(path)/{name}", change,
                "Changes a \(word): a merge patch (RFC 7396), refused with 412 where If-Match does not hold.",
                body: .item(section), handle),
            AdminRoute(
                "DELETE", "/api/v1/\(path)/{name}", change, "Takes a \(word) away.", query: [Collections.dangling], status: 204, handle),
        ]
    }

    private static let keys: [AdminRoute] = [
        AdminRoute(
            "POST", "/api/v1/keys/{name}/rotate", .changeKeys, "A new key in place of the old one, which holds for `grace` yet.",
            body: .members([.init(name: "grace", help: "How long the old key holds: seconds, or a text such as 24h.")], required: 0)
        ) { desk, call in try await desk.collections.answer(call, section: "keys") },
        AdminRoute(
            "POST", "/api/v1/providers/{name}/test", .operate, "Asks a provider for one token, and says what is wrong where it does not answer.",
            body: .members([.init(name: "model", help: "The model to ask.")], required: 0)
        ) { desk, call in try await desk.testProvider(call) },
    ]

    private static let drafts: [AdminRoute] = {
        let handle: @Sendable (AdminDesk, AdminCall) async throws -> AdminAnswer = { desk, call in try await desk.drafts.answer(call) }
        let draft = AdminRoute.Parameter(name: "policy", help: "The policy, as settings have it.", schema: "object")
        return [
            AdminRoute("GET", "/api/v1/policies/draft", .read, "All drafts.", handle),
            AdminRoute(
                "POST", "/api/v1/policies/draft", .operate, "Makes a draft, which requests may name as `routing_policy_id`.",
                body: .members([draft, .init(name: "expires_in", help: "How long it holds: seconds, or a text such as 1h.")], required: 1),
                status: 201,
                handle),
            AdminRoute("GET", "/api/v1/policies/draft/{id}", .read, "One draft.", handle),
            AdminRoute("DELETE", "/api/v1/policies/draft/{id}", .operate, "Takes a draft away.", status: 204, handle),
            AdminRoute(
                "POST", "/api/v1/policies/draft/{id}/commit", .operate, "Makes a draft a policy.",
                body: .members([.init(name: "name", help: "What the policy is to be called.")], required: 1), handle),
        ]
    }()

    private static let settings: [AdminRoute] = {
        let handle: @Sendable (AdminDesk, AdminCall) async throws -> AdminAnswer = { desk, call in try await desk.settings.answer(call) }
        let versions: @Sendable (AdminDesk, AdminCall) async throws -> AdminAnswer = { desk, call in try await desk.versions.answer(call) }
        let cursor = AdminRoute.Parameter(name: "cursor", help: "`next_cursor` of the page before.")
        let limit = AdminRoute.Parameter(name: "limit", help: "How many at most.", schema: "integer")
        return [
            AdminRoute("GET", "/api/v1/settings", .read, "All settings, secrets covered, and which of them were changed through the API.", handle),
            AdminRoute(
                "GET", "/api/v1/settings/versions", .read, "Versions of what was changed, the newest first.", query: [cursor, limit], versions),
            AdminRoute("GET", "/api/v1/settings/versions/{version}", .read, "What was changed, as that version had it, secrets covered.", versions),
            AdminRoute(
                "GET", "/api/v1/settings/diff", .read, "What differs: from the file, or between two versions.",
                query: [
                    .init(name: "from", help: "A version; without it the file.", schema: "integer"),
                    .init(name: "to", help: "A version; without it what runs.", schema: "integer"),
                ], versions),
            AdminRoute(
                "GET", "/api/v1/settings/export", .administer, "File and changes as one document. Keys are digests, credentials stay encrypted.",
                versions),
            AdminRoute(
                "POST", "/api/v1/settings/rollback", .administer,
                "Makes what an earlier version had a new version. Keys and admin tokens stay as they are, unless `include` names them.",
                body: .members(
                    [
                        .init(name: "version", help: "The version.", schema: "integer"),
                        .init(name: "include", help: "`keys`, `admin`: what is to come back as well.", schema: "array"),
                    ], required: 1), versions),
            AdminRoute("GET", "/api/v1/settings/{path}", .read, "One setting, by its path.", handle),
            AdminRoute(
                "POST", "/api/v1/settings/check", .operate, "What changes would come to, of which nothing is saved: problems, warnings, differences.",
                body: .members(
                    [.init(name: "changes", help: "Each with `path`, a text or a list, and `value`; null takes it out.", schema: "any")], required: 1)
            ) { desk, call in try await CheckDesk(book: desk.settings.book).answer(call) },
            AdminRoute("GET", "/api/v1/schema/{path}", .read, "What may be set in a section, as JSON Schema with help, defaults and ranges.") {
                _, call in
                try SchemaDesk.schema(call)
            },
            AdminRoute("GET", "/api/v1/vocabulary", .read, "Strategies with their options, fields and operators of conditions, faults.") { _, call in
                try SchemaDesk.vocabulary(call)
            },
            AdminRoute("PUT", "/api/v1/settings/{path}", .operate, "Sets one setting.", body: .anything, handle),
            AdminRoute(
                "PATCH", "/api/v1/settings/{path}", .operate, "Sets several settings of a section at once; `null` takes one out.", body: .anything,
                handle),
            AdminRoute("GET", "/api/v1/forms/{section}", .read, "A section's declaration, its values, and what of them the file says.") {
                desk, call in
                try await desk.settings.form(call)
            },
            AdminRoute("DELETE", "/api/v1/settings/{path}", .operate, "One setting as the file has it.", status: 204, handle),
        ]
    }()

    private static let signal: [AdminRoute.Parameter] = [
        .init(name: "name", help: "Its name."), .init(name: "value", help: "A number, a flag or a text.", schema: "any"),
        .init(name: "expires_in", help: "How long it holds: seconds, or a text such as 15m."),
    ]

    private static let state: [AdminRoute] = {
        let signals: @Sendable (AdminDesk, AdminCall) async throws -> AdminAnswer = { desk, call in try await desk.signals.answer(call) }
        let deployments: @Sendable (AdminDesk, AdminCall) async throws -> AdminAnswer = { desk, call in try await desk.deployments.answer(call) }
        return [
            AdminRoute("GET", "/api/v1/signals", .read, "Signals that conditions may ask for.", signals),
            AdminRoute(
                "POST", "/api/v1/signals", .operate, "Sets a signal.", body: .members(signal, required: 2), status: 201, signals),
            AdminRoute("GET", "/api/v1/signals/{name}", .read, "One signal.", signals),
            AdminRoute(
                "PATCH", "/api/v1/signals/{name}", .operate, "Changes a signal: what is not said stays; 412 where If-Match does not hold.",
                body: .members(signal, required: 0), signals),
            AdminRoute("DELETE", "/api/v1/signals/{name}", .operate, "Takes a signal away.", status: 204, signals),
            AdminRoute("GET", "/api/v1/deployments", .read, "State, latency and error rate of every deployment.", deployments),
            AdminRoute("GET", "/api/v1/deployments/{name}", .read, "One deployment.", deployments),
            AdminRoute("POST", "/api/v1/deployments/{name}/reset", .operate, "Makes a deployment serve again whatever its faults were.", deployments),
            AdminRoute(
                "POST", "/api/v1/prices/rerate", .administer, "Prices logged requests again: says what would change, or changes it.",
                body: .members(RerateDesk.parameters, required: 0)
            ) { desk, call in try await desk.rerating.answer(call) },
            AdminRoute("GET", "/api/v1/live", .read, "What this gateway counts, now: sums since it started, and what is in progress.") { desk, _ in
                await desk.live.answer()
            },
            AdminRoute("GET", "/api/v1/webhooks", .read, "Who is told of what, and what came of the last message.") { desk, call in
                try await desk.webhooks(call)
            },
            AdminRoute(
                "POST", "/api/v1/webhooks/test", .operate, "Sends webhooks an event of the kind `test`, and says which took it.",
                body: .members([.init(name: "number", help: "Only this one, counted from 1.", schema: "integer")], required: 0)
            ) { desk, call in try await desk.webhooks(call) },
            AdminRoute("GET", "/api/v1/gateways", .read, "Who runs on this store, and which version of the settings.") { desk, call in
                try await desk.gateways(call)
            },
            AdminRoute(
                "POST", "/api/v1/explain", .read, "What would happen to a request.",
                body: .members(
                    [
                        .init(name: "body", help: "The request's body.", schema: "object"),
                        .init(name: "api", help: "Which API; chat.completions without it."),
                        .init(name: "headers", help: "Its headers.", schema: "object"), .init(name: "key", help: "The name of its key."),
                    ], required: 1)
            ) { desk, call in try await desk.explaining.answer(call) },
            AdminRoute(
                "POST", "/api/v1/replay", .read, "What a proposed policy would have made of logged requests.",
                body: .members(ReplayDesk.parameters, required: 0)
            ) { desk, call in try await desk.replay.answer(call) },
            AdminRoute(
                "POST", "/api/v1/firewall/test", .read, "What the firewall would do to a text, of which nothing is kept.",
                body: .members(
                    [
                        .init(name: "text", help: "The text."), .init(name: "scope", help: "`prompt`, which it is without it, or `reply`."),
                        .init(name: "rules", help: "Rules as the section `firewall` has them, instead of those in force.", schema: "array"),
                    ], required: 1)
            ) { desk, call in try await desk.firewall.answer(call) },
            AdminRoute(
                "POST", "/api/v1/guardrails/test", .read, "What guardrails and firewall would do to a text, of which nothing is kept.",
                body: .members(GuardrailDesk.parameters, required: 1)
            ) { desk, call in try await desk.guardrails.answer(call) },
        ]
    }()

    private static let ledger: [AdminRoute] = [
        AdminRoute("GET", "/api/v1/requests", .read, "Requests, the newest first.", query: LedgerFilter.parameters) { desk, call in
            try await desk.ledger.requests(call)
        },
        AdminRoute(
            "GET", "/api/v1/requests/{id}", .read,
            "One request with attempts and decision; prompt and reply, where they are kept, for the roles admin and auditor."
        ) { desk, call in try await desk.ledger.request(call) },
        AdminRoute("DELETE", "/api/v1/requests/{id}/texts", .administer, "Deletes what is kept of its prompt and reply.") { desk, call in
            try await TextsDesk(store: desk.ledger.store, audit: desk.audit.store).delete(call)
        },
        AdminRoute(
            "DELETE", "/api/v1/cache", .operate, "Forgets answers that are given again: all, or those of a key or route.", query: CacheDesk.parameters
        ) { desk, call in try await desk.cache.forget(call) },
        AdminRoute("GET", "/api/v1/events", .read, "What moved traffic, the newest first.", query: LedgerDesk.eventParameters) { desk, call in
            try await desk.ledger.events(call)
        },
        AdminRoute(
            "GET", "/api/v1/audit", .read, "Who changed what, the newest first.",
            query: [
                .init(name: "cursor", help: "`next_cursor` of the page before."), .init(name: "limit", help: "How many at most.", schema: "integer"),
            ]
        ) { desk, call in try await desk.audit.list(call) },
        AdminRoute("GET", "/api/v1/audit/verify", .read, "Whether the audit log is as it was written.") { desk, call in
            try await desk.audit.verify(call)
        },
        AdminRoute(
            "GET", "/api/v1/breaches", .read, "Incidents of guardrails and bounds by key and trigger, the latest seen first.",
            query: BreachDesk.parameters
        ) { desk, call in try await desk.breaches.list(call) },
        AdminRoute("GET", "/api/v1/breaches/{id}", .read, "One breach with evidence and timeline.") { desk, call in
            try await desk.breaches.one(call)
        },
        AdminRoute(
            "PATCH", "/api/v1/breaches/{id}", .operate, "Says what is done about a breach; the next incident opens one that was resolved.",
            body: .members(
                [.init(name: "status", help: "`active`, `investigating` or `resolved`."), .init(name: "note", help: "Why.")], required: 1)
        ) { desk, call in try await desk.breaches.change(call) },
        AdminRoute("GET", "/api/v1/usage", .readKeys, "Requests, tokens and cost by what they are grouped by.", query: UsageDesk.parameters) {
            desk, call in
            try await desk.usage.answer(call)
        },
        AdminRoute(
            "GET", "/api/v1/savings", .read, "What was saved by policy, model and deployment, against a stated baseline.",
            query: SavingsDesk.parameters
        ) { desk, call in try await desk.savings.answer(call) },
        AdminRoute(
            "GET", "/api/v1/insights", .read, "What is slow, what fails and why, what nobody asks for, and what would do as well for less.",
            query: InsightsDesk.parameters
        ) { desk, call in try await desk.insights.answer(call) },
        AdminRoute("GET", "/api/v1/budgets", .readKeys, "How budgets and limits stand.", query: BudgetDesk.parameters) { desk, call in
            try await desk.budgets.answer(call)
        },
    ]

    /// In the shapes of other systems.
    private static let compatible: [AdminRoute] = {
        let pass: @Sendable (AdminDesk, AdminCall) async throws -> AdminAnswer = { desk, call in try await desk.passThrough.answer(call) }
        let rules: @Sendable (AdminDesk, AdminCall) async throws -> AdminAnswer = { desk, call in try await desk.rules.answer(call) }
        let firewall: @Sendable (AdminDesk, AdminCall) async throws -> AdminAnswer = { desk, call in try await desk.firewallRules.answer(call) }
        let firewallRule = AdminRoute.Body.members(
            [
                .init(name: "name", help: "1 to 128 characters."),
                .init(name: "pattern", help: "What is looked for; a regular expression may stand as `/…/i`."),
                .init(name: "is_enabled", help: "Whether it is asked.", schema: "boolean"),
                .init(name: "priority", help: "-1000 to 1000, the highest first.", schema: "integer"),
                .init(name: "scope", help: "`prompt`, `response` or `both`."), .init(name: "type", help: "`substring` or `regex`."),
                .init(name: "action", help: "`block`, `mask` or `warn`."), .init(name: "replacement", help: "Put in its place by `mask`."),
            ], required: 0)
        let id = AdminRoute.Parameter(name: "endpoint_id", help: "Where the path does not say which.")
        return [
            AdminRoute("GET", "/config/pass_through_endpoint", .read, "Pass-through endpoints, as LiteLLM has them.", query: [id], pass),
            AdminRoute(
                "POST", "/config/pass_through_endpoint", .operate, "Adds or changes one.", query: [id], body: .item("pass_through"), status: 201, pass
            ),
            AdminRoute("PATCH", "/config/pass_through_endpoint", .operate, "Changes one.", query: [id], body: .item("pass_through"), pass),
            AdminRoute("DELETE", "/config/pass_through_endpoint", .operate, "Takes one away.", query: [id], pass),
            AdminRoute("GET", "/config/pass_through_endpoint/{id}", .read, "One of them.", pass),
            AdminRoute("POST", "/config/pass_through_endpoint/{id}", .operate, "Changes one.", body: .item("pass_through"), pass),
            AdminRoute("PATCH", "/config/pass_through_endpoint/{id}", .operate, "Changes one.", body: .item("pass_through"), pass),
            AdminRoute("DELETE", "/config/pass_through_endpoint/{id}", .operate, "Takes one away.", pass),
            AdminRoute("GET", "/v1/routing-rules", .read, "Rules, as TokenRouter has them.", rules),
            AdminRoute("POST", "/v1/routing-rules", .operate, "Adds a rule.", body: .anything, status: 201, rules),
            AdminRoute("GET", "/v1/routing-rules/{id}", .read, "One rule.", rules),
            AdminRoute("PATCH", "/v1/routing-rules/{id}", .operate, "Changes a rule.", body: .anything, rules),
            AdminRoute("DELETE", "/v1/routing-rules/{id}", .operate, "Takes a rule away.", rules),
            AdminRoute("GET", "/v1/firewall-rules", .read, "Rules of the firewall, as TokenRouter has them.", firewall),
            AdminRoute("POST", "/v1/firewall-rules", .operate, "Adds a rule to the firewall.", body: firewallRule, status: 201, firewall),
            AdminRoute("GET", "/v1/firewall-rules/{id}", .read, "One rule of the firewall.", firewall),
            AdminRoute("PATCH", "/v1/firewall-rules/{id}", .operate, "Changes a rule of the firewall.", body: firewallRule, firewall),
            AdminRoute("DELETE", "/v1/firewall-rules/{id}", .operate, "Takes a rule out of the firewall.", firewall),
        ]
    }()
}
