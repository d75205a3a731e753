import Schema

/// How a provider on AWS is authorised, and who said so. What settings say goes before the environment, and the environment's
/// bearer token before its keys (Amazon Bedrock User Guide, "Use an API key"; botocore/tokens.py).
public enum AWSAuthorization: Hashable, Sendable {
    public enum Origin: Hashable, Sendable { case settings, profile, environment }

    case bearer(String, Origin)
    case signature(AWSCredentials, Origin)

    /// What the settings of a provider say.
    public struct Explicit: Hashable, Sendable {
        public var bearer: String?
        public var accessKeyID: String?
        public var secretAccessKey: String?
        public var sessionToken: String?
        public var profile: String?

        public init(
            bearer: String? = nil, accessKeyID: String? = nil, secretAccessKey: String? = nil, sessionToken: String? = nil, profile: String? = nil
        ) {
            (self.bearer, self.accessKeyID, self.secretAccessKey) = (bearer, accessKeyID, secretAccessKey)
            (self.sessionToken, self.profile) = (sessionToken, profile)
        }
    }

    public enum Problem: Error, Hashable, Sendable {
        case conflicting, noFile, noProfile

        func message(profile: String?) -> String {
            switch self {
            case .conflicting: "conflicts with the AWS key or profile beside it: say one of them"
            case .noFile: "AWS's credentials file cannot be read (AWS_SHARED_CREDENTIALS_FILE, else ~/.aws/credentials)"
            case .noProfile: "AWS's credentials file has no key for the profile `\((profile ?? "").prefix(60))`"
            }
        }
    }

    public static let tokenVariable = "AWS_BEARER_TOKEN_BEDROCK"

    /// `found` has the text of a variable or file; nil where there is none or it is empty. Nil: there is no credential at all.
    public static func choose(_ explicit: Explicit, found: (Secret.Source) -> String?) throws(Problem) -> AWSAuthorization? {
        let hasKey = explicit.accessKeyID != nil && explicit.secretAccessKey != nil
        if let bearer = explicit.bearer {
            if hasKey || explicit.profile != nil { throw .conflicting }
            return .bearer(bearer, .settings)
        }
        if hasKey, let id = explicit.accessKeyID, let secret = explicit.secretAccessKey {
            return .signature(AWSCredentials(accessKeyID: id, secretAccessKey: secret, sessionToken: explicit.sessionToken), .settings)
        }
        if let profile = explicit.profile {
            let place = found(.environment("AWS_SHARED_CREDENTIALS_FILE")) ?? found(.environment("HOME")).map { "\($0)/.aws/credentials" }
            guard let text = place.flatMap({ found(.file($0)) }) else { throw .noFile }
            guard let credentials = AWSCredentials(profile: profile, of: text) else { throw .noProfile }
            return .signature(credentials, .profile)
        }
        if let token = found(.environment(tokenVariable)) { return .bearer(token, .environment) }
        guard let id = found(.environment("AWS_ACCESS_KEY_ID")), let secret = found(.environment("AWS_SECRET_ACCESS_KEY")) else { return nil }
        let token = found(.environment("AWS_SESSION_TOKEN"))
        return .signature(AWSCredentials(accessKeyID: id, secretAccessKey: secret, sessionToken: token), .environment)
    }
}

extension AWSAuthorization: CustomStringConvertible, CustomReflectable {
    public var description: String {
        switch self {
        case .bearer(_, let origin): "bearer token of the \(origin)"
        case .signature(let credentials, let origin): "\(credentials) of the \(origin)"
        }
    }

    public var customMirror: Mirror { Mirror(self, children: [], displayStyle: .enum) }
}

extension AWSCredentials {
    /// The key of a profile in the text of a credentials file: sections in brackets, `name = value`.
    public init?(profile: String, of text: String) {
        var values: [Substring: Substring] = [:]
        var isOurs = false
        for line in text.split(whereSeparator: \.isNewline) {
            let line = line.trimmed
            if line.hasPrefix("[") {
                isOurs = line.dropFirst().prefix { $0 != "]" }.trimmed == profile
            } else if isOurs, !line.hasPrefix("#"), !line.hasPrefix(";"), let sign = line.firstIndex(of: "=") {
                values[line[..<sign].trimmed] = line[line.index(after: sign)...].trimmed
            }
        }
        guard let id = values["aws_access_key_id"], let secret = values["aws_secret_access_key"], !id.isEmpty, !secret.isEmpty else { return nil }
        self.init(accessKeyID: String(id), secretAccessKey: String(secret), sessionToken: values["aws_session_token"].map { String($0) })
    }
}

extension Substring {
    fileprivate var trimmed: Substring {
        var text = drop(while: \.isWhitespace)
        while text.last?.isWhitespace ?? false { text.removeLast() }
        return text
    }
}
