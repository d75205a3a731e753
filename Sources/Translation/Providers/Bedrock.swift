import Schema

/// AWS Bedrock: the Converse API of `bedrock-runtime`, and OpenAI's dialect where the address is that of `bedrock-mantle`.
///
/// Addresses: "Amazon Bedrock endpoints and quotas"; the label in the path is percent-encoded, colons and the slashes of an ARN
/// too (botocore/serialize.py); inference profiles are model ids (`us.anthropic.…`) or ARNs. Read 2026-11; recorded exchanges.
public struct Bedrock: Provider {
    public static let name = "bedrock"

    public var common = ProviderSettings()
    public var accessKeyID: Secret?
    public var secretAccessKey: Secret?
    public var sessionToken: Secret?
    public var profile: String?
    private var chosen: AWSAuthorization?
    private var problem: AWSAuthorization.Problem?

    public init() {}

    public static let fields: [Field<Self>] = settings([
        .setting("access_key_id", \.accessKeyID, "Which AWS key signs the requests; without any credential here the environment's is used."),
        .setting("secret_access_key", \.secretAccessKey, "The secret part of the AWS key."),
        .setting("session_token", \.sessionToken, "Where the AWS key is a temporary one."),
        .setting("profile", \.profile, "The profile of AWS's credentials file whose key signs the requests."),
    ])

    public var base: (origin: Origin, path: String)? {
        if let url = common.baseURL { return (url.origin, url.path) }
        guard let region = common.region else { return nil }
        let domain = region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
        return (Origin(tls: true, host: "bedrock-runtime.\(region).\(domain)", port: 443), "")
    }

    private var isMantle: Bool { common.baseURL?.origin.host.hasPrefix("bedrock-mantle.") ?? false }

    public func upstream(for api: API, model: String) -> API? {
        if isMantle { return openAI(for: api, hasResponses: true) }
        return switch api.family {
        case .chat: .converse
        case .embedding: .bedrockInvoke
        case .completion, .count, .passThrough: nil
        }
    }

    public func prepare(_ head: inout UpstreamHead, for api: API, model: String, streaming: Bool) {
        let place = "\(head.base)/model/\(PercentEncoding.encode(model))"
        switch api {
        case .converse: head.path = place + (streaming ? "/converse-stream" : "/converse")
        case .bedrockInvoke: head.path = place + "/invoke"
        default: break
        }
        if case .bearer(let token, _) = chosen { head.headers.append(("authorization", "Bearer \(token)")) }
        head.add(common.headers)
    }

    public var signer: (any RequestSigner)? {
        guard case .signature(let credentials, _) = chosen, let region = common.region else { return nil }
        return SigV4(credentials: credentials, region: region, service: isMantle ? "bedrock-mantle" : "bedrock")
    }

    public func sealOrigin(of model: String) -> Seal.Origin? { isMantle ? .openai : model.contains("anthropic.") ? .anthropic : .bedrock }

    public var secrets: [Secret] {
        var all = [common.apiKey, secretAccessKey, sessionToken].compactMap { $0 } + common.headers.entries.map(\.value)
        switch chosen {
        case .bearer(let token, .environment): all.append(Secret(token, source: .environment(AWSAuthorization.tokenVariable)))
        case .signature(let key, .profile), .signature(let key, .environment):
            all += [key.secretAccessKey, key.sessionToken].compactMap { $0 }.map { Secret($0, source: .environment("AWS_SECRET_ACCESS_KEY")) }
        default: break
        }
        return all
    }

    /// `bedrock-runtime` lists nothing; another host of AWS's does.
    public var modelsPath: String? { isMantle ? "/models" : nil }

    public mutating func complete(_ reading: inout Reading) {
        let secrets = reading.secrets
        let explicit = AWSAuthorization.Explicit(
            bearer: common.apiKey?.reveal(), accessKeyID: accessKeyID?.reveal(), secretAccessKey: secretAccessKey?.reveal(),
            sessionToken: sessionToken?.reveal(), profile: profile)
        do throws(AWSAuthorization.Problem) {
            chosen = try AWSAuthorization.choose(explicit) { source in
                if case .found(let text) = secrets(source), !text.isEmpty { text } else { nil }
            }
        } catch { problem = error }
    }

    /// The region is part of the address and of the signature.
    public func check(_ node: Node, at path: String, _ reading: inout Reading) {
        func isMissing(_ name: String) -> Bool { node[name]?.isNull ?? true }
        if isMissing("region") { reading.problem(path.setting("region"), node.line, "is missing: where its models are, such as us-east-1") }
        if isMissing("access_key_id") != isMissing("secret_access_key") {
            let name = isMissing("access_key_id") ? "access_key_id" : "secret_access_key"
            reading.problem(path.setting(name), node.line, "is missing: an AWS key has both parts")
        } else if let problem {
            let place = problem == .conflicting ? "api_key" : "profile"
            reading.problem(path.setting(place), node.entry(place)?.line ?? node.line, problem.message(profile: profile))
        } else if chosen == nil {
            reading.warning(
                path, node.line,
                "no credential: neither here (api_key, or access_key_id and secret_access_key) nor in the environment "
                    + "(AWS_BEARER_TOKEN_BEDROCK, AWS_ACCESS_KEY_ID)")
        }
    }
}
