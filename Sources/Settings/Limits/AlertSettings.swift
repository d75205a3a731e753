import Schema
import Translation

/// What somebody can be told of.
public enum AlertEvent: String, SettingChoice {
    /// A budget has passed one of its thresholds.
    case budget
    /// A hard budget has nothing left.
    case exhausted
    /// A deployment rests.
    case breaker
    /// The store was lost, or is back.
    case store
    /// A canary was taken back.
    case canary
    /// Incidents of a key and a guardrail have begun a breach, opened it again or made it worse.
    case breach
}

public struct AlertSettings: Configurable {
    public var webhooks: [WebhookSettings] = []

    public init() {}

    public static let fields: [Field<Self>] = [
        .setting("webhooks", \.webhooks, "Addresses that alerts are posted to as JSON; the log has every alert as well.")
    ]
}

/// Where alerts are posted.
public struct WebhookSettings: Configurable, Hashable {
    public var url = WebhookURL()
    public var secret: Secret?
    public var events = AlertEvent.allCases
    public var timeout = Duration.seconds(10)
    public var retries = 5

    public init() {}

    public static let fields: [Field<Self>] = [
        .setting("url", \.url, "The address, http or https.").required,
        .setting(
            "secret", \.secret,
            "Signs each message: header x-swiftlet-signature is `t=SECONDS,v1=HEX`, the HMAC-SHA256 of SECONDS, a dot and the body."),
        .setting("events", \.events, "Which alerts it gets; without it all."),
        .setting("timeout", \.timeout, in: .milliseconds(100) ... .seconds(120), "Time for its answer."),
        .setting("retries", \.retries, in: 0...20, "How often a message that was not taken is sent again, each time after a longer wait."),
    ]
}

/// `https://hooks.example.com/services/x?y=z`.
public struct WebhookURL: Hashable, SettingValue {
    public var base = BaseURL(origin: Origin(tls: true, host: "", port: 443), path: "")
    /// Without its question mark; empty where there is none.
    public var query = ""

    init() {}

    public static let shape = Shape.text("http or https URL", example: "https://hooks.example.com/x", pattern: "^https?://")
    /// Such addresses are often secrets themselves.
    public var written: String? { base.origin.host.isEmpty ? nil : "\(base.origin.tls ? "https" : "http")://\(base.origin.authority)/…" }

    public var target: String { (base.path.isEmpty ? "/" : base.path) + (query.isEmpty ? "" : "?\(query)") }

    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> WebhookURL? {
        guard let secret = Secret.read(node, at: path, &reading) else { return nil }
        let halves = secret.reveal().split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard let base = halves.first.flatMap({ BaseURL(written: String($0)) }), halves.count == 1 || Self.isQuery(halves[1]) else {
            reading.problem(path, node.line, "expected an address such as https://hooks.example.com/x, without user or fragment")
            return nil
        }
        var url = WebhookURL()
        (url.base, url.query) = (base, halves.count == 2 ? String(halves[1]) : "")
        return url
    }

    private static func isQuery(_ text: Substring) -> Bool { text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "#") } }
}
