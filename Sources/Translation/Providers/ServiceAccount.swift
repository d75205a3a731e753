import Wire

/// The key file of a Google service account, as far as it is needed to ask for access tokens (Google Cloud, "Using OAuth 2.0 for
/// server to server applications", read 2026-11).
public struct ServiceAccount: Hashable, Sendable {
    public var email: String
    /// PEM of PKCS #8.
    public var privateKey: String
    public var privateKeyID: String?
    public var tokenURL: String
    public var project: String?

    public struct Unreadable: Error, Hashable, Sendable { public var reason: String }

    public init(email: String, privateKey: String, privateKeyID: String? = nil, tokenURL: String) {
        (self.email, self.privateKey, self.privateKeyID, self.tokenURL) = (email, privateKey, privateKeyID, tokenURL)
    }

    /// What is wrong never holds a part of the file.
    public init(json: String) throws(Unreadable) {
        var members: [String: String] = [:]
        do throws(JSONProblem) {
            try Array(json.utf8).withUnsafeBufferPointer { buffer throws(JSONProblem) in
                var scanner = JSONScanner(UnsafeRawBufferPointer(buffer))
                try scanner.enterObject()
                while let name = try scanner.nextKey() {
                    let key = scanner.decoded(name)
                    if try scanner.peek() == .string {
                        let text = try scanner.string()
                        members[key] = scanner.decoded(text)
                    } else {
                        try scanner.skip()
                    }
                }
                try scanner.finish()
            }
        } catch {
            throw Unreadable(reason: "is not JSON (byte \(error.offset))")
        }
        if let type = members["type"], type != "service_account" {
            throw Unreadable(reason: "is of a type other than service_account, and only those are supported")
        }
        guard let email = members["client_email"] else { throw Unreadable(reason: "has no client_email") }
        guard let key = members["private_key"], key.hasPrefix("-----BEGIN") else { throw Unreadable(reason: "has no private_key") }
        self.init(
            email: email, privateKey: key, privateKeyID: members["private_key_id"],
            tokenURL: members["token_uri"] ?? "https://oauth2.googleapis.com/token")
        project = members["project_id"]
    }

    public static let scope = "https://www.googleapis.com/auth/cloud-platform"
    /// A grant may live an hour at most.
    public static let grantSeconds: Int64 = 3600

    /// The signed part of the grant: header and claims, `base64url.base64url`.
    public func claims(unixSeconds: Int64) -> String {
        var header = JSONWriter()
        header.object { object in
            object.member("alg", "RS256")
            object.member("typ", "JWT")
            if let privateKeyID { object.member("kid", privateKeyID) }
        }
        var claims = JSONWriter()
        claims.object { object in
            object.member("iss", email)
            object.member("scope", Self.scope)
            object.member("aud", tokenURL)
            object.member("iat", unixSeconds)
            object.member("exp", unixSeconds + Self.grantSeconds)
        }
        return Base64URL.encode(header.bytes) + "." + Base64URL.encode(claims.bytes)
    }

    /// The form that is posted for a token.
    public static func form(assertion: String) -> String {
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=\(assertion)"
    }
}

extension ServiceAccount: CustomStringConvertible, CustomReflectable {
    public var description: String { "service account \(email)" }
    public var customMirror: Mirror { Mirror(self, children: [], displayStyle: .struct) }
}

/// RFC 4648, section 5, without padding.
public enum Base64URL {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    public static func encode(_ bytes: some Sequence<UInt8>) -> String {
        var out: [UInt8] = []
        var bits = 0
        var count = 0
        for byte in bytes {
            bits = (bits << 8 | Int(byte)) & 0xffff
            count += 8
            while count >= 6 {
                count -= 6
                out.append(alphabet[bits >> count & 63])
            }
        }
        if count > 0 { out.append(alphabet[bits << (6 - count) & 63]) }
        return String(decoding: out, as: UTF8.self)
    }
}
