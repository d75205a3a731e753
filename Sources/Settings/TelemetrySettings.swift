import Schema
import Translation

/// Spans and metrics for an OpenTelemetry collector.
public struct TelemetrySettings: Configurable {
    public var endpoint: BaseURL?
    public var headers = HeaderList()
    public var serviceName = HeaderText("swiftlet")
    public var traces = true
    public var sampling = Share(1)
    public var propagates = true
    public var metrics = true
    public var metricsInterval = Duration.seconds(60)
    public var conventions = Conventions.released
    public var queue = 4_096
    public var timeout = Duration.seconds(10)

    public init() {}

    /// GenAI conventions are still changing: names that collectors know, those that are to come, or both.
    public enum Conventions: String, SettingChoice {
        case released, latest, both

        public var areReleased: Bool { self != .latest }
        public var areLatest: Bool { self != .released }
    }

    public static let fields: [Field<Self>] = [
        .setting(
            "endpoint", \.endpoint,
            "Where a collector takes OTLP over HTTP as JSON, such as http://127.0.0.1:4318; /v1/traces and /v1/metrics are added. Without it nothing "
                + "is sent."),
        .setting("headers", \.headers, "Headers of every export; values may be env:NAME or file:PATH."),
        .setting("service_name", \.serviceName, "What this service is called there."),
        .setting("traces", \.traces, "Whether spans are sent: one for each request, and below it one for each attempt at a provider."),
        .setting("sampling", \.sampling, "The share of requests that are traced; a client's `traceparent` that says so decides first."),
        .setting("propagate", \.propagates, "Whether providers are sent `traceparent` and `tracestate`, the attempt's span as the parent."),
        .setting("metrics", \.metrics, "Whether metrics are sent."),
        .setting("metrics_interval", \.metricsInterval, in: .seconds(1) ... .seconds(3600), "How often."),
        .setting(
            "conventions", \.conventions,
            "Names of GenAI attributes and metrics: `released`, `latest` as the working group has them now, or `both`."),
        .setting("queue", \.queue, in: 16...65_536, "Requests that wait to be sent; what comes to a full queue is dropped and counted."),
        .setting("timeout", \.timeout, in: .milliseconds(100) ... .seconds(120), "Time for an export's answer."),
    ]
}
