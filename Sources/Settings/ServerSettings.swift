import Schema

/// Listeners, limits and times of the clients' side.
public struct ServerSettings: Configurable {
    public var listen = ListenAddress(host: "127.0.0.1", port: 8080)
    public var admin = ListenAddress(host: "127.0.0.1", port: 8081)
    /// Nil: one a core.
    public var threads: Int?
    public var accessLog = true
    public var tls: TLSSettings?
    public var adminTLS: TLSSettings?
    public var trustedCertificates: String?
    /// Nil: those in the binary.
    public var complexityWeights: String?
    public var maxConnections = 100_000
    public var headBytes = 32 << 10
    public var headFields = 100
    public var requestBytes = 32 << 20
    public var responseBytes = 64 << 20
    public var headTimeout = Duration.seconds(10)
    public var bodyTimeout = Duration.seconds(60)
    public var keepAliveTimeout = Duration.seconds(75)
    public var writeTimeout = Duration.seconds(60)
    public var drainTimeout = Duration.seconds(30)
    public var totalTimeout = Duration.seconds(3600)
    public var onLoss = LossPolicy.report
    public var onStoreLoss = OnStoreLoss.deny
    public var gateway: String?
    public var spool = "swiftlet-spool.db"
    public var spoolBytes = 1 << 30

    public init() {}

    /// `http://127.0.0.1:8081`: where operators ask.
    public var adminURL: String { "\(adminTLS == nil ? "http" : "https")://\(admin.written ?? "")" }

    private static let time = Duration.milliseconds(10)...Duration.seconds(86_400)

    public static let fields: [Field<Self>] = [
        .setting("listen", \.listen, "Address that applications connect to: /v1/... is there."),
        .setting("admin", \.admin, "Address of health, readiness and metrics, and of the admin API."),
        .setting("threads", \.threads, in: 1...1024, "Event loops; without it one for each processor."),
        .setting("access_log", \.accessLog, "Whether each request is one line in the log."),
        .setting("tls", \.tls, "Certificate and key for clients; without it they speak plain HTTP. Changed files are taken up within seconds."),
        .setting("admin_tls", \.adminTLS, "The same for operators: console, admin API, health and metrics."),
        .setting("trusted_certificates", \.trustedCertificates, "PEM file of roots to trust of providers, beside those of the system."),
        .setting(
            "complexity_weights", \.complexityWeights,
            "File with another fit of the complexity scorer, as make train writes it; read when the gateway starts. Without it the binary's own."),
        .setting("max_connections", \.maxConnections, in: 1...10_000_000, "Connections of clients open at once; more are closed at once."),
        .setting("max_head", \.headBytes.size, in: ByteCount(1 << 10)...ByteCount(1 << 20), "The largest request head, with request line."),
        .setting("max_fields", \.headFields, in: 1...10_000, "The most header lines of a request."),
        .setting("max_request", \.requestBytes.size, in: ByteCount(1 << 10)...ByteCount(1 << 30), "The largest request body."),
        .setting(
            "max_response", \.responseBytes.size, in: ByteCount(1 << 10)...ByteCount(1 << 32),
            "The largest answer; a longer stream ends there with an error."),
        .setting("head_timeout", \.headTimeout, in: time, "Time for a request's head to arrive, once it has begun."),
        .setting("body_timeout", \.bodyTimeout, in: time, "Time for a request's body to arrive."),
        .setting("keep_alive_timeout", \.keepAliveTimeout, in: time, "How long an idle connection of a client is kept."),
        .setting("write_timeout", \.writeTimeout, in: time, "How long a client may take nothing of its answer."),
        .setting("drain_timeout", \.drainTimeout, in: .zero ... .seconds(86_400), "Grace for requests in progress when the gateway ends."),
        .setting(
            "on_loss", \.onLoss,
            "What happens to a request that cannot be translated whole: `report` sends it and names in x-swiftlet-loss what was left out."),
        .setting(
            "on_store_loss", \.onStoreLoss,
            "What limits of a minute do while the store is lost and nothing is left of what was leased: `deny` refuses, `local` goes on with a "
                + "share of them. Budgets always refuse."),
        .setting("gateway", \.gateway, "What this gateway is called where several share a store; without it the machine's name."),
        .setting(
            "spool", \.spool,
            "File of this gateway alone, beside a PostgreSQL store: rows wait in it while the store is away, and it holds the gateway's "
                + "identity. Not to be copied to another machine."),
        .setting("max_spool", \.spoolBytes.size, in: ByteCount(1 << 20)...ByteCount(1 << 40), "The most that may wait in the spool."),
        .setting("total_timeout", \.totalTimeout, in: time, "The longest that any request may take."),
    ]
}

extension Int {
    /// Bytes as a setting of type size.
    var size: ByteCount {
        get { ByteCount(self) }
        set { self = newValue.bytes }
    }
}

public struct TLSSettings: Configurable {
    public var certificate = ""
    public var privateKey = ""

    public init() {}

    public static let fields: [Field<Self>] = [
        .setting("certificate", \.certificate, "PEM file with the certificate and those between it and the root.").required,
        .setting("private_key", \.privateKey, "PEM file with the certificate's key.").required,
    ]
}

/// How requests are written down.
public struct LedgerSettings: Configurable {
    public var wait = Duration.milliseconds(50)
    public var queue = 65_536
    public var textSize = ByteCount(64 << 10)
    public var retention = RetentionSettings()

    public init() {}

    public static let fields: [Field<Self>] = [
        .setting("wait", \.wait, in: .zero ... .seconds(10), "The longest that an answer's end waits for its row to be on disk."),
        .setting("queue", \.queue, in: 16...10_000_000, "Rows that may wait to be written before new requests are refused."),
        .setting(
            "text_size", \.textSize, in: ByteCount(1 << 10)...ByteCount(4 << 20),
            "How much of a prompt, and of a reply, is kept for projects with `keep_texts`; the rest is cut off, which is said."),
        .setting("retention", \.retention, "What is forgotten of the ledger, and when. Sums of usage stay."),
    ]
}

/// What is forgotten of the ledger. Nil: never for that reason.
public struct RetentionSettings: Configurable {
    public var requests: Duration? = .seconds(90 * 86_400)
    public var texts: Duration? = .seconds(30 * 86_400)
    public var maxSize: ByteCount? = ByteCount(10 << 30)

    public init() {}

    public static let fields: [Field<Self>] = [
        .setting(
            "requests", \.requests, in: .seconds(3_600) ... .seconds(36_500 * 86_400),
            "How long requests are kept, with attempts, decisions and events; `null`: for ever."),
        .setting(
            "texts", \.texts, in: .seconds(60) ... .seconds(36_500 * 86_400),
            "How long kept prompts and replies are kept; `null`: as long as requests."),
        .setting(
            "max_size", \.maxSize, in: ByteCount(16 << 20)...ByteCount(1 << 50),
            "How large requests and texts may become on disk; beyond that the oldest go; `null`: any size."),
    ]
}

/// Where a listener is: `127.0.0.1:8080`, `[::1]:8080`.
public struct ListenAddress: Hashable, SettingValue {
    public var host: String
    /// 0: the system picks one.
    public var port: Int

    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Reachable from this machine only. A name that merely begins with 127 is not.
    public var isLoopback: Bool {
        if host == "::1" || host == "localhost" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    /// Whoever listens there keeps `other` from doing so: the same port of the same address, or of every one.
    func meets(_ other: ListenAddress) -> Bool {
        let hosts = [host, other.host]
        return port == other.port && (host == other.host || hosts.contains("::") || hosts.contains("0.0.0.0") && !hosts.joined().contains(":"))
    }

    public static let shape = Shape.text("host:port", example: "127.0.0.1:8080", pattern: "^.+:[0-9]+$")
    public var written: String? { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> ListenAddress? {
        readWord(node, at: path, &reading, expected: "an address such as 127.0.0.1:8080") { ListenAddress(written: $0) }
    }

    public init?(written text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]), 0...65_535 ~= port else { return nil }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty, host.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || ".-:_%".contains($0)) }) else { return nil }
        self.init(host: String(host), port: port)
    }
}

/// Where the ledger and all else that lasts is kept.
public enum StoreLocation: Hashable, SettingValue {
    case sqlite(path: String)
    case postgres(Secret)
    case memory

    public static let shape = Shape.text(
        "`sqlite:PATH`, `memory:` or `postgres://…`", example: "sqlite:swiftlet.db", pattern: "^(sqlite:.+|memory:|postgres(ql)?://.+)$")
    public var written: String? {
        switch self {
        case .sqlite(let path): "sqlite:\(path)"
        case .postgres: "postgres://****"
        case .memory: "memory:"
        }
    }

    /// The text is in no message: a database's address holds its password.
    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> StoreLocation? {
        guard var text = node.scalar else {
            reading.problem(path, node.line, "expected sqlite:PATH, postgres://... or memory:, found \(node.kind)")
            return nil
        }
        if text.hasPrefix("env:") || text.hasPrefix("file:") {
            guard let secret = Secret.read(node, at: path, &reading) else { return nil }
            text = secret.reveal()
        }
        if text == "memory" || text == "memory:" { return .memory }
        if text.hasPrefix("sqlite:"), text.count > 7 { return .sqlite(path: String(text.dropFirst(7))) }
        if text.hasPrefix("postgres://") || text.hasPrefix("postgresql://") {
            return .postgres(Secret(text))
        }
        reading.problem(path, node.line, "expected sqlite:PATH, postgres://... or memory:")
        return nil
    }
}

public enum LossPolicy: String, SettingChoice { case report, refuse }
public enum OnStoreLoss: String, SettingChoice { case deny, local }
