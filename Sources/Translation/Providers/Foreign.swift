import Schema

// Providers of other dialects: their settings are read and checked; nothing is carried to them so far.

/// The Anthropic API.
public struct Anthropic: Provider {
    public static let name = "anthropic"
    public var common = ProviderSettings()
    public var version = HeaderText("2023-06-01")

    public init() { common.baseURL = BaseURL(written: "https://api.anthropic.com") }

    public static let fields: [Field<Self>] = settings([.setting("version", \.version, "Sent as anthropic-version.")])
    public func serves(_ api: API) -> Bool { false }
}

/// Google's Gemini API.
public struct Gemini: Provider {
    public static let name = "gemini"
    public var common = ProviderSettings()

    public init() { common.baseURL = BaseURL(written: "https://generativelanguage.googleapis.com") }

    public static let fields: [Field<Self>] = settings()
    public func serves(_ api: API) -> Bool { false }
}

/// AWS Bedrock.
public struct Bedrock: Provider {
    public static let name = "bedrock"
    public var common = ProviderSettings()
    public var accessKeyID: Secret?
    public var secretAccessKey: Secret?
    public var sessionToken: Secret?

    public init() {}

    public static let fields: [Field<Self>] = settings([
        .setting("access_key_id", \.accessKeyID, "Which AWS key signs the requests."),
        .setting("secret_access_key", \.secretAccessKey, "The secret part of the AWS key."),
        .setting("session_token", \.sessionToken, "Where the AWS key is a temporary one."),
    ])
    public func serves(_ api: API) -> Bool { false }

    /// The region is part of the address and of the signature.
    public func check(_ node: Node, at path: String, _ reading: inout Reading) {
        func isMissing(_ name: String) -> Bool { node[name]?.isNull ?? true }
        if isMissing("region") { reading.problem(path.setting("region"), node.line, "is missing: where its models are, such as us-east-1") }
        if isMissing("access_key_id") != isMissing("secret_access_key") {
            let name = isMissing("access_key_id") ? "access_key_id" : "secret_access_key"
            reading.problem(path.setting(name), node.line, "is missing: an AWS key has both parts")
        }
    }
}

/// Google's Vertex AI.
public struct Vertex: Provider {
    public static let name = "vertex"
    public var common = ProviderSettings()
    public var project: String?
    public var location: String?
    public var credentials: Secret?
    public var accessToken: Secret?

    public init() {}

    public static let fields: [Field<Self>] = settings([
        .setting("project", \.project, "The Google Cloud project.").required,
        .setting("location", \.location, "Its location, such as europe-west4.").required,
        .setting("credentials", \.credentials, "The JSON of a service account, normally file:PATH."),
        .setting("access_token", \.accessToken, "A token that somebody else keeps fresh, instead of `credentials`."),
    ])
    public func serves(_ api: API) -> Bool { false }

    public func check(_ node: Node, at path: String, _ reading: inout Reading) {
        guard node["credentials"]?.isNull ?? true, node["access_token"]?.isNull ?? true else { return }
        reading.problem(path.setting("credentials"), node.line, "is missing: say it or `access_token`")
    }
}

/// The Cohere API.
public struct Cohere: Provider {
    public static let name = "cohere"
    public var common = ProviderSettings()

    public init() { common.baseURL = BaseURL(written: "https://api.cohere.com") }

    public static let fields: [Field<Self>] = settings()
    public func serves(_ api: API) -> Bool { false }
}

/// OpenAI's models on Azure; the deployment's name is the model.
public struct Azure: Provider {
    public static let name = "azure"
    public var common = ProviderSettings()
    public var apiVersion = "2024-10-21"

    public init() {}

    public static let fields: [Field<Self>] = settings([.setting("api_version", \.apiVersion, "Sent as the parameter api-version.")])
    public func serves(_ api: API) -> Bool { false }
}
