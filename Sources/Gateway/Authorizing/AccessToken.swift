import CryptoExtras
import NIOCore
import Translation
import Wire

/// A token that the requests of a provider carry for a while.
struct AccessToken: Sendable {
    /// The whole header line.
    let line: ByteBuffer
    /// Unix seconds.
    let expires: Int64

    init(_ text: String, expires: Int64) {
        line = ByteBuffer(string: "authorization: Bearer \(text)\r\n")
        self.expires = expires
    }

    /// The lengths that are believed: below a minute nothing could be renewed in time.
    private static let lifetimes: ClosedRange<Int64> = 60...43_200

    /// Reads `{"access_token": "…", "expires_in": 3599, "token_type": "Bearer"}` (RFC 6749, section 5.1).
    static func read(_ body: ByteBuffer, unixSeconds: Int64) -> AccessToken? {
        var token: String?
        var lifetime: Int64 = 3600
        body.withUnsafeReadableBytes { bytes in
            var scanner = JSONScanner(bytes)
            do throws(JSONProblem) {
                try scanner.enterObject()
                while let name = try scanner.nextKey() {
                    if scanner.text(name, is: "access_token"), try scanner.peek() == .string {
                        let text = try scanner.string()
                        token = scanner.decoded(text)
                    } else if scanner.text(name, is: "expires_in"), try scanner.peek() == .number {
                        lifetime = try scanner.number().integer
                    } else {
                        try scanner.skip()
                    }
                }
                try scanner.finish()
            } catch { token = nil }
        }
        guard let token, !token.isEmpty, token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else { return nil }
        return AccessToken(token, expires: unixSeconds + min(max(lifetime, lifetimes.lowerBound), lifetimes.upperBound))
    }
}

extension ServiceAccount {
    /// The signed grant: RS256 over the claims.
    func assertion(unixSeconds: Int64) throws -> String {
        let claims = claims(unixSeconds: unixSeconds)
        let key = try _RSA.Signing.PrivateKey(pemRepresentation: privateKey)
        let signature = try key.signature(for: Array(claims.utf8), padding: .insecurePKCS1v1_5)
        return "\(claims).\(Base64URL.encode(signature.rawRepresentation))"
    }
}
