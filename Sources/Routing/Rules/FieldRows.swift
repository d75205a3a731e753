/// The rows of the registry, in the order of the reference page.
extension Fields {
    public static let all: [Row] = request + caller + money + router

    private static let request = [
        Row("request.model", .text, "The model as the client named it."),
        Row("request.api", .text, "The endpoint: `chat`, `responses`, `messages`, `embeddings`, `completions` and so on."),
        Row("request.stream", .flag, "Whether the client wants a stream."),
        Row("request.input_tokens", .number, "Tokens of the prompt, estimated."),
        Row("request.max_tokens", .number, "The longest answer that the client allows, in tokens."),
        Row("request.has_tools", .flag, "Whether it brings tools."),
        Row("request.has_images", .flag, "Whether it brings images."),
        Row("request.has_json_schema", .flag, "Whether the answer must follow a JSON schema."),
        Row("request.text", .text, "What the user wrote last."),
        Row("request.task", .text, "`metadata.task`, or the tag `task`."),
        Row("request.mode", .word(AutoMode.allCases.map(\.rawValue)), "The mode that the client asked for."),
        Row("request.region", .text, "Where the caller is: header `x-swiftlet-region`, the key, metadata or the table of addresses."),
        Row("request.country", .text, "The caller's country, two letters, where it is known."),
        Row("request.ip", .text, "The caller's address."),
        Row("request.user_agent", .text, "The caller's program."),
        Row("request.header.<name>", .text, "A header of the request; the name in lower case."),
        Row("tags.<name>", .any, "The value of a tag; a tag without one holds `true`."),
        Row("metadata.<name>", .any, "A member of the request's `metadata`."),
        Row("variables.<name>", .any, "A member of the request's `extra.variables`."),
        Row("time.hour", .number, "The hour of the day, 0 to 23, UTC."),
        Row(
            "time.weekday", .word(["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]), "The day of the week, UTC."),
    ]

    private static let caller = [
        Row("user.id", .text, "The end user, as the request says."),
        Row("user.name", .text, "The end user's name."),
        Row("user.email", .text, "The end user's address."),
        Row("user.tier", .any, "The end user's tier; a list when there are several."),
        Row("key.name", .text, "The virtual key."),
        Row("key.policy", .text, "The key's policy."),
        Row("key.project", .text, "The key's project."),
        Row("key.region", .text, "The key's region."),
        Row("key.tags", .any, "The key's tags, a list."),
        Row("project.name", .text, "The project."),
        Row("project.policy", .text, "The project's policy."),
    ]

    private static let money = [
        Row("budget.day.used", .number, "USD that the key has spent and reserved today, UTC."),
        Row("budget.day.limit", .number, "The key's budget for a day in USD. Missing without one."),
        Row("budget.day.used_percent", .number, "How much of it is used, 0 to 100 and above."),
        Row("budget.day.remaining", .number, "What is left of it in USD."),
        Row("budget.month.used", .number, "USD that the key has spent and reserved this month, UTC."),
        Row("budget.month.limit", .number, "The key's budget for a month in USD. Missing without one."),
        Row("budget.month.used_percent", .number, "How much of it is used, 0 to 100 and above."),
        Row("budget.month.remaining", .number, "What is left of it in USD."),
        Row("project.budget.day.used", .number, "The same for the key's project."),
        Row("project.budget.day.limit", .number, "The project's budget for a day in USD."),
        Row("project.budget.day.used_percent", .number, "How much of it is used."),
        Row("project.budget.day.remaining", .number, "What is left of it in USD."),
        Row("project.budget.month.used", .number, "USD that the project has spent and reserved this month."),
        Row("project.budget.month.limit", .number, "The project's budget for a month in USD."),
        Row("project.budget.month.used_percent", .number, "How much of it is used."),
        Row("project.budget.month.remaining", .number, "What is left of it in USD."),
        Row("tokens.minute", .number, "Tokens of the key in this UTC minute."),
        Row("tokens.day", .number, "Tokens of the key today, UTC."),
        Row("tokens.month", .number, "Tokens of the key this month, UTC."),
    ]

    private static let router = [
        Row("complexity.score", .number, "How much the prompt gains from a capable model, 0 to 1."),
        Row("guardrail.violated", .flag, "Whether any guardrail found something."),
        Row("guardrail.<name>", .flag, "Whether this guardrail found something."),
        Row("limiter.<name>.passed", .flag, "Whether a limiter lets the request pass."),
        Row("limiter.<name>.current_usage", .number, "What a limiter has counted, this request included."),
        Row("limiter.<name>.limit", .number, "What a limiter allows."),
        Row("limiter.<name>.remaining", .number, "What a limiter still allows."),
        Row("deployment.<name>.latency_ms_p50", .number, "Half of a deployment's answers were faster, of the last 64 within 15 minutes."),
        Row("deployment.<name>.latency_ms_p95", .number, "95 of 100 were faster."),
        Row("deployment.<name>.error_rate", .number, "Share of its calls that failed, 0 to 1, within its breaker's window."),
        Row("deployment.<name>.in_flight", .number, "Its requests under way."),
        Row("deployment.<name>.state", .word(["closed", "open", "half_open"]), "Its breaker."),
        Row("deployment.<name>.quota_exceeded", .flag, "Whether it rests because its account's quota is used up."),
        Row("provider.<name>.available", .flag, "Whether one of a provider's deployments may be called now."),
        Row("provider.<name>.error_rate", .number, "Share of failed calls of all its deployments."),
        Row("provider.<name>.latency_ms_p50", .number, "The median of its best deployment."),
        Row("provider.<name>.latency_ms_p95", .number, "The same of the slow end: of its best deployment."),
        Row("provider.<name>.in_flight", .number, "Requests under way at all its deployments."),
        Row("provider.<name>.quota_exceeded", .flag, "Whether one of its deployments rests because the quota is used up."),
        Row("signal.<name>", .any, "A signal that an operator or a monitor has set and that has not expired."),
    ]
}
