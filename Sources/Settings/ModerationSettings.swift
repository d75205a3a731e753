import Schema

/// What becomes of a request that the moderation endpoint says nothing of.
public enum ModerationFailure: String, SettingChoice {
    /// It is served.
    case open
    /// It is refused.
    case closed
}

/// A service that is asked about every prompt: OpenAI's moderation endpoint, or one that answers like it.
public struct ModerationSettings: GuardrailForm {
    public var rail = RailSettings()
    public var url: WebhookURL?
    public var apiKey: Secret?
    public var model: String?
    public var thresholds: CategoryThresholds?
    public var timeout: Duration?
    public var onFailure: ModerationFailure?
    public var maxSize: ByteCount?

    public init() {}

    public static let fields: [Field<Self>] =
        RailSettings.fields(of: \.rail) + [
            .setting(
                "url", \.url, "The endpoint that is asked, such as https://example.com/v1/moderations; it gets `{\"input\": [texts]}` by POST."),
            .setting("api_key", \.apiKey, "Sent as a bearer token."),
            .setting("model", \.model, "Sent as `model`; without it the endpoint's own."),
            .setting(
                "thresholds", \.thresholds,
                "From which score on a category counts, such as { violence: 0.4 }; others from `threshold` on, without which they do not. Without "
                    + "either what the endpoint calls flagged counts."),
            .setting("timeout", \.timeout, in: .milliseconds(10) ... .seconds(60), "Time for its answer, connection included; without it 2 s."),
            .setting(
                "on_failure", \.onFailure,
                "Without an answer in time that can be read: `open` serves the request, `closed` refuses it with 503 and `moderation_unavailable`; "
                    + "without it `open`."),
            .setting(
                "max_size", \.maxSize, in: ByteCount(1 << 10)...ByteCount(16 << 20),
                "The most text that is sent to it; a prompt with more counts as a failure; without it 1 MiB."),
        ]

    func over(_ base: Self) -> Self {
        var form = base
        form.rail = rail.over(base.rail)
        form.url = url ?? base.url
        form.apiKey = apiKey ?? base.apiKey
        form.model = model ?? base.model
        form.thresholds = thresholds ?? base.thresholds
        form.timeout = timeout ?? base.timeout
        form.onFailure = onFailure ?? base.onFailure
        form.maxSize = maxSize ?? base.maxSize
        return form
    }

    var isOn: Bool { (rail.action ?? .off) != .off }
}

/// `{ violence: 0.4, hate: 0.2 }`.
public struct CategoryThresholds: Hashable, SettingValue {
    public var limits: [String: Double] = [:]

    public init(_ limits: [String: Double] = [:]) { self.limits = limits }

    public static let shape = Shape.names(of: .number)
    public var written: String? { limits.isEmpty ? "{}" : nil }

    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> CategoryThresholds? {
        var list = CategoryThresholds()
        if node.isNull { return list }
        guard let entries = reading.entries(of: node, at: path, expected: "categories and their thresholds") else { return nil }
        for entry in entries {
            let place = path.setting(entry.name)
            guard let limit = Double.read(entry.node, at: place, &reading) else { continue }
            if 0...1 ~= limit { list.limits[entry.name] = limit } else { reading.refuse(entry.node, at: place, expected: "a number from 0 to 1") }
        }
        return list
    }
}

/// Which moderation holds for whose requests.
public struct ModerationTable: Sendable {
    /// Each different one once.
    public var all: [ModerationSettings] = []
    /// By index of `Blueprint.keys`, of the one key `local` where there are none.
    var keys: [Int?] = []
    /// Of keys without a project of their own: by index of `Blueprint.projects`, since a request may name one.
    var named: [Int: [Int?]] = [:]

    public init() {}

    public var isEmpty: Bool { all.isEmpty }

    /// Index of `all`. Nil: nobody is asked.
    public func moderation(of key: Int, naming project: Int?) -> Int? {
        if let project, let named = named[key] { return named[project] }
        return key < keys.count ? keys[key] : nil
    }
}
