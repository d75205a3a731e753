/// Vouches for a finished request: asked for every attempt anew, since a signature holds for one body and some minutes.
public protocol RequestSigner: Sendable {
    /// The header lines to add. `headers` are those already in the head, `body` is in pieces.
    func headers(
        path: String, authority: String, headers: [(name: String, value: String)], body: [UnsafeRawBufferPointer], unixSeconds: Int64
    ) -> [(name: String, value: String)]
}

extension SigV4: RequestSigner {
    /// `host`, the content type and all of `x-amz-*` are signed: others may be changed on the way (botocore/auth.py, blacklist).
    public func headers(
        path: String, authority: String, headers: [(name: String, value: String)], body: [UnsafeRawBufferPointer], unixSeconds: Int64
    ) -> [(name: String, value: String)] {
        var signed = headers.filter { $0.name.hasPrefix("x-amz-") }
        signed += [("host", authority), ("content-type", "application/json")]
        let signature = sign(path: path, headers: signed, payload: body, unixSeconds: unixSeconds)
        var added = [
            ("x-amz-date", signature.date), ("x-amz-content-sha256", signature.payloadHash), ("authorization", signature.authorization),
        ]
        if let token = credentials.sessionToken { added.append(("x-amz-security-token", token)) }
        return added
    }
}

/// What is exchanged for an access token, again and again before the last one ends. See `TokenKeeper` in Gateway.
public struct TokenGrant: Hashable, Sendable {
    /// Where it is exchanged.
    public var url: BaseURL
    public var account: ServiceAccount

    public init(url: BaseURL, account: ServiceAccount) { (self.url, self.account) = (url, account) }
}
